"""What a card says of the sentences that a model was trained on."""

from __future__ import annotations

import collections
from collections.abc import Sequence
from typing import Any

from jner_re.schema import Sentence


def counts(sentences: Sequence[Sentence]) -> dict[str, Any]:
    """Sentences, tokens, and entities and relations by type; JSON-able."""
    return {
        "sentences": sum(len(sentence.breaks) + 1 for sentence in sentences),
        "tokens": sum(len(sentence.tokens) for sentence in sentences),
        "entities": _by_type(e.type for sentence in sentences for e in sentence.entities),
        "relations": _by_type(r.type for sentence in sentences for r in sentence.relations),
    }


def _by_type(types: collections.abc.Iterable[str]) -> dict[str, int]:
    return dict(sorted(collections.Counter(types).items()))
