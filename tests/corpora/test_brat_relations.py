"""Arguments of brat's relations: events, roles, and the order that annotation.conf gives."""

from __future__ import annotations

import pathlib

import pytest

from jner_re.corpora import formats
from jner_re.corpora.corpus import Corpus, Loss
from jner_re.corpora.dropping import drop_invalid
from jner_re.schema import RelationPair

TEXT = "Heat the buffer, then add salt.\nStir it.\n"
ENTITIES = (
    "T1\tAction 0 4\tHeat\nT2\tReagent 9 15\tbuffer\nT3\tAction 22 25\tadd\nT4\tReagent 26 30\tsalt\n"
    "T5\tAction 32 36\tStir\n"
)
EVENTS = "E1\tAction:T1 Acts-on:T2\nE2\tAction:T3 Acts-on:T4 Acts-on2:T2\nE3\tAction:T5\n"


def load(folder: pathlib.Path, lines: str, conf: str = "", event_arguments: bool = False) -> Corpus:
    (folder / "doc.txt").write_text(TEXT)
    (folder / "doc.ann").write_text(ENTITIES + lines)
    if conf:
        (folder / "annotation.conf").write_text(conf)
    return formats.load(folder, "brat", event_arguments=event_arguments)


@pytest.mark.parametrize(
    "arguments", ["Arg1:E1 Arg2:E2", "Arg1:T1 Arg2:E2", "Arg1:E1 Arg2:T3", "Arg2:E2 Arg1:E1"]
)
def test_an_event_stands_for_its_trigger(tmp_path: pathlib.Path, arguments: str) -> None:
    corpus = load(tmp_path, f"R1\tThen {arguments}\n{EVENTS}")
    assert corpus.problems == [] and corpus.losses == [Loss("arguments of events", relations=3)]
    assert corpus.sentences[0].relations == (RelationPair(0, 2, "Then"),)
    assert [warning.record for warning in corpus.warnings] == ["line 7 (E1) and 1 more"]


def test_arguments_of_events_on_request(tmp_path: pathlib.Path) -> None:
    corpus = load(tmp_path, EVENTS + "R1\tThen Arg1:E1 Arg2:E2\n", event_arguments=True)
    assert corpus.findings == []
    assert corpus.sentences[0].relations == (
        RelationPair(0, 2, "Then"),
        RelationPair(0, 1, "Acts-on"),
        RelationPair(2, 3, "Acts-on"),
        RelationPair(2, 1, "Acts-on"),  # the role's number is none of its name
    )


def test_arguments_of_events_that_are_lost(tmp_path: pathlib.Path) -> None:
    lines = "E1\tAction:T1 Acts-on:T2 Then:E2 Site:T9\nE2\tAction:T5\nE3\tAction:E1 Acts-on:T2\n"
    corpus = load(tmp_path, lines, event_arguments=True)
    assert corpus.sentences[0].relations == (RelationPair(0, 1, "Acts-on"),)
    assert [problem.field for problem in corpus.problems] == ["Site", "trigger"]
    assert corpus.losses == [
        Loss("of an unknown entity", relations=2),
        Loss("between two sentences", relations=1),
    ]


def test_relations_that_are_the_same_by_their_triggers_are_merged(tmp_path: pathlib.Path) -> None:
    lines = "E1\tAction:T1\nE2\tAction:T1\nR1\tUses Arg1:E1 Arg2:T2\nR2\tUses Arg1:E2 Arg2:T2\n"
    corpus = load(tmp_path, lines)
    assert corpus.valid_sentences()[0].relations == (RelationPair(0, 1, "Uses"),)
    assert [str(warning).split(": ", 1)[1] for warning in corpus.warnings] == [
        "line 9 (R2): Arg2 is T2, expected entities or triggers of its own, unlike R1 (merged)"
    ]
    assert corpus.losses == [Loss("same triggers", relations=1)]


def test_a_real_collection(shared: pathlib.Path) -> None:
    """Wet-lab protocols: 99% of the entities and 97% of the relations within a sentence are kept."""
    folder = shared / "data" / "wlp" / "dev"
    lines = [line for file in folder.glob("*.ann") for line in file.read_text(encoding="utf-8").split("\n")]
    corpus = formats.load(folder, "brat")
    kept = [drop_invalid(sentence)[0] or sentence for sentence in corpus.sentences]
    entities = sum(len(sentence.entities) for sentence in kept)
    relations = sum(len(sentence.relations) for sentence in kept)
    between = sum(loss.relations for loss in corpus.losses if loss.reason == "between two sentences")
    count = {kind: sum(line.startswith(kind) for line in lines) for kind in "TR"}
    assert entities >= 0.99 * count["T"] and relations >= 0.97 * (count["R"] - between)
    assert between < 0.005 * count["R"]


@pytest.mark.parametrize(
    ("arguments", "definitions", "pair"),
    [
        ("Whole:T1 Part:T2", "", (0, 1)),
        ("Part:T2 Whole:T1", "", (1, 0)),
        ("Part:T2 Whole:T1", "Has\tWhole:Action, Part:Reagent", (0, 1)),
        ("Whole:T1 Part:T2", "Has\tPart:Action|<ENTITY>,Whole:Reagent, <REL-TYPE>:transitive", (1, 0)),
        ("Part:T2 Whole:T1", "Has\tA:Action, B:Reagent\n  Has Whole:X, Part:Y", (0, 1)),
        ("Part:T2 Whole:T1", "Had\tWhole:Action, Part:Reagent", (1, 0)),
        ("Arg2:T2 Arg1:T1", "Has\tArg2:Action, Arg1:Reagent", (0, 1)),
        ("Arg2:T2 Arg1:T1", "", (0, 1)),
        ("Arg:T2 Arg:T1", "", (1, 0)),
    ],
)
def test_order_of_arguments(
    tmp_path: pathlib.Path, arguments: str, definitions: str, pair: tuple[int, int]
) -> None:
    other = "Has\tPart:X, Whole:Y"
    conf = f"# types\n[entities]\n{other}\n[relations]\n{definitions}\n[events]\n{other}\n"
    corpus = load(tmp_path, f"R1\tHas {arguments}\t\n", conf)
    assert corpus.valid_sentences()[0].relations == (RelationPair(*pair, "Has"),)


def test_the_nearest_annotation_conf_counts(tmp_path: pathlib.Path) -> None:
    folders = [tmp_path / "top" / "train" / name for name in ("a", "b")]
    for folder in folders:
        folder.mkdir(parents=True)
        load(folder, "R1\tHas Part:T2 Whole:T1\n")
    (tmp_path / "annotation.conf").write_text("[relations]\nHas\tPart:X, Whole:X\n")  # of another collection
    (tmp_path / "top" / "annotation.conf").write_text("[relations]\nHas\tWhole:X, Part:X\n")
    (folders[1] / "annotation.conf").write_text("[relations]\nHas\tPart:X, Whole:X\n")
    corpus = formats.load(tmp_path / "top" / "train", "brat")
    assert [(s.relations[0].head, s.relations[0].tail) for s in corpus.sentences[::2]] == [(0, 1), (1, 0)]


def test_an_annotation_conf_that_is_unreadable_is_a_warning(tmp_path: pathlib.Path) -> None:
    (tmp_path / "annotation.conf").write_bytes(b"[relations]\n\xff\n")
    [warning] = load(tmp_path, "R1\tHas Part:T2 Whole:T1\n").findings
    assert str(warning) == (
        f"{tmp_path / 'annotation.conf'}: line 2: byte 12 is 0xff, expected UTF-8 text (not used)"
    )
