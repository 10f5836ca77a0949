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
from jner_re.text.tokenization import tokenize

SHARED = pathlib.Path(__file__).resolve().parents[3] / "shared" / "data"
FRAGMENTS = st.sampled_from(
    ["Mr.", "U.S.", ".", '"', "(", ")", "No.", "5", "He", "he", "hepatitis", "C.", "Ala.", ",", "Danville,",
     "(AP)", "go.", "go!)", "“", "”", "“Yes.”", "é", "。", "Inc.", "The", "-LRB-", "-RRB-", "...", "?", "\0"]
)  # fmt: skip
# Of scripts without spaces.
UNSPACED = st.sampled_from(
    ["。", "．", "！", "？", "｡", "」", "』", "）", "】", "”", "「", "『", "（", "“", "は", "と", "って",
     "薬", "が\u3099", "ｶﾞ", "３", "5", "Ｅ", "ｃ", "ab", "、", "，", "你好", "သည်", "။", "ក្ម", "។", "สวัส",
     "ดี", "ๆ", "'s", "’s", "Dr.", "\u200b", "\u3099", "𠮷"]
)  # fmt: skip
SPACES = st.sampled_from(
    ["", " ", " ", "  ", "\n", "\r\n", "\n\n", "\n \r", "\u2028", "\u2029", "\u3000", "\x0b"]
)
TEXTS = st.lists(FRAGMENTS | SPACES | st.text(max_size=3), max_size=40).map("".join)
UNSPACED_TEXTS = st.lists(UNSPACED | UNSPACED | FRAGMENTS | SPACES, max_size=40).map("".join)

each_way = pytest.mark.parametrize(
    ("style", "lines"),
    [("news", "wrapped"), ("fine", "separate"), ("whitespace", "wrapped"), ("news", "separate")],
)


def in_graph(
    texts: list[str], style: str, lines: str = "wrapped", language: str = "en"
) -> Iterator[list[list[Token]]]:
    found = split_text(tf.constant([text.encode() for text in texts], tf.string), style, lines, language)
    for columns in zip(*(part.to_list() for part in (found.tokens, found.starts, found.ends)), strict=True):
        yield [
            [Token(token.decode(), start, end) for token, start, end in zip(*sentence, strict=True)]
            for sentence in zip(*columns, strict=True)
        ]


@each_way
@settings(max_examples=60, deadline=None)
@given(texts=st.lists(TEXTS, min_size=1, max_size=8))
def test_of_any_text(style: str, lines: str, texts: list[str]) -> None:
    texts = [text.encode(errors="replace").decode() for text in texts]
    assert [list(split(text, style, lines)) for text in texts] == list(in_graph(texts, style, lines))


@pytest.mark.parametrize(
    ("style", "lines", "language"),
    [
        ("characters", "wrapped", "en"),
        ("characters", "separate", "other"),
        ("news", "wrapped", "other"),
        ("fine", "wrapped", "en"),
    ],
)
@settings(max_examples=12, deadline=None)
@given(texts=st.lists(UNSPACED_TEXTS | TEXTS, min_size=4, max_size=30))
def test_of_any_language(style: str, lines: str, language: str, texts: list[str]) -> None:
    texts = [text.encode(errors="replace").decode() for text in texts]
    found = [list(split(text, style, lines, language=language)) for text in texts]
    assert found == list(in_graph(texts, style, lines, language))
    for text, sentences in zip(texts, found, strict=True):
        assert [token for sentence in sentences for token in sentence] == tokenize(text, style, language)


def test_every_line_is_a_paragraph() -> None:
    text = "Add salt\nto water.\r\n\r\nStir\rit\u2028well\x0b, please. Heat"
    for lines, count in (("wrapped", 3), ("separate", 6)):
        found = list(split(text, "news", lines))
        assert [found] == list(in_graph([text], "news", lines)) and len(found) == count


@pytest.mark.parametrize(
    ("style", "lines"),
    [
        ("news", "wrapped"),
        ("fine", "separate"),
        ("whitespace", "wrapped"),
        ("news", "separate"),
        ("characters", "separate"),
    ],
)
def test_of_corpora(style: str, lines: str) -> None:
    """The sample corpus in one text, a paragraph a split; and the documents at hand, if they are there."""
    texts = [" ".join(" ".join(s.tokens) for s in data_dir.read_sample(split)) for split in data_dir.SPLITS]
    texts.append("\n\n".join(texts))
    texts += [path.read_text(encoding="utf-8") for path in sorted(SHARED.glob("wlp/dev/*.txt"))[:20]]
    texts += [path.read_text(encoding="utf-8") for path in sorted(SHARED.glob("keepha_ja/**/*.txt"))]
    for text, expected in zip(texts, in_graph(texts, style, lines), strict=True):
        assert list(split(text, style, lines)) == expected


@pytest.mark.parametrize("joined", ["word, ", "word ", "(a)", "語。"])
def test_sentences_of_more_than_2000_tokens_are_broken(joined: str) -> None:
    text = joined * 2500
    (expected,) = in_graph([text], "news")
    assert list(split(text, "news")) == expected and len(expected) > 1
