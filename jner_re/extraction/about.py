"""What an exported model says of itself beside its graph: texts to try, the lowest score that it gives."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Sequence
from typing import Any

from jner_re import files
from jner_re.errors import InputError

FILE = "assets.extra/about.json"  # where TensorFlow Serving reads nothing but warm-up requests


def write(version: pathlib.Path, examples: Sequence[str], min_score: float) -> None:
    """Writes the file.

    Args:
      version: folder of a SavedModel.
      examples: texts like those that it was trained on.
      min_score: it gives relations above it.

    Raises:
      InputError: the file can't be written.
    """
    (version / FILE).parent.mkdir(parents=True, exist_ok=True)
    record = {"examples": list(examples), "min_score": min_score}
    files.write_text(version / FILE, json.dumps(record, indent=1, ensure_ascii=False) + "\n")


def read(version: pathlib.Path) -> dict[str, Any]:
    """What `write` wrote; of a version without it, or with another, no examples and the score 0."""
    nothing: dict[str, Any] = {"examples": [], "min_score": 0.0}
    try:
        record = files.read_json(version / FILE)
    except InputError:
        return nothing
    found = {**nothing, **record} if isinstance(record, dict) else nothing
    examples, score = found["examples"], found["min_score"]
    is_ours = isinstance(examples, list) and all(isinstance(text, str) for text in examples)
    is_ours = is_ours and type(score) in (int, float) and 0 <= score <= 1
    return found if is_ours else nothing
