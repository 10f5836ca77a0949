from __future__ import annotations

import pytest
import tensorflow as tf
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jner_re.features.chars import PADDING, UNKNOWN, CharTable, characters
from jner_re.schema import Sentence

VOCABULARY = "abcé東😀"


def reference(words: list[list[bytes]], vocabulary: str, max_chars: int) -> list[list[list[int]]]:
    """Ids by Python's own decoder and slices."""
    half = max_chars // 2
    rows = []
    for sentence in words:
        row = []
        for word in sentence:
            text = word.decode(errors="replace")
            if len(text) > 2 * half:
                text = text[:half] + text[-half:]
            row.append([vocabulary.find(c) + 2 if c in vocabulary else UNKNOWN for c in text])
        rows.append(row)
    longest = max((len(word) for row in rows for word in row), default=0)
    return [[word + [PADDING] * (longest - len(word)) for word in row] for row in rows]


def rectangles(words: st.SearchStrategy[bytes]) -> st.SearchStrategy[list[list[bytes]]]:
    """[B][T] words."""
    return st.integers(1, 4).flatmap(
        lambda count: st.lists(st.lists(words, min_size=count, max_size=count), min_size=1, max_size=3)
    )


@settings(deadline=None, max_examples=40)
@given(rectangles(st.text(VOCABULARY + "xß\0", max_size=12).map(str.encode)), st.integers(2, 9))
@example([[b"abcab", b"abcabc", b"abcabca", b""]], 6)
def test_equals_reference(words: list[list[bytes]], max_chars: int) -> None:
    found = CharTable(VOCABULARY, max_chars)(tf.constant(words))
    assert found.dtype == tf.int32
    assert found.numpy().tolist() == reference(words, VOCABULARY, max_chars)


@settings(deadline=None, max_examples=40)
@given(rectangles(st.binary(max_size=8)), st.booleans())
@example([[b"a\xffb", b"\xe6\x9d", b"\xed\xa0\x80", b"\xf0\x9f\x98", b"\xc0\xafa"]], False)
def test_bytes_that_are_not_utf_8_are_replaced(words: list[list[bytes]], known: bool) -> None:
    vocabulary = "�a" if known else "a"
    found = CharTable(vocabulary, 40)(tf.constant(words)).numpy().tolist()
    assert found == reference(words, vocabulary, 40)


def test_an_example() -> None:
    table = CharTable("abc", 4)
    words = [["abcabc", "x", ""], ["b", "", ""]]
    assert table(tf.constant(words)).numpy().tolist() == [
        [[2, 3, 3, 4], [1, 0, 0, 0], [0] * 4],
        [[3, 0, 0, 0], [0] * 4, [0] * 4],
    ]
    assert table.size == 5


@pytest.mark.parametrize("vocabulary", ["", "a", VOCABULARY])
def test_ids_are_below_the_size(vocabulary: str) -> None:
    table = CharTable(vocabulary, 40)
    assert table.size == len(vocabulary) + 2
    ids = table(tf.constant([["".join(map(chr, range(300))) + VOCABULARY]])).numpy()
    assert ids.max() < table.size
    assert ids.min() >= UNKNOWN


@pytest.mark.parametrize("shape", [(0, 3), (2, 0), (2, 3)])
def test_nothing_to_look_up(shape: tuple[int, int]) -> None:
    assert CharTable("ab", 4)(tf.fill(shape, "")).shape == (*shape, 0)


def test_rare_characters_of_a_corpus_are_not_known() -> None:
    sentences = [Sentence(("cab", "éé", "aaa")), Sentence(("😀", "Bb", "aé", "bBB", "!"))]
    assert characters(sentences) == "Babé"  # not c, 😀 and !, which occur once
    assert characters([]) == ""


def test_something_is_always_unknown_in_training() -> None:
    """So that the embedding of unknown characters is trained, whatever the corpus."""
    assert characters([Sentence(("aaaa", "bbb", "ccc"))]) == "ac"


@given(st.lists(st.text(VOCABULARY, min_size=1), min_size=1))
def test_every_known_character_occurs_three_times(words: list[str]) -> None:
    known, text = characters([Sentence(tuple(words))]), "".join(words)
    assert list(known) == sorted(set(known))
    assert all(text.count(char) >= 3 for char in known)
    left_out = {char for char in text if text.count(char) >= 3} - set(known)
    assert len(left_out) <= 1
    assert set(text) - set(known)
