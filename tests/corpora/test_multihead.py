from __future__ import annotations

import pathlib
import tempfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sentence_strategy import ANY_TEXT, sentences

from jner_re.corpora import multihead, spert_json
from jner_re.errors import InputError
from jner_re.schema import EntitySpan, RelationPair, Sentence

GOOD = """#doc 7
0	Ann	B-Peop	['N']	[0]
1	Lee	I-Peop	['Work_For', 'Live_In']	[3, 5]
2	joined	O	['N']	[2]
3	Acme	B-Org	['N']	[3]
4	in	O	['N']	[4]
5	Oslo	B-Loc	['N']	[5]
"""
SENTENCE = Sentence(
    ("Ann", "Lee", "joined", "Acme", "in", "Oslo"),
    (EntitySpan(0, 2, "Peop"), EntitySpan(3, 4, "Org"), EntitySpan(5, 6, "Loc")),
    (RelationPair(0, 1, "Work_For"), RelationPair(0, 2, "Live_In")),
    "7",
)

FLAT_TEXT = ANY_TEXT.filter(lambda text: "\t" not in text and "\n" not in text)
CORPUS = st.lists(
    sentences(
        tokens=FLAT_TEXT,
        types=FLAT_TEXT,
        relation_types=ANY_TEXT.filter(lambda text: text != "N"),
        ids=st.one_of(st.just(""), FLAT_TEXT.map(str.strip)),
        in_order=True,
    ),
    min_size=1,
    max_size=4,
)


def save(folder: pathlib.Path, text: str) -> pathlib.Path:
    path = folder / "corpus.txt"
    path.write_bytes(text.encode())
    return path


@settings(deadline=None)
@given(CORPUS)
def test_round_trip_is_exact(corpus: list[Sentence]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "corpus.txt"
        multihead.write(corpus, path)
        assert multihead.load(path).valid_sentences() == corpus


def test_same_as_the_json_of_conll04(shared: pathlib.Path, tmp_path: pathlib.Path) -> None:
    folder = shared / "data" / "conll04"
    corpus = multihead.load(folder / "dev.multihead.txt")
    assert corpus.findings == [] and len(corpus.sentences) == 243
    assert corpus.sentences == spert_json.read(folder / "dev.json")
    multihead.write(corpus.sentences, tmp_path / "dev.txt")
    assert (tmp_path / "dev.txt").read_bytes() == (folder / "dev.multihead.txt").read_bytes()


def test_reads_the_example(tmp_path: pathlib.Path) -> None:
    assert multihead.load(save(tmp_path, GOOD)).valid_sentences() == [SENTENCE]
    windows = (GOOD + "\n" + GOOD.replace("doc 7", "doc 8")).replace("\n", "\r\n")
    assert [s.id for s in multihead.load(save(tmp_path, windows)).valid_sentences()] == ["7", "8"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "2	joined	O	['N']	[2]",
            "2	joined	O",
            "line 4 (#doc 7): line is '2\\tjoined\\tO', expected 5 fields",
        ),
        ("4	in", "5	in", "line 6 (#doc 7): index is '5', expected 4"),
        ("I-Peop", "I-Org", "line 3 (#doc 7): tag is 'I-Org', expected O, B-TYPE, or I-TYPE"),
        ("B-Loc", "LOC", "line 7 (#doc 7): tag is 'LOC'"),
        ("B-Peop", "I-Peop", "line 2 (#doc 7): tag is 'I-Peop', expected O, B-TYPE, or I-TYPE"),  # IOB1
        (
            "['Work_For', 'Live_In']",
            "[Work_For]",
            "line 3 (#doc 7): relations is '[Work_For]', expected a list",
        ),
        ("[3, 5]", "['3', 5]", "line 3 (#doc 7): heads is \"['3', 5]\", expected a list of integers"),
        ("[3, 5]", "[3]", "line 3 (#doc 7): heads is [3], expected as many as relations, 2"),
        (
            "[3, 5]",
            "[3, 4]",
            "line 3 (#doc 7): heads is 4, expected the index of the last token of an entity",
        ),
        ("'Live_In'", "'N'", "line 3 (#doc 7): relations is ['Work_For', 'N'], expected 'N' only where"),
        (
            "O	['N']	[2]",
            "O	['Kill']	[3]",
            "line 4 (#doc 7): relations is ['Kill'], expected ['N']",
        ),
        ("['N']	[4]", "['N']	[3]", "line 6 (#doc 7): heads is [3], expected [4]"),
    ],
)
def test_malformed_sentence_is_left_out_and_reported(
    tmp_path: pathlib.Path, old: str, new: str, message: str
) -> None:
    assert old in GOOD
    corpus = multihead.load(save(tmp_path, GOOD.replace("#doc 7", "#doc 6") + GOOD.replace(old, new)))
    assert [sentence.id for sentence in corpus.sentences] == ["6"]
    shifted = message.replace(message.split()[1], str(int(message.split()[1]) + 7), 1)
    assert shifted in str(corpus.problems[0])
    assert "the sentence is left out" in str(corpus.problems[0])


def test_relation_of_an_entity_with_itself_and_no_tokens(tmp_path: pathlib.Path) -> None:
    corpus = multihead.load(save(tmp_path, GOOD.replace("[3, 5]", "[3, 1]") + "#doc 8\n"))
    assert [(p.record, p.field) for p in corpus.problems] == [
        ("line 1 (#doc 7)", "relations[1].tail"),
        ("line 8 (#doc 8)", "tokens"),
    ]


def test_other_file(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError, match=r"line 1 is '\[\]', expected '#doc ID'"):
        multihead.load(save(tmp_path, "[]"))


@pytest.mark.parametrize(
    ("sentence", "field"),
    [
        (Sentence(("a", "b\tc")), "tokens[1]"),
        (Sentence(("a\n",)), "tokens[0]"),
        (Sentence(("a",), (EntitySpan(0, 1, "A\tB"),)), "entities[0].type"),
        (
            Sentence(("a", "b"), (EntitySpan(0, 1, "A"), EntitySpan(1, 2, "A")), (RelationPair(0, 1, "N"),)),
            "relations[0].type",
        ),
        (Sentence(("a",), id=" 7"), "id"),
    ],
)
def test_what_the_format_cannot_represent_is_refused(
    tmp_path: pathlib.Path, sentence: Sentence, field: str
) -> None:
    with pytest.raises(InputError) as error:
        multihead.write([Sentence(("fine",)), sentence], tmp_path / "corpus.txt")
    assert f"record 1: {field} is" in str(error.value)
    assert list(tmp_path.iterdir()) == []
