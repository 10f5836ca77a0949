"""Raw text to sentences of tokens in Python, as `splitter` does it in the graph."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import re2

from jner_re.document import Token
from jner_re.text import sentence_patterns as patterns
from jner_re.text.long_sentences import MAX_TOKENS, break_points
from jner_re.text.tokenization import SPACE_PATTERN, TOKEN_PATTERNS, tokenize

_WORD_AFTER_SPACE = re.compile(f"({SPACE_PATTERN})?({TOKEN_PATTERNS['whitespace']})")
_PIECE = re.compile(patterns.PIECE)


class _Word(NamedTuple):
    """What stands between white space; in the style "characters", a piece of it.

    Attributes:
      text: of it.
      start: in code points of the whole text.
      spaced: whether it is the first piece.
      begins_paragraph: whether the end of one is before it.
      inside: whether it goes on in brackets that are open.
    """

    text: str
    start: int
    spaced: bool
    begins_paragraph: bool
    inside: bool


def split(
    text: str,
    tokenization: str,
    lines: str = "wrapped",
    max_tokens: int = MAX_TOKENS,
    language: str = "en",
) -> Iterator[list[Token]]:
    """Splits a text into sentences and these into tokens.

    A sentence begins after white space, never inside a word unless the style is "characters", and always
    where a paragraph does; a text without tokens has none. One that is too long is broken
    (`long_sentences`).

    Args:
      text: without surrogates.
      tokenization: a key of `TOKEN_PATTERNS`.
      lines: a key of `PARAGRAPH_END`.
      max_tokens: of a sentence.
      language: a key of `LANGUAGE_PATTERNS`.

    Yields:
      The tokens of a sentence, in the order of the text.
    """
    words = list(_words(text, patterns.PARAGRAPH_END[lines], tokenization == "characters"))
    breaks = _breaks([word.text for word in words], patterns.rules(tokenization, language))
    begins = [i for i, word in enumerate(words) if (breaks[i] and not word.inside) or word.begins_paragraph]
    for first, end in itertools.pairwise([*begins, len(words)]):
        tokens, spaced = [], []
        for word in words[first:end]:
            for token in tokenize(word.text, tokenization, language):
                tokens.append(Token(token.text, word.start + token.start, word.start + token.end))
                spaced.append(word.spaced and token.start == 0)
        cuts = break_points([token.text for token in tokens], spaced, max_tokens)
        for begin, after in itertools.pairwise([0, *cuts, len(tokens)]):
            yield tokens[begin:after]


def _words(text: str, paragraph_end: str, in_pieces: bool) -> Iterator[_Word]:
    for match in _WORD_AFTER_SPACE.finditer(text):
        begins_paragraph = match[1] is not None and _matches(paragraph_end, match[1])
        if not in_pieces:
            yield _Word(match[2], match.start(2), True, begins_paragraph, False)
            continue
        depth = 0
        for piece in _PIECE.finditer(match[2]):
            is_first = piece.start() == 0
            start = match.start(2) + piece.start()
            yield _Word(piece[0], start, is_first, is_first and begins_paragraph, depth > 0)
            opening, closing = (sum(map(piece[0].count, brackets)) for brackets in patterns.BRACKETS)
            depth += opening - closing


def _breaks(words: Sequence[str], rules: patterns.Rules) -> list[bool]:
    """Which words begin a sentence; the first does."""
    opening, closing = _opening_and_closing(words, rules.closing_word)
    following = [""] * (len(words) + 1)  # the first from each on that is no opening quote or bracket
    for i in reversed(range(len(words))):
        following[i] = following[i + 1] if opening[i] else words[i]
    found = []
    last = None  # the last before each that is no closing one
    for i in range(len(words)):
        ends = last is not None and _matches(rules.end, words[last]) and not closing[i]
        found.append(i == 0 or (ends and not _goes_on(words, last or 0, following[i], rules)))
        if not closing[i]:
            last = i
    return found


def _goes_on(words: Sequence[str], last: int, following: str, rules: patterns.Rules) -> bool:
    """Whether a sentence goes on after words[last], which looks like its end."""
    for before, after in rules.going_on:
        if _matches(after, following) and (before is None or _matches(before, words[last])):
            return True
    return _is_abbreviated(words, last, rules) and not _matches(rules.starter, following)


def _is_abbreviated(words: Sequence[str], at: int, rules: patterns.Rules) -> bool:
    """Whether a word ends in a period that rather ends no sentence."""
    if not _matches(rules.abbreviated, words[at]):
        return False
    before = words[at - 1] if at else ""
    after = words[at + 1] if at + 1 < len(words) else ""
    if _matches(rules.lettered, before) and _matches(patterns.LETTER, words[at]):
        return False  # the last of a name
    is_place = _matches(rules.place, before) and _matches(patterns.STATE, words[at])
    return not is_place or _matches(patterns.BRACKET, after)


def _opening_and_closing(words: Sequence[str], closing_word: str) -> tuple[list[bool], list[bool]]:
    """Which words are nothing but opening quotes and brackets, and which but closing ones.

    Straight double quotes open and close in turn.
    """
    opening, closing, straight = [], [], 0
    for word in words:
        is_straight = word == patterns.STRAIGHT
        opening.append(_matches(patterns.OPENING_WORD, word) or (is_straight and straight % 2 == 0))
        closing.append(_matches(closing_word, word) or (is_straight and straight % 2 == 1))
        straight += is_straight
    return opening, closing


@functools.lru_cache(1 << 16)  # texts repeat their words
def _matches(pattern: str, text: str) -> bool:
    return _compiled(pattern).fullmatch(text) is not None


@functools.cache
def _compiled(pattern: str) -> Any:
    return re2.compile(pattern)
