"""Character spans to token spans."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterable, Sequence

from jner_re.document import Entity, Token
from jner_re.text.tokenization import TOKEN_PATTERNS, tokenize

_AROUND = 50  # characters


def token_span(tokens: Sequence[Token], start: int, end: int) -> tuple[int, int] | None:
    """The tokens that a character span touches, as a token span (end exclusive); None if there are none.

    Args:
      tokens: the tokens of the text, in order.
      start: of the span, in code points.
      end: of the span, exclusive.
    """
    first = bisect.bisect_right(tokens, start, key=lambda token: token.end)
    after = bisect.bisect_left(tokens, end, key=lambda token: token.start)
    return (first, after) if first < after else None


def is_exact(tokens: Sequence[Token], span: tuple[int, int], start: int, end: int) -> bool:
    """Whether the character span begins and ends where its token span does."""
    return tokens[span[0]].start == start and tokens[span[1] - 1].end == end


def whole_tokens(text: str, start: int, end: int, language: str = "en") -> str:
    """What is expected of a character span of a text, with the tokenizations under which it is so.

    That is "characters", too, where it is "fine".
    """
    fitting = []
    for style in TOKEN_PATTERNS:
        if style == "characters" and "fine" in fitting:
            continue
        tokens = tokenize(text, style, language)
        span = token_span(tokens, start, end)
        if span and is_exact(tokens, span, start, end):
            fitting.append(style)
    told = " or ".join(f"--tokenization={style}" for style in fitting)
    return "whole tokens" + (f" ({told} has them)" if told else "")


def pieces(token: Token, bounds: Sequence[int]) -> Iterable[Token]:
    """A token cut at the bounds in it."""
    inside = bounds[bisect.bisect_right(bounds, token.start) : bisect.bisect_left(bounds, token.end)]
    for start, end in itertools.pairwise([token.start, *inside, token.end]):
        yield Token(token.text[start - token.start : end - token.start], start, end)


def cuts_a_token(tokens: Sequence[Token], entity: Entity) -> bool:
    """Whether a token goes on over an end of an entity."""
    span = token_span(tokens, entity.start, entity.end)
    return span is not None and (tokens[span[0]].start < entity.start or tokens[span[1] - 1].end > entity.end)


def words_around(text: str, begin: int, after: int, entity: Entity) -> tuple[str, int, int]:
    """The words that a place in a text is in, and where in them an entity is."""
    first, last = begin - _AROUND, after + _AROUND  # of a text without white space, a part of it will do
    while begin > max(first, 0) and not text[begin - 1].isspace():
        begin -= 1
    while after < min(last, len(text)) and not text[after].isspace():
        after += 1
    return text[begin:after], entity.start - begin, entity.end - begin
