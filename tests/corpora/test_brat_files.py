"""Files of a brat collection that lack a partner or cannot be read as they should, and its size."""

from __future__ import annotations

import os
import pathlib
import time

import pytest

from jner_re.corpora import formats
from jner_re.corpora.corpus import Corpus, Loss
from jner_re.schema import EntitySpan, RelationPair, Sentence

TEXT = "Mia Falk works for Norda.\nHer brother Per lives in Lund.\n"
ANN = (
    "T1\tPer 0 8\tMia Falk\nT2\tOrg 19 24\tNorda\nT3\tPer 38 41\tPer\nT4\tLoc 51 55\tLund\n"
    "R1\tWork_For Arg1:T1 Arg2:T2\t\nR2\tLive_In Arg1:T3 Arg2:T4\t\n"
)
SENTENCES = [
    Sentence(
        ("Mia", "Falk", "works", "for", "Norda", "."),
        (EntitySpan(0, 2, "Per"), EntitySpan(4, 5, "Org")),
        (RelationPair(0, 1, "Work_For"),),
        "a:1",
    ),
    Sentence(
        ("Her", "brother", "Per", "lives", "in", "Lund", "."),
        (EntitySpan(2, 3, "Per"), EntitySpan(5, 6, "Loc")),
        (RelationPair(0, 1, "Live_In"),),
        "a:2",
    ),
]


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    (tmp_path / "a.txt").write_text(TEXT)
    (tmp_path / "a.ann").write_text(ANN)
    return tmp_path


def found(corpus: Corpus, folder: pathlib.Path) -> list[str]:
    return [f"{finding.kind} {str(finding).removeprefix(f'{folder}/')}" for finding in corpus.findings]


def test_a_text_without_annotation_is_no_training_data(folder: pathlib.Path) -> None:
    (folder / "README.txt").write_text("This folder holds the corpus.\n\nSee the paper.\n")
    (folder / "latin.txt").write_bytes(b"Malm\xf6\n")
    corpus = formats.load(folder, "brat")
    assert corpus.sentences == SENTENCES
    assert found(corpus, folder) == [
        f"problem {name}.txt: whole file: annotation is missing, expected an annotation beside it, "
        f"{name}.ann (empty if it has none) (left out)"
        for name in ("README", "latin")
    ]
    assert corpus.losses == [Loss("text without annotation", sentences=3)]
    (folder / "README.ann").write_text("")
    assert [sentence.id for sentence in formats.load(folder, "brat").sentences] == [
        "README:1",
        "README:2",
        "a:1",
        "a:2",
    ]


def test_only_texts(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    corpus = formats.load(tmp_path, "brat")
    assert corpus.sentences == []
    assert [problem.field for problem in corpus.problems] == ["annotation", "sentences"]


def test_annotation_that_is_left_out_is_counted(folder: pathlib.Path) -> None:
    (folder / "b.ann").write_text(ANN)
    (folder / "a.a1").write_text("T1\tPer 0 8\tMia Falk\n")
    corpus = formats.load(folder, "brat")
    assert corpus.sentences == SENTENCES
    assert corpus.losses == [
        Loss("in a file of another kind", entities=1),
        Loss("without a text", entities=4, relations=2),
    ]


def test_every_unreadable_file_is_named_and_the_others_are_read(folder: pathlib.Path) -> None:
    for name, text, ann in (
        ("b", "Malmö".encode("latin-1"), ANN.encode()),
        ("c", TEXT.encode(), b"\xff\xfe"),
        ("d", b"\xff", b"T1\tPer 0 8\tM\xf6ller"),
    ):
        (folder / f"{name}.txt").write_bytes(text)
        (folder / f"{name}.ann").write_bytes(ann)
    (folder / "e.txt").symlink_to("nowhere")
    (folder / "e.ann").write_text(ANN)
    corpus = formats.load(folder, "brat")
    assert corpus.sentences == SENTENCES
    left_out = "expected UTF-8 text (the document is left out)"
    assert found(corpus, folder) == [
        f"problem b.txt: line 1: byte 4 is 0xf6, {left_out}",
        f"problem c.ann: line 1: byte 0 is 0xff, {left_out}",
        f"problem d.txt: line 1: byte 0 is 0xff, {left_out}",
        f"problem d.ann: line 1: byte 12 is 0xf6, {left_out}",
        "problem e.txt: whole file: content is missing, expected a readable file (the document is left out)",
    ]
    # b: 1 line and 4 entities; c: 2 lines; d: 1 line and 1 entity, once; e: 4 entities.
    assert corpus.losses == [Loss("unreadable document", 4, entities=9, relations=4)]


@pytest.mark.parametrize("name", ["a.txt", "a.ann"])
def test_a_byte_order_mark_is_read_over(folder: pathlib.Path, name: str) -> None:
    path = folder / name
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    corpus = formats.load(folder, "brat")
    assert corpus.valid_sentences() == SENTENCES
    assert found(corpus, folder) == [
        f"warning {name}: whole file: byte order mark is there, expected UTF-8 without one (read over)"
    ]


def test_offsets_that_count_otherwise_are_a_warning(folder: pathlib.Path) -> None:
    (folder / "a.txt").write_bytes(TEXT.replace("\n", "\r\n").encode())
    corpus = formats.load(folder, "brat")
    assert corpus.valid_sentences() == SENTENCES
    assert found(corpus, folder) == [
        "warning a.ann: whole file: unit of offsets is code points with CRLF as one, "
        "expected code points, under which fewer quoted texts fit (translated)"
    ]


def test_if_no_reading_fits_the_problem_names_what_was_tried(folder: pathlib.Path) -> None:
    (folder / "a.txt").write_bytes(TEXT.replace("\n", "\r\n").replace("Mia", "Zoë").encode())
    problems = [problem for problem in formats.load(folder, "brat").problems if problem.field == "text"]
    assert [str(problem).removeprefix(f"{folder}/") for problem in problems] == [
        "a.ann: line 1 (T1): text is 'Mia Falk', expected the text at 0 8, 'Zoë Falk' (tried: code points, "
        "code points with CRLF as one, bytes, bytes with CRLF as one) (the annotation is left out)"
    ]


def test_hidden_files_are_no_documents(folder: pathlib.Path) -> None:
    (folder / ".ipynb_checkpoints").mkdir()
    for name in ("._a", ".b", ".ipynb_checkpoints/c"):
        (folder / f"{name}.txt").write_bytes(b"\x00\x05\x16\x07")
        (folder / f"{name}.ann").write_bytes(b"\x00\x05\x16\x07")
    (folder / "x.txt").mkdir()
    corpus = formats.load(folder, "brat")
    assert corpus.findings == [] and corpus.sentences == SENTENCES


def test_names_that_are_no_unicode_text(folder: pathlib.Path) -> None:
    for suffix in ("txt", "ann"):
        os.rename(folder / f"a.{suffix}", os.fsencode(folder) + b"/\xe9." + suffix.encode())
    corpus = formats.load(folder, "brat")
    assert [sentence.id for sentence in corpus.valid_sentences()] == ["\\xe9:1", "\\xe9:2"]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_parts_with_only_white_space_between_are_one_span(tmp_path: pathlib.Path, line_end: str) -> None:
    text = f"Treated with acetyl{line_end} salicylic  acid daily.{line_end * 2}Well."
    places = [(m, m + len(word)) for word in ("acetyl", "salicylic", "acid") for m in [text.index(word)]]
    spans = ";".join(f"{start} {end}" for start, end in places)
    (tmp_path / "doc.txt").write_bytes(text.encode())
    (tmp_path / "doc.ann").write_text(f"T1\tDrug {spans}\tacetyl salicylic acid\n")
    corpus = formats.load(tmp_path, "brat")
    assert corpus.findings == []
    assert [(s.id, s.entities) for s in corpus.sentences] == [
        ("doc:1", (EntitySpan(2, 5, "Drug"),)),
        ("doc:2", ()),
    ]
    assert corpus.sentences[0].tokens[2:5] == ("acetyl", "salicylic", "acid")


@pytest.mark.parametrize(
    ("ann", "reason"),
    [
        ("T1\tA 0 1;4 5\ta c", "discontinuous"),
        ("T1\tA 0 6\ta b c d", "across the end of a sentence"),
        ("T1\tA 2 3\tc", "unlike its text"),
        ("T1\tA 0 99\ta", "outside of the text"),
        ("T1\tA 1 2\t ", "blank"),
        ("T1\tA 0 1 a", "malformed line"),
        ("T1\tA x y\ta", "malformed line"),
    ],
)
def test_entities_are_lost_by_reason(tmp_path: pathlib.Path, ann: str, reason: str) -> None:
    (tmp_path / "doc.txt").write_text("a b c\n\nd\n")
    if reason == "across the end of a sentence":
        ann = ann.replace("0 6", "0 8")
    (tmp_path / "doc.ann").write_text(ann + "\nR1\tHas Arg1:T1 Arg2:T1\nT1\tA 0 1\ta\n" + "T2\tA 0 1\ta\n")
    corpus = formats.load(tmp_path, "brat")
    assert [entity.type for sentence in corpus.sentences for entity in sentence.entities] == ["A"]
    assert {loss.reason: (loss.entities, loss.relations) for loss in corpus.losses} == {
        reason: (1, 0),
        "id used twice": (1, 0),
        ("of an unknown entity" if reason == "malformed line" else "of a lost entity"): (0, 1),
    }


def test_large_collections_are_read_in_seconds(tmp_path: pathlib.Path) -> None:
    """400 documents a second, and time in proportion to the lines of a document."""
    for i in range(400):
        (tmp_path / f"{i}.txt").write_text(TEXT)
        (tmp_path / f"{i}.ann").write_text(ANN)
    lines = 4000
    ids = [(4 * i, len(TEXT) * i) for i in range(lines // 2)]
    (tmp_path / "long.txt").write_text(TEXT * (lines // 2))
    (tmp_path / "long.ann").write_text(
        "".join(f"T{i}\tPer {start} {start + 8}\tMia Falk\n" for i, start in ids)
    )
    start = time.process_time()
    corpus = formats.load(tmp_path, "brat")
    assert time.process_time() - start < 2
    assert len(corpus.sentences) == 2 * 400 + lines and corpus.findings == []
