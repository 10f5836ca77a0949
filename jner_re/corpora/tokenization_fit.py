"""How well the styles of tokenization fit a corpus: a model reads texts in one of them."""

from __future__ import annotations

import dataclasses
import logging
import re
from collections.abc import Iterable, Sequence

from jner_re.config import ModelConfig
from jner_re.schema import Sentence
from jner_re.text.tokenization import TOKEN_PATTERNS, UNSPACED, tokenize

_LOGGER = logging.getLogger(__name__)

_GLUED_TO_THE_LAST = re.compile(r"[,.;:?!…)\]}%'’”»]|[.][.]+|''|n't")
_CLITIC = re.compile(r"['’]\w.*")
_GLUED_TO_THE_NEXT = re.compile(r"[(\[{$£€`‘“«]|``")
_GLUED_TO_BOTH = re.compile(r"[-/]")
_THOUSANDS = re.compile(r"\$?\d{1,3}"), re.compile(r"\d{3}")
_QUOTE = '"'
_UNSPACED, _UNSPACED_OR_WIDE = re.compile(UNSPACED), re.compile(f"{UNSPACED}|[\uff01-\uff9f]")
_NEGLIGIBLE = 0.01  # of the sentences
_CHOICES: tuple[str, ...] = next(
    field.metadata["choices"] for field in dataclasses.fields(ModelConfig) if field.name == "tokenization"
)


def as_text(tokens: Sequence[str], glue_hyphens: bool = True) -> tuple[str, list[tuple[int, int]]]:
    """Tokens put together by the usual rules of spacing: the text, and the place of each in it.

    Args:
      tokens: of a sentence.
      glue_hyphens: whether a hyphen or a slash between two words stood in one word.
    """
    text, places, quoted = "", [], False
    glued = True  # to what comes before
    for i, token in enumerate(tokens):
        before = tokens[i - 1] if i else ""
        closing = token == _QUOTE and quoted
        glued |= closing or token == before == "`" or bool(_GLUED_TO_THE_LAST.fullmatch(token))
        glued |= bool(_CLITIC.fullmatch(token)) and before not in ("'", "`")
        glued |= _is_thousands(tokens, i) or (glue_hyphens and _is_inside(tokens, i))
        glued |= _is_unspaced(before[-1:], token)
        text += "" if glued else " "
        places.append((len(text), len(text) + len(token)))
        text += token
        quoted ^= token == _QUOTE
        glued = bool(_GLUED_TO_THE_NEXT.fullmatch(token)) or (token == _QUOTE and quoted)
        glued |= glue_hyphens and _is_inside(tokens, i)
    return text, places


def difference(tokens: Sequence[str], style: str, language: str = "en") -> tuple[list[str], list[str]] | None:
    """The first tokens that the style makes otherwise, and what it makes of them; None if all are its own."""
    text, places = as_text(tokens)
    made = tokenize(text, style, language)
    others = [(token.start, token.end) for token in made]
    if places == others:
        return None
    start = min(set(places) ^ set(others))[0]
    ends = {end for _, end in places} & {end for _, end in others}
    end = min((end for end in ends if end > start), default=len(text))  # tokens may end in white space
    return (
        [token for token, place in zip(tokens, places, strict=True) if start <= place[0] and place[1] <= end],
        [token.text for token in made if start <= token.start and token.end <= end],
    )


def bounded(sentences: Iterable[Sentence], style: str, language: str = "en") -> int:
    """How many entities begin and end where the style's tokens of the sentences' texts do."""
    count = 0
    for sentence in sentences:
        text, places = as_text(sentence.tokens)
        tokens = tokenize(text, style, language)
        starts, ends = {token.start for token in tokens}, {token.end for token in tokens}
        count += sum(
            places[entity.start][0] in starts and places[entity.end - 1][1] in ends
            for entity in sentence.entities
            if 0 <= entity.start < entity.end <= len(places)
        )
    return count


def warn_of_misfit(sentences: Sequence[Sentence], style: str, language: str = "en") -> None:
    """Says if another style fits sentences better than that in which a model will read texts."""
    if told := misfit(sentences, style, language):
        _LOGGER.warning("%s", told)


def misfit(sentences: Sequence[Sentence], style: str, language: str = "en") -> str:
    """What to tell of sentences that another style fits clearly better; "" if none does.

    Args:
      sentences: of a corpus.
      style: in which the model will read texts.
      language: in whose rules, too.
    """
    parts = [part for sentence in sentences for part in sentence.parts()]
    differing = {
        name: [found for part in parts if (found := difference(part, name, language))]
        for name in TOKEN_PATTERNS
    }
    counts = {name: len(found) for name, found in differing.items()}
    negligible = _NEGLIGIBLE * len(parts)
    if counts[style] - min(counts.values()) <= negligible:
        return ""
    best = min(_CHOICES, key=counts.__getitem__)
    advice = f"--tokenization={best} fits best ({counts[best]} have others)"
    if counts[best] - min(counts.values()) > negligible:
        advice = f"no style of a model fits, --tokenization={best} comes closest ({counts[best]} have others)"
    ours, theirs = (" ".join(tokens) for tokens in differing[style][0])
    return (
        f"{counts[style]} of {len(parts)} sentences have other tokens than "
        f"--tokenization={style}, in which the model will read text: {ours!r:.60}, where it makes "
        f"{theirs!r:.60}; {advice}"
    )


def _is_unspaced(before: str, after: str) -> bool:
    """Whether no white space is between them, in a script without spaces."""
    return any(
        one.match(before) and other.match(after)
        for one, other in ((_UNSPACED, _UNSPACED_OR_WIDE), (_UNSPACED_OR_WIDE, _UNSPACED))
    )


def _is_thousands(tokens: Sequence[str], i: int) -> bool:
    """Whether it is the "000" of "1", ",", "000"."""
    return (
        i > 1
        and tokens[i - 1] == ","
        and bool(_THOUSANDS[0].fullmatch(tokens[i - 2]) and _THOUSANDS[1].fullmatch(tokens[i]))
    )


def _is_inside(tokens: Sequence[str], i: int) -> bool:
    """Whether it is a hyphen or slash between two words, as in "follow", "-", "up"."""
    return (
        0 < i < len(tokens) - 1
        and bool(_GLUED_TO_BOTH.fullmatch(tokens[i]))
        and tokens[i - 1][-1:].isalnum()
        and tokens[i + 1][:1].isalnum()
    )
