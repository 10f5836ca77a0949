"""A sentence that is too long is broken wherever a corpus is read."""

from __future__ import annotations

import pathlib

import pytest

from jner_re import corpora
from jner_re.corpora import data_dir, formats, spert_json
from jner_re.schema import EntitySpan, RelationPair, Sentence
from jner_re.text.long_sentences import MAX_TOKENS

# A comma, then no punctuation up to the end: the break is behind the comma.
WORDS = ("Mia", "Falk", ",", *["x"] * MAX_TOKENS, "Norda", "Lund")
LONG = Sentence(
    WORDS,
    (
        EntitySpan(0, 2, "Peop"),
        EntitySpan(2003, 2004, "Org"),
        EntitySpan(2004, 2005, "Loc"),
        EntitySpan(2, 4, "Odd"),
    ),
    (RelationPair(0, 1, "Work_For"), RelationPair(1, 2, "OrgBased_In")),
    "7",
)
SHORT = Sentence(("Mia", "left"), (EntitySpan(0, 1, "Peop"),))
PIECES = [
    Sentence(WORDS[:3], (EntitySpan(0, 2, "Peop"),), (), "7"),
    Sentence(WORDS[3:2003], (), (), "7"),
    Sentence(
        WORDS[2003:],
        (EntitySpan(0, 1, "Org"), EntitySpan(1, 2, "Loc")),
        (RelationPair(0, 1, "OrgBased_In"),),
        "7",
    ),
]


@pytest.mark.parametrize("format", ["spert", "multihead"])
def test_pieces_keep_what_is_in_them(format: str, tmp_path: pathlib.Path) -> None:
    formats.write([SHORT, LONG], path := tmp_path / "corpus", format)
    corpus = formats.load(path, format)
    assert [s.tokens for s in corpus.sentences] == [SHORT.tokens, *(piece.tokens for piece in PIECES)]
    assert [set(s.entities) for s in corpus.sentences[1:]] == [set(piece.entities) for piece in PIECES]
    assert [len(s.relations) for s in corpus.sentences] == [0, 0, 0, 1]
    [warning] = corpus.warnings
    assert str(warning) == (
        f"{path}: sentence 1 ('Mia Falk , x …'): length is 2005 tokens, expected at most 2000 "
        "(broken into 3; across the breaks and left out: 1 entities, 1 relations)"
    )


def test_training_and_evaluation_read_the_same(
    tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    spert_json.write([LONG], tmp_path / "train.json")
    assert data_dir.read_split(tmp_path, "train") == PIECES
    assert "length is 2005 tokens" in caplog.text
    assert corpora.read(tmp_path / "train.json") == PIECES


def test_the_greatest_length_is_kept(tmp_path: pathlib.Path) -> None:
    whole = Sentence(tuple("x, " * MAX_TOKENS)[:MAX_TOKENS])
    spert_json.write([whole], path := tmp_path / "corpus.json")
    assert corpora.load(path, "spert").sentences == [whole] and not corpora.load(path, "spert").findings
