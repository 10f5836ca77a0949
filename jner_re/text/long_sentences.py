"""Where sentences that are too long for the model are broken.

A piece has at most MAX_TOKENS tokens. It ends after the last punctuation that fits (PUNCTUATION before white
space, or CJK_PUNCTUATION), else at the last white space, else after MAX_TOKENS tokens. Between the tokens of
a sentence that is tokenized there is white space. `long_sentence_breaks` is the same in the graph.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

MAX_TOKENS = 2000  # of a sentence: pairs of entities take memory by their square

# Of whole tokens, for Python and RE2. "Mr." is none.
PUNCTUATION = "[.]+|(?s:.*)[,;:!?…]"
CJK_PUNCTUATION = "(?s:.*)[。、，；：！？]"
_PUNCTUATION, _CJK_PUNCTUATION = re.compile(PUNCTUATION), re.compile(CJK_PUNCTUATION)


def break_points(
    tokens: Sequence[str], spaced: Sequence[bool] | None = None, max_tokens: int = MAX_TOKENS
) -> list[int]:
    """Where the pieces begin but for the first; none if the sentence is short enough.

    Args:
      tokens: of a sentence.
      spaced: whether white space is before each; by default it is.
      max_tokens: of a piece.
    """

    def is_spaced(end: int) -> bool:
        return spaced is None or spaced[end]

    def is_marked(end: int) -> bool:
        before = tokens[end - 1]
        marked = is_spaced(end) and _PUNCTUATION.fullmatch(before)
        return bool(marked or _CJK_PUNCTUATION.fullmatch(before))

    found: list[int] = []
    begin = 0
    while len(tokens) - begin > max_tokens:
        limit = begin + max_tokens
        ends = range(limit, begin, -1)
        begin = next(filter(is_marked, ends), 0) or next(filter(is_spaced, ends), limit)
        found.append(begin)
    return found
