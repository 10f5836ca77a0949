from __future__ import annotations

import unicodedata

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from jner_re.features.casing import NUM_CLASSES, casing_ids

OTHER, NUMERIC, WITH_DIGIT, NO_LETTER, LOWER, TITLE, UPPER = range(7)


def reference(token: str) -> int:
    """The class by Python's character database."""
    categories = [unicodedata.category(char) for char in token]
    upper = [category in ("Lu", "Lt") for category in categories]
    if not token:
        return OTHER
    if any(category == "Nd" for category in categories):
        return NUMERIC if set(categories) == {"Nd"} else WITH_DIGIT
    if not any(category[0] == "L" for category in categories):
        return NO_LETTER
    if not any(upper):
        return LOWER
    if upper[0] and not any(upper[1:]):
        return TITLE
    return OTHER if "Ll" in categories else UPPER


def test_there_are_seven_classes() -> None:
    assert NUM_CLASSES == 7


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        ("1996 7 ٣٤", NUMERIC),
        ("U2 1990s 3.5 F-16 12:30 4th", WITH_DIGIT),
        (", -- $ ... % ½ ''", NO_LETTER),
        ("the caffè ß non-stop o'clock 東京 ª", LOWER),
        ("Smith Zürich Éire O'clock A Saint-like ǅungla Mr.", TITLE),
        ("NATO U.S. AT&T ÖBB I.B.M. Α.Ε.", UPPER),
        ("McDonald iPhone Jean-Luc PhD O'Neil .NET-based", OTHER),
    ],
)
def test_examples(tokens: str, expected: int) -> None:
    words = tokens.split()
    assert dict(zip(words, casing_ids(tf.constant(words)).numpy(), strict=True)) == dict.fromkeys(
        words, expected
    )
    assert [reference(word) for word in words] == [expected] * len(words)


def test_padding_has_class_0() -> None:
    assert casing_ids(tf.constant([["a", ""], ["", ""]])).numpy().tolist() == [[LOWER, 0], [0, 0]]


def test_line_breaks_are_characters_like_others() -> None:
    assert casing_ids(tf.constant(["a\n", "\n", "\n1", "A\nb"])).numpy().tolist() == [
        LOWER,
        NO_LETTER,
        WITH_DIGIT,
        TITLE,
    ]


@settings(deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cn", "Cs"]), max_size=6), min_size=1))
def test_equals_pythons_character_database(tokens: list[str]) -> None:
    found = casing_ids(tf.constant(tokens))
    assert found.dtype == tf.int32
    assert found.numpy().tolist() == [reference(token) for token in tokens]


@settings(deadline=None)
@given(st.lists(st.text("aZÉß1½.- ǅ東", max_size=4), min_size=1))
def test_mixtures(tokens: list[str]) -> None:
    assert casing_ids(tf.constant(tokens)).numpy().tolist() == [reference(token) for token in tokens]


def test_every_latin_greek_and_cyrillic_character() -> None:
    chars = [chr(code) for code in range(1, 0x530) if unicodedata.category(chr(code)) != "Cn"]
    assert casing_ids(tf.constant(chars)).numpy().tolist() == [reference(char) for char in chars]


@settings(deadline=None)
@given(st.lists(st.binary(max_size=6), min_size=1))
def test_any_bytes_have_a_class(tokens: list[bytes]) -> None:
    found = casing_ids(tf.constant(tokens)).numpy()
    assert ((found >= 0) & (found < NUM_CLASSES)).all()


@pytest.mark.parametrize("shape", [(), (0,), (2, 0), (1, 2, 3)])
def test_any_shape(shape: tuple[int, ...]) -> None:
    assert casing_ids(tf.constant(np.full(shape, "Ab"))).shape == shape
