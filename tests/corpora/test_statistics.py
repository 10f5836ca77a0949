from __future__ import annotations

import pathlib

from jner_re.corpora import statistics
from jner_re.corpora.corpus import Finding, Loss, check_sentence
from jner_re.schema import EntitySpan, RelationPair, Sentence

CORPUS = [
    Sentence(
        ("Ann", "Lee", "left", "Oslo", "for", "Acme"),
        (EntitySpan(0, 2, "Peop"), EntitySpan(3, 4, "Loc"), EntitySpan(5, 6, "Org")),
        (RelationPair(0, 1, "Live_In"), RelationPair(0, 2, "Work_For")),
    ),
    Sentence(("Oslo", "slept"), (EntitySpan(0, 1, "Loc"),)),
    Sentence(("Oslo", "slept")),
]


def test_sizes() -> None:
    assert statistics.size_table(CORPUS)["count"].to_list() == [3, 1, 1, 2, 10, 7, 4, 2]


def test_entities_by_type() -> None:
    table = statistics.entity_table(CORPUS)
    assert table.loc["Loc"].to_list() == [2, 2, 1, 1.0, 1]
    assert table.loc["Peop"].to_list() == [1, 1, 1, 2.0, 2]


def test_relations_by_type_and_arguments() -> None:
    table = statistics.relation_table(CORPUS)
    assert table.loc[("Live_In", "Peop", "Loc")].to_list() == [1, 1, 1.0, 1]
    assert table.loc[("Work_For", "Peop", "Org"), "max_distance"] == 3


def test_lengths() -> None:
    table = statistics.length_table(CORPUS)
    assert table.loc["tokens a sentence", ["min", "median", "max"]].to_list() == [2, 2, 6]
    assert table.loc["tokens an entity", "mean"] == 5 / 4


def test_overlaps_by_kind() -> None:
    spans = ((0, 3, "A"), (1, 2, "B"), (2, 5, "C"), (2, 5, "D"), (6, 8, "A"), (6, 7, "B"))
    sentence = Sentence(tuple("abcdefgh"), tuple(EntitySpan(*span) for span in spans))
    table = statistics.overlap_table([sentence])["pairs"]
    assert table.to_dict() == {
        ("A", "B", "nested"): 1,
        ("A", "C", "crossing"): 1,
        ("A", "D", "crossing"): 1,
        ("B", "A", "nested"): 1,
        ("C", "D", "same span"): 1,
    }


def test_findings_of_one_sort_are_counted_together() -> None:
    sentence = Sentence(("a",), (EntitySpan(0, 2, "A"), EntitySpan(0, 3, "A")))
    findings = check_sentence(sentence, pathlib.Path("f"), "record 4")
    findings.append(Finding("f", "line 2", "drug", "'x'", "whole tokens", "changed to 'y'", "warning"))
    table = statistics.finding_table(findings)
    assert table["count"].to_dict() == {
        ("problem", "entities.end", "nothing"): 2,
        ("warning", "drug", "changed to …"): 1,
    }
    assert table["first"].iloc[0] == "record 4: 2, expected an exclusive end from 1 to 1"


def test_losses_add_up_to_what_stands_in_the_files() -> None:
    losses = [Loss("blank", entities=1), Loss("unreadable", 2, 3, 1), Loss("on two lines", relations=3)]
    table = statistics.loss_table(CORPUS, losses)
    assert table.T.to_dict("list") == {
        "in the files": [5, 8, 6],
        "unreadable": [-2, -3, -1],
        "on two lines": [0, 0, -3],
        "blank": [0, -1, 0],
        "kept": [3, 4, 2],
    }


def test_empty_corpus_has_tables_too() -> None:
    for table in (statistics.entity_table([]), statistics.relation_table([]), statistics.overlap_table([])):
        assert len(table) == 0
    assert statistics.size_table([])["count"].sum() == 0
    assert len(statistics.length_table([])) == 5
