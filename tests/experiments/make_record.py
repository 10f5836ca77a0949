"""Records with scores that are given."""

from __future__ import annotations

import dataclasses
from typing import Any

from experiments.jobs.protocols import Protocol
from experiments.jobs.records import Record
from jner_re.config import ModelConfig, TrainConfig


def prf(precision: float, recall: float, f1: float) -> dict[str, float]:
    return {"precision": precision, "recall": recall, "f1": f1, "tp": 1, "fp": 2, "fn": 3}


def evaluation(ner: float, re: float) -> dict[str, Any]:
    """An evaluation with these strict micro F1; macro F1 is 0.1 less, precision 0.1 more, recall equal."""

    def scores(f1: float, type: str) -> dict[str, Any]:
        macro = {"precision": f1, "recall": f1 - 0.1, "f1": f1 - 0.1}
        return {"micro": prf(f1 + 0.1, f1, f1), "macro": macro, "per_type": {type: prf(f1 + 0.1, f1, f1)}}

    return {
        "ner": {"strict": scores(ner, "Peop"), "boundaries": scores(ner, "Peop")},
        "re": {"strict": scores(re, "Kill"), "boundaries": scores(re, "Kill")},
        "average_f1": (ner + re) / 2,
    }


def record(
    name: str,
    setting: str = "single model",
    test: dict[str, Any] | None = None,
    corpus: str = "conll04",
    members: tuple[str, ...] = (),
    history: tuple[dict[str, float], ...] = (),
    **config: Any,
) -> Record:
    """A record; `config` is of the model."""
    sizes = {split: {"sentences": 5, "sha256": "0"} for split in ("train", "dev", "test")}
    return Record(
        name=name,
        setting=setting,
        protocol=Protocol("test", "trained in a test"),
        corpus={"name": corpus, **sizes},
        config={
            "model": dataclasses.asdict(ModelConfig(**config)),
            "train": dataclasses.asdict(TrainConfig()),
        },
        members=members,
        fingerprints={},
        epochs=3,
        threshold=0.5,
        threshold_source="as configured",
        parameters=1234567,
        dev=None,
        test=test,
        history=history,
        run={"attempts": [{"commit": "abc"}], "seconds": 3.5, "finished": "today"},
    )
