"""What a record says of a corpus and of configs."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from jner_re.config import ModelConfig, TrainConfig
from jner_re.corpora.checksum import corpus_checksum
from jner_re.schema import Sentence


def corpus(name: str, **splits: Sequence[Sentence]) -> dict[str, Any]:
    """Its name, and of each split the number of sentences and their checksum."""
    checked = {
        split: {"sentences": len(sentences), "sha256": corpus_checksum(sentences)}
        for split, sentences in splits.items()
    }
    return {"name": name, **checked}


def configs(model: ModelConfig, train: TrainConfig) -> dict[str, Any]:
    """Both, as in a model directory's config.json."""
    return {"model": dataclasses.asdict(model), "train": dataclasses.asdict(train)}
