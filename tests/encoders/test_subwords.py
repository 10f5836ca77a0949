"""The graph's tokenizer against a tokenizer of a few lines of Python."""

from __future__ import annotations

import functools
import os
import pathlib
import subprocess
import sys
import unicodedata

import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from jner_re.encoders.subwords import SubwordTokenizer

_CHARACTERS = "abcdeéïñABCDÉßſσςΣжЖйЙאب한字東々あガ!-'.,_$€«—…1٣²½ﬁＡ"
_SUBWORDS = (
    "[UNK]",
    *dict.fromkeys("abcdeABCDßſσςжЖйאب字東々あガ!-'.,_$€«—…1٣²ﬁａ한"),
    *(f"##{c}" for c in "abceABCñéßσжй々あ1ﬁ한"),
    *("ab", "##ab", "##abc", "abcd", "ec", "AB", "Ée", "e\u0301", "i", "##ec", "..."),
)
_SPACES = " \t\n\u00a0\u2009\u3000\u2028"
_NOTHING = "\u0000\u0007\u007f\u00ad\u200b\u200d\ufeff\ufffd\ue000"
_MARKS = "\u0301\u0308\u0323\u05b8\u064b\u0941"
_EMOJI = "😀🧪👍🏽"


@functools.cache
def _tokenizer(lowercase: bool, split_cjk: bool = True) -> SubwordTokenizer:
    return SubwordTokenizer(_SUBWORDS, "[UNK]", lowercase, strip_accents=lowercase, split_cjk=split_cjk)


def _normalise(word: str, lowercase: bool) -> list[str]:
    """BERT's basic tokenizer: https://github.com/google-research/bert/blob/master/tokenization.py."""
    text = ""
    for c in word:
        category = unicodedata.category(c)
        if c in "\t\n\r" or category[0] == "Z":
            text += " "
        elif category[0] != "C" and c != "\ufffd":
            text += f" {c} " if "CJK UNIFIED" in unicodedata.name(c, "") else c
    if lowercase:
        text = unicodedata.normalize("NFD", text)
        text = "".join(c.lower() for c in text if unicodedata.category(c) != "Mn")
    spaced = ""
    for c in text:
        punctuation = unicodedata.category(c)[0] == "P" or (
            c.isascii() and c.isprintable() and not c.isalnum()
        )
        spaced += f" {c} " if punctuation and c != " " else c
    return spaced.split()


def _split(part: str) -> list[str]:
    """Longest subword first, from the left."""
    if len(part) > 100:
        return ["[UNK]"]
    found: list[str] = []
    start = 0
    while start < len(part):
        for end in range(len(part), start, -1):
            subword = ("##" if start else "") + part[start:end]
            if subword in _SUBWORDS:
                found.append(subword)
                start = end
                break
        else:
            return ["[UNK]"]
    return found


def _expected(word: str, lowercase: bool) -> list[str]:
    return [subword for part in _normalise(word, lowercase) for subword in _split(part)] or ["[UNK]"]


def _actual(tokenizer: SubwordTokenizer, words: list[str | bytes]) -> list[list[str]]:
    return [[_SUBWORDS[i] for i in ids] for ids in tokenizer(tf.constant(words, tf.string)).to_list()]


_words = st.text(st.sampled_from(_CHARACTERS + _SPACES + _NOTHING + _MARKS + _EMOJI), max_size=12) | st.text(
    st.sampled_from("abcde"), max_size=12
)


@pytest.mark.parametrize("lowercase", [True, False])
@given(words=st.lists(_words, max_size=20))
@settings(deadline=None, max_examples=100)
def test_equals_plain_python(lowercase: bool, words: list[str]) -> None:
    expected = [_expected(word, lowercase) for word in words]
    assert _actual(_tokenizer(lowercase), list(words)) == expected


@pytest.mark.parametrize(
    ("word", "uncased", "cased"),
    [
        ("ABCD", ["abcd"], ["[UNK]"]),  # cased: nothing continues AB with C and then D
        ("ABC", ["ab", "##c"], ["AB", "##C"]),
        ("Éec", ["e", "##ec"], ["Ée", "##c"]),
        ("ab-ab...", ["ab", "-", "ab", ".", ".", "."], ["ab", "-", "ab", ".", ".", "."]),
        ("字東a", ["字", "東", "a"], ["字", "東", "a"]),
        ("ab\u200bab", ["ab", "##ab"], ["ab", "##ab"]),
        ("ab\u00a0ab", ["ab", "ab"], ["ab", "ab"]),
        ("Σ", ["σ"], ["[UNK]"]),
    ],
)
def test_examples(word: str, uncased: list[str], cased: list[str]) -> None:
    assert _actual(_tokenizer(True), [word]) == [uncased]
    assert _actual(_tokenizer(False), [word]) == [cased]


def test_a_word_without_text_is_unknown() -> None:
    assert _actual(_tokenizer(True), ["", " ", "\u200b", "\u0301", "a"]) == [["[UNK]"]] * 4 + [["a"]]


def test_bytes_that_are_not_utf8_are_ignored() -> None:
    assert _actual(_tokenizer(True), [b"a\xffb", b"\xe4\xb8"]) == [["ab"], ["[UNK]"]]


def test_words_of_more_than_100_characters_are_unknown() -> None:
    assert _actual(_tokenizer(False), ["é" * 100]) == [["[UNK]"]]  # no "é" begins a word here
    assert _actual(_tokenizer(False), ["a" + "é" * 99]) == [["a"] + ["##é"] * 99]
    assert _actual(_tokenizer(False), ["a" + "é" * 100, "ab"]) == [["[UNK]"], ["ab"]]
    assert _actual(_tokenizer(False), ["a" * 90 + "-" + "a" * 90])[0][89:92] == ["##a", "-", "a"]


def test_ideographs_stay_together_on_request() -> None:
    assert _actual(_tokenizer(True, split_cjk=False), ["字々", "東字"]) == [["字", "##々"], ["[UNK]"]]


def test_no_words() -> None:
    assert _tokenizer(True)(tf.zeros([0], tf.string)).shape[0] == 0


def test_the_locale_has_no_say() -> None:
    """In Turkish, I is lowered to a dotless one, which is not in the vocabulary."""
    run = subprocess.run(
        [sys.executable, "-c", "import test_subwords as t; print(t._actual(t._tokenizer(True), ['I']))"],
        cwd=pathlib.Path(__file__).parent,
        env={**os.environ, "LC_ALL": "tr_TR.UTF-8"},
        capture_output=True,
        text=True,
    )
    assert run.stdout == "[['i']]\n", run.stderr
