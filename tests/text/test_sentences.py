"""Sentences in Python are those of the graph."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator

import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from jner_re.corpora import data_dir
from jner_re.document import Token
from jner_re.text.sentences import split
from jner_re.text.splitter import split_text
from jner_re.text.tokenization import TOKEN_PATTERNS

SHARED = pathlib.Path(__file__).resolve().parents[3] / "shared" / "data"
FRAGMENTS = st.sampled_from(
    ["Mr.", "U.S.", ".", '"', "(", ")", "No.", "5", "He", "he", "hepatitis", "C.", "Ala.", ",", "Danville,",
     "(AP)", "go.", "go!)", "“", "”", "“Yes.”", "é", "。", "Inc.", "The", "-LRB-", "-RRB-", "...", "?", "\0"]
)  # fmt: skip
SPACES = st.sampled_from(["", " ", " ", "  ", "\n", "\r\n", "\n\n", "\n \r", "\u2029", "\u3000"])
TEXTS = st.lists(FRAGMENTS | SPACES | st.text(max_size=3), max_size=40).map("".join)

each_style = pytest.mark.parametrize("style", TOKEN_PATTERNS)


def in_graph(texts: list[str], style: str) -> Iterator[list[list[Token]]]:
    found = split_text(tf.constant([text.encode() for text in texts], tf.string), style)
    for columns in zip(*(part.to_list() for part in (found.tokens, found.starts, found.ends)), strict=True):
        yield [
            [Token(token.decode(), start, end) for token, start, end in zip(*sentence, strict=True)]
            for sentence in zip(*columns, strict=True)
        ]


@each_style
@settings(max_examples=60, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=8))
def test_of_any_text(style: str, texts: list[str]) -> None:
    texts = [text.encode(errors="replace").decode() for text in texts]
    assert [list(split(text, style)) for text in texts] == list(in_graph(texts, style))


@each_style
def test_of_corpora(style: str) -> None:
    """The sample corpus in one text, a paragraph a split; and the documents at hand, if they are there."""
    texts = [" ".join(" ".join(s.tokens) for s in data_dir.read_sample(split)) for split in data_dir.SPLITS]
    texts.append("\n\n".join(texts))
    texts += [path.read_text(encoding="utf-8") for path in sorted(SHARED.glob("wlp/dev/*.txt"))[:20]]
    texts += [path.read_text(encoding="utf-8") for path in sorted(SHARED.glob("keepha_ja/**/*.txt"))]
    for text, expected in zip(texts, in_graph(texts, style), strict=True):
        assert list(split(text, style)) == expected


@pytest.mark.parametrize("joined", ["word, ", "word ", "(a)", "語。"])
def test_sentences_of_more_than_2000_tokens_are_broken(joined: str) -> None:
    text = joined * 2500
    (expected,) = in_graph([text], "news")
    assert list(split(text, "news")) == expected and len(expected) > 1
