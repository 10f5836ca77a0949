"""A few sentences of a corpus that show what it is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jner_re.corpora.tokenization_fit import as_text
from jner_re.schema import Sentence, apart

COUNT = 3
_LENGTHS = range(6, 31)  # tokens of a sentence that is read at a glance


def choose(sentences: Sequence[Sentence], tokenization: str, count: int = COUNT) -> list[str]:
    """Texts of sentences, each with types of relations that those before it lack as long as there are some.

    Args:
      sentences: of a corpus.
      tokenization: by which its texts were split.
      count: of the texts, at most.
    """
    single = [each for sentence in sentences for each in apart(sentence)]
    ranked = sorted(single, key=lambda s: (len(s.tokens) not in _LENGTHS, -_types(s), len(s.tokens)))
    chosen = [*_with_new_types(ranked), *ranked]
    return list(dict.fromkeys(readable(sentence.tokens, tokenization) for sentence in chosen))[:count]


def readable(tokens: Sequence[str], tokenization: str) -> str:
    """The tokens as running text: on one line, without the spaces that tokenization has put between them."""
    return " ".join(as_text(tokens, glue_hyphens=tokenization != "news")[0].split())


def _types(sentence: Sentence) -> int:
    return len({relation.type for relation in sentence.relations})


def _with_new_types(sentences: Sequence[Sentence]) -> Iterator[Sentence]:
    seen: set[str] = set()
    for sentence in sentences:
        types = {relation.type for relation in sentence.relations}
        if types - seen:
            seen |= types
            yield sentence
