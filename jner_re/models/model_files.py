"""The files of a model directory: names, fingerprint, threshold, and the lock of who trains there."""

from __future__ import annotations

import contextlib
import hashlib
import json
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

from jner_re import constraints, files
from jner_re.assets import download
from jner_re.config import ModelConfig
from jner_re.errors import InputError

CONFIG = "config.json"
VOCABULARY = "vocabulary.json"
THRESHOLD = "threshold.json"
CHECKPOINTS = "checkpoints"
WEIGHTS = f"{CHECKPOINTS}/best.weights.h5"
MEMBERS = "members.json"
MEMBER_WEIGHTS = f"{CHECKPOINTS}/member-{{}}.weights.h5"  # in WEIGHTS' place, those of an ensemble
METRICS = "metrics.json"  # written at the end of training
LOGS = "logs"
CARD = "card.md"  # what a person should know of the model
CONSTRAINTS = constraints.FILE  # declared, if there are any
EXAMPLES = "examples.txt"  # a few texts that the model was trained on, one a line
_LOCK = ".lock"


def weights(model_dir: pathlib.Path) -> list[pathlib.Path]:
    """The files of the weights: an ensemble's in the order of its members, else one, if it is there."""
    members = sorted(model_dir.glob(MEMBER_WEIGHTS.format("*")))
    return members or [path for path in [model_dir / WEIGHTS] if path.is_file()]


def of_model(model_dir: pathlib.Path) -> list[pathlib.Path]:
    """The files that decide what the model answers, as far as they are there."""
    described = (model_dir / name for name in (CONFIG, VOCABULARY, THRESHOLD, MEMBERS, CONSTRAINTS))
    return [*(path for path in described if path.is_file()), *weights(model_dir)]


def fingerprint(model_dir: pathlib.Path) -> str:
    """SHA-256 of the checksums of `of_model`: equal only if two directories hold the same model.

    Raises:
      InputError: a file can't be read.
    """
    sums = []
    for path in of_model(model_dir):
        try:
            sums.append(download.sha256_of(path))
        except OSError as error:
            raise InputError(f"{path}: can't be read: {error.strerror}") from None
    return hashlib.sha256("".join(sums).encode()).hexdigest()


def read_threshold(model_dir: pathlib.Path, config: ModelConfig) -> float:
    """The calibrated threshold if there is one, else the configured.

    Raises:
      InputError: the file is damaged.
    """
    record = threshold_record(model_dir)
    if not record:
        return config.threshold
    value = record.get("threshold")
    path = model_dir / THRESHOLD
    if not isinstance(value, float) or not 0 <= value <= 1:
        raise InputError(f"{path}: threshold is {value!r}, expected a number from 0 to 1")
    return value


def threshold_record(model_dir: pathlib.Path) -> dict[str, Any]:
    """What `write_threshold` has written; empty if nothing.

    Raises:
      InputError: the file is damaged.
    """
    path = model_dir / THRESHOLD
    record = files.read_json(path) if path.exists() else {}
    if not isinstance(record, dict) or (path.exists() and not record):
        raise InputError(f"{path}: is {record!r}, expected a JSON object with the threshold")
    return record


def write_threshold(
    model_dir: pathlib.Path, threshold: float, source: str, temperatures: Mapping[str, Any] | None = None
) -> None:
    """Writes theta_r in place of the configured one.

    Args:
      model_dir: of the model.
      threshold: from 0 to 1.
      source: what chose it.
      temperatures: of the scores that it is for, if they have some (temperatures.py).
    """
    record: dict[str, Any] = {"threshold": threshold, "source": source}
    if temperatures:
        record["temperatures"] = temperatures
    files.write_text(model_dir / THRESHOLD, json.dumps(record, indent=1) + "\n")


@contextlib.contextmanager
def training_lock(model_dir: pathlib.Path) -> Iterator[None]:
    """Held by the one who trains in a directory, until its process ends at the latest.

    Raises:
      InputError: another one holds it, or the directory can't be written to.
    """

    def refuse() -> None:
        raise InputError(
            f"{model_dir}: another training writes to it, expected to be the only one: let it end, or choose "
            "another model directory"
        )

    with files.locked(model_dir / _LOCK, refuse):
        yield
