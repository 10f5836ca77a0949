from __future__ import annotations

import pathlib

import pytest

from jner_re.corpora import formats
from jner_re.corpora.corpus import Corpus
from jner_re.errors import InputError
from jner_re.schema import EntitySpan, RelationPair, Sentence

TEXT = "Ann Lee joined Acme, Inc.\n\nShe lives in Oslo.\n"
ANN = """T1	Peop 0 7	Ann Lee
T2	Org 15 25	Acme, Inc.
R1	Work_For Arg1:T1 Arg2:T2
T3	Loc 40 44	Oslo
"""
FIRST = Sentence(
    ("Ann", "Lee", "joined", "Acme", ",", "Inc."),
    (EntitySpan(0, 2, "Peop"), EntitySpan(3, 6, "Org")),
    (RelationPair(0, 1, "Work_For"),),
    "doc:1",
)
SECOND = Sentence(("She", "lives", "in", "Oslo", "."), (EntitySpan(3, 4, "Loc"),), (), "doc:2")


def load(folder: pathlib.Path, ann: str = ANN, text: str = TEXT) -> Corpus:
    (folder / "doc.txt").write_bytes(text.encode())
    (folder / "doc.ann").write_bytes(ann.encode())
    return formats.load(folder, "brat")


def test_texts_become_sentences(tmp_path: pathlib.Path) -> None:
    corpus = load(tmp_path)
    assert corpus.findings == []
    assert corpus.sentences == [FIRST, SECOND]


def test_windows_line_ends_count_two_code_points(tmp_path: pathlib.Path) -> None:
    ann = ANN.replace("40 44", "42 46").replace("\n", "\r\n")
    corpus = load(tmp_path, ann, TEXT.replace("\n", "\r\n"))
    assert corpus.valid_sentences() == [FIRST, SECOND]


def test_offsets_are_code_points(tmp_path: pathlib.Path) -> None:
    corpus = load(tmp_path, "T1\tPeop 4 8\tZoé𝒜\n", "𝒜é中 Zoé𝒜 left")
    [sentence] = corpus.valid_sentences()
    assert sentence == Sentence(("𝒜é中", "Zoé𝒜", "left"), (EntitySpan(1, 2, "Peop"),), (), "doc")


def test_documents_of_folders_in_order(tmp_path: pathlib.Path) -> None:
    for name in ("b", "a/c", "a/b"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.txt").write_text("Hello\n")
        (tmp_path / f"{name}.ann").write_text("")
    assert [sentence.id for sentence in formats.load(tmp_path, "brat").valid_sentences()] == [
        "a/b",
        "a/c",
        "b",
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("T4	Peop 0 3;8 14	Ann joined", "(T4): span is '0 3;8 14', expected one fragment"),
        ("T4	Peop 40 99	Oslo", "(T4): span is '40 99', expected a span within 0 and 46"),
        ("T4	Peop 7 7	", "(T4): span is '7 7', expected a start before its end"),
        ("T4	Peop 8 14	Joined", "(T4): text is 'Joined', expected the text at 8 14, 'joined'"),
        ("T4	Peop 7 8	 ", "(T4): span is '7 8', expected more than white space"),
        ("T1	Peop 8 14	joined", "(T1): id is 'T1', expected an id of its own (the same as line 1)"),
        ("R1	Kill Arg1:T2 Arg2:T1", "(R1): id is 'R1', expected an id of its own (the same as line 3)"),
        ("R2	Kill Arg1:T1 Arg2:T9", "(R2): Arg2 is 'T9', expected the id of an entity"),
        ("R2	Kill Arg1:T1", "(R2): relation is 'Kill Arg1:T1', expected 'TYPE Arg1:ID Arg2:ID'"),
        ("R2	Kill Arg1:T1 Arg2:T2 Arg3:T3", "(R2): relation is 'Kill Arg1:T1 Arg2:T2 Arg3:T3', expected"),
        (
            "R2	Kill Arg1:T1 Arg2:",
            "(R2): relation is 'Kill Arg1:T1 Arg2:', expected 'TYPE Arg1:ID Arg2:ID'",
        ),
        ("E1	Kill", "(E1): event is 'Kill', expected 'TYPE:TRIGGER ROLE:ID …'"),
        ("T4	Peop 0 " + "9" * 5000 + "	Oslo", "(T4): span is '0 9999"),
        ("T4 Peop 8 14 joined", "line is 'T4 Peop 8 14 joined', expected 'T1<tab>TYPE"),
        ("T4	Peop eight	joined", "line is 'T4\\tPeop eight\\tjoined', expected"),
    ],
)
def test_what_does_not_fit_is_left_out_and_a_problem(tmp_path: pathlib.Path, line: str, message: str) -> None:
    corpus = load(tmp_path, ANN + line + "\n")
    assert corpus.sentences == [FIRST, SECOND]
    [problem] = corpus.problems
    assert message in str(problem)
    assert str(problem).startswith(f"{tmp_path / 'doc.ann'}: line 5 (")
    assert str(problem).endswith("(the annotation is left out)")


def test_relation_of_an_entity_that_was_left_out(tmp_path: pathlib.Path) -> None:
    corpus = load(tmp_path, ANN.replace("Org 15 25	Acme, Inc.", "Org 15 19;21 24	Acme Inc"))
    assert [problem.field for problem in corpus.problems] == ["span", "Arg2"]
    assert "expected an entity that was read" in str(corpus.problems[1])


def test_overlap_and_duplicates_are_problems_by_id(tmp_path: pathlib.Path) -> None:
    corpus = load(tmp_path, ANN + "T9\tOrg 15 19\tAcme\nR9\tWork_For Arg1:T1 Arg2:T2\n")
    assert [str(problem).split(": ", 2)[2] for problem in corpus.problems] == [
        "T9 is 'Org [3, 4)', expected no overlap with T2 Org [3, 6)",
        "R9 is 'Work_For', expected no second R1",
    ]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "T4	Peop 21 30	Inc.  She",
            "line 5 (T4): span is 'Inc.\\n\\nShe', expected an entity inside a sentence",
        ),
        (
            "R2	Kill Arg1:T1 Arg2:T3",
            "line 5 (R2): relation is 'Kill' of T1 and T3, expected entities of one sentence",
        ),
    ],
)
def test_what_is_in_two_sentences_is_left_out(tmp_path: pathlib.Path, line: str, told: str) -> None:
    corpus = load(tmp_path, ANN + line + "\n")
    assert corpus.valid_sentences() == [FIRST, SECOND]
    [warning] = corpus.warnings
    assert str(warning) == f"{tmp_path / 'doc.ann'}: {told} (left out)"


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("*	Equiv T1 T2", "equivalence"),
        ("E1	Hire:T2 Agent:T1", "event"),
        ("A1	Negated T1", "attribute"),
        ("M1	Speculation T1", "modification"),
        ("N1	Reference T1 Wikipedia:534366	Ann Lee", "normalization"),
        ("#1	AnnotatorNotes T1	really?", "note"),
    ],
)
def test_other_annotations_are_warnings(tmp_path: pathlib.Path, line: str, kind: str) -> None:
    corpus = load(tmp_path, ANN + line + "\n")
    assert corpus.valid_sentences() == [FIRST, SECOND]
    [warning] = corpus.warnings
    assert (
        warning.field.startswith(kind)
        and warning.record.startswith("line 5")
        and "left out" in warning.action
    )


def test_span_inside_a_token_is_widened(tmp_path: pathlib.Path) -> None:
    corpus = load(tmp_path, ANN.replace("40 44	Oslo", "41 44	slo"))
    assert corpus.valid_sentences() == [FIRST, SECOND]
    assert [str(warning).split(": ", 2)[2] for warning in corpus.warnings] == [
        "span is 'slo', expected whole tokens (changed to 'Oslo')"
    ]


def test_files_without_partner(tmp_path: pathlib.Path) -> None:
    load(tmp_path)
    (tmp_path / "alone.txt").write_text("Hello\n")
    (tmp_path / "lost.ann").write_text("")
    (tmp_path / "doc.a2").write_text("")
    corpus = formats.load(tmp_path, "brat")
    assert [(pathlib.Path(problem.file).name, problem.field) for problem in corpus.problems] == [
        ("doc.a2", "suffix"),
        ("lost.ann", "text"),
        ("alone.txt", "annotation"),
    ]


def test_no_collection(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        formats.load(tmp_path / "none", "brat")
    with pytest.raises(InputError, match=r"has no \.txt file"):
        formats.load(tmp_path, "brat")


@pytest.mark.parametrize(
    ("sentence", "field"),
    [
        (Sentence(("New York",)), "tokens[0]"),
        (Sentence(("a",), (EntitySpan(0, 1, "A B"),)), "entities[0].type"),
        (Sentence(("a",), id="x" * 300), "id"),
        (Sentence(("\ufeffa",)), "text"),
    ],
)
def test_what_the_format_cannot_represent_is_refused(
    tmp_path: pathlib.Path, sentence: Sentence, field: str
) -> None:
    with pytest.raises(InputError) as error:
        formats.write([sentence], tmp_path / "corpus", "brat")
    assert f"record 0: {field} is" in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_files_is_not_overwritten(tmp_path: pathlib.Path) -> None:
    load(tmp_path)
    with pytest.raises(InputError, match="exists already"):
        formats.write([FIRST], tmp_path, "brat")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["doc.ann", "doc.txt"]
