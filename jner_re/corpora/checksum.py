"""By what a corpus is known again."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence

from jner_re.schema import Sentence


def corpus_checksum(sentences: Sequence[Sentence]) -> str:
    """SHA-256 of the sentences with their annotation."""
    content = json.dumps(
        [dataclasses.astuple(sentence)[:4] for sentence in sentences]
    )  # without the document
    return hashlib.sha256(content.encode()).hexdigest()
