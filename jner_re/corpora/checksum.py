"""By what a corpus is known again."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from typing import Any

from jner_re.schema import Sentence


def corpus_checksum(sentences: Sequence[Sentence]) -> str:
    """SHA-256 of the sentences with their annotation."""
    content = json.dumps([_content(sentence) for sentence in sentences])
    return hashlib.sha256(content.encode()).hexdigest()


def _content(sentence: Sentence) -> tuple[Any, ...]:
    """All but the document, and breaks only where there are some, as checksums of before have none."""
    content = dataclasses.astuple(sentence)
    return (*content[:4], sentence.breaks) if sentence.breaks else content[:4]
