"""What stands in the files is what was read and what was lost, in every format."""

from __future__ import annotations

import json
import pathlib

from jner_re.corpora import ade_rel, multihead, spert_json
from jner_re.corpora.corpus import Loss, by_reason

TEXT = "Rash from lithium-gold after gold."


def row(effect: str, drug: str, text: str = TEXT, document: str = "9") -> str:
    start, other = text.find(effect), text.find(drug)
    return f"{document}|{text}|{effect}|{start}|{start + len(effect)}|{drug}|{other}|{other + len(drug)}\n"


def test_one_row_a_reason() -> None:
    losses = [Loss("a", entities=1), Loss("b"), Loss("c", 1), Loss("a", 1, 2, 3)]
    assert by_reason(losses) == [Loss("a", 1, 3, 3), Loss("c", 1)]


def test_rows_of_ade(tmp_path: pathlib.Path) -> None:
    rows = [
        row("Rash", "lithium"),
        row("Rash", "gold"),  # the same token as lithium
        row("Rash", "gold"),  # the same row
        row("Rash from", "after"),  # longer than "Rash"
        row("Rash", "silver"),  # not in the text
        row("Rash", "lithium", document="8")
        + row("Rash", "lithium", document="8").replace("|10|17", "|9|16"),
    ]
    path = tmp_path / "DRUG-AE.rel"
    path.write_text("".join(rows))
    corpus = ade_rel.load(path, "news")
    assert [(len(s.entities), len(s.relations)) for s in corpus.sentences] == [(3, 1)]
    assert {loss.reason: (loss.sentences, loss.entities, loss.relations) for loss in corpus.losses} == {
        "given twice": (0, 0, 1),
        "row left out": (0, 0, 1),
        "sentence left out": (1, 3, 2),
        "merged": (0, 1, 1),
        "overlapping": (0, 1, 1),
    }


def test_real_rows_of_ade(shared: pathlib.Path) -> None:
    path = shared / "data" / "ade" / "DRUG-AE.rel"
    corpus = ade_rel.load(path, "news")
    kept = sum(len(sentence.relations) for sentence in corpus.sentences)
    lost = sum(loss.relations for loss in corpus.losses)
    assert kept + lost == len(path.read_text(encoding="utf-8").splitlines()) and lost > 0


def test_sentences_of_multihead(tmp_path: pathlib.Path) -> None:
    good = "#doc 7\n0\tAnn\tB-Peop\t['Live_In']\t[1]\n1\tOslo\tB-Loc\t['N']\t[1]\n"
    path = tmp_path / "corpus.txt"
    path.write_text(good + good.replace("7", "8").replace("['N']\t[1]", "['N']"))
    corpus = multihead.load(path)
    assert len(corpus.sentences) == 1
    assert corpus.losses == [Loss("malformed sentence", 1, 1, 1)]  # the line that is no token isn't counted


def test_records_of_spert(tmp_path: pathlib.Path) -> None:
    entities = [{"type": "A", "start": 0, "end": 1}, {"type": "A", "start": 1}]
    records = [
        {"tokens": ["a"], "entities": [], "relations": []},
        {"tokens": ["a", "b"], "entities": entities},
    ]
    path = tmp_path / "corpus.json"
    path.write_text(json.dumps([*records, 7, {"entities": 3}]))
    assert spert_json.load(path).losses == [Loss("record of a wrong shape", 3, 2)]
