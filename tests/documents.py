"""Documents for tests: from marked text, and any."""

from __future__ import annotations

import re

from hypothesis import strategies as st

from jner_re import Document, Entity, Relation
from jner_re.text.tokenization import tokenize

_MARKED = re.compile(r"\[([^\[\]|]*)\|([^\]]+)\]")
_SCRIPTS = [
    "Ada",
    "U.S.",
    "東京",
    "דוד",
    "محمد",
    "😀",
    "👍🏽",
    "❤\ufe0f",
    "e\u0301",
    "Oslo,",
    "(Rome)",
    "\u202e",
]
_HOSTILE = ["<b>&amp;", "]]>", "\x00", "\x1b[0m", "\ufffe", "'\"", "<script>"]
_CHARACTERS = st.characters(exclude_characters="\ufeff", exclude_categories=["Cs"])  # also white space
_WORDS = st.one_of(st.sampled_from(_SCRIPTS + _HOSTILE), st.text(_CHARACTERS, min_size=1, max_size=8))
_SPACES = st.sampled_from([" ", " ", " ", "", "  ", "\n", " \r\n", "\t", "\u2028", "\u00a0"])
ONE_LINE = {"words": st.sampled_from(_SCRIPTS + _HOSTILE), "spaces": st.sampled_from([" ", "  ", "\u00a0"])}
_TYPES = st.sampled_from(["Peop", "Loc", "A-very-long-type-of-something", "x", "種類", "<i>"])


def marked(text: str, *relations: tuple[str, int, int]) -> Document:
    """A document from "[Ada Berg|Peop] lives", with relations as (type, head, tail); all scores are 0.75."""
    plain, entities, end = "", [], 0
    for match in _MARKED.finditer(text):
        plain += text[end : match.start()]
        entities.append(Entity(match[2], len(plain), len(plain) + len(match[1]), match[1], 0.75))
        plain += match[1]
        end = match.end()
    plain += text[end:]
    found = tuple(Relation(*relation, 0.75) for relation in relations)
    return Document(plain, tuple(tokenize(plain, "news")), tuple(entities), found)


@st.composite
def documents(
    draw: st.DrawFn,
    words: st.SearchStrategy[str] = _WORDS,
    spaces: st.SearchStrategy[str] = _SPACES,
) -> Document:
    """Texts of up to 60 words in many scripts, with entities at tokens and relations between any two."""
    least = draw(st.sampled_from([0, 10, 40]))
    text = "".join(map("".join, draw(st.lists(st.tuples(words, spaces), min_size=least, max_size=60))))
    tokens = tokenize(text, "news")
    entities, start = [], 0
    steps = st.tuples(st.integers(0, 6), st.integers(1, 3))
    for gap, length in draw(st.lists(steps, min_size=min(least, 5), max_size=12)):
        first, last = start + gap, start + gap + length - 1
        if last >= len(tokens):
            break
        place = tokens[first].start, tokens[last].end
        entities.append(Entity(draw(_TYPES), *place, text[slice(*place)], draw(st.floats(0, 1))))
        start = last + 1
    relations = []
    if len(entities) > 1:
        index = st.integers(0, len(entities) - 1)
        pairs = st.tuples(_TYPES, index, index).filter(lambda pair: pair[1] != pair[2])
        for pair in draw(st.lists(pairs, min_size=min(least // 4, 8), max_size=15, unique=True)):
            relations.append(Relation(*pair, draw(st.floats(0, 1))))
    return Document(text, tuple(tokens), tuple(entities), tuple(relations))
