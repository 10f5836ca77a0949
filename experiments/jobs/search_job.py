"""A trial of a search: trained on train, scored on dev each epoch, perhaps stopped early."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import pathlib
from collections.abc import Callable
from typing import Any

from jner_re import files
from jner_re.config import ModelConfig, TrainConfig
from jner_re.constraints import NONE, Constraints
from jner_re.schema import Sentence

from . import attempts, records
from .protocols import Protocol

METRIC = "val_average_f1"
_HISTORY = "history.json"
Scores = dict[str, float | None]  # None where a number is not finite


class _StoppedError(Exception):
    """Ends a training after an epoch."""


@dataclasses.dataclass(frozen=True)
class SearchJob:
    """A candidate to be trained.

    Attributes:
      name: of the run.
      protocol: what may stop it.
      corpus: its name.
      train: the sentences to train on.
      dev: those to be scored on.
      config: the architecture.
      train_config: the optimization.
      goes_on: of its name, an epoch and the average F1 of that: whether it trains another; None to train all.
      constraints: declared of the corpus.
    """

    name: str
    protocol: Protocol
    corpus: str
    train: tuple[Sentence, ...]
    dev: tuple[Sentence, ...]
    config: ModelConfig
    train_config: TrainConfig
    goes_on: Callable[[str, int, float], bool] | None = None
    constraints: Constraints = NONE

    def identity(self) -> dict[str, Any]:
        """As `Record.identity`."""
        corpus = records.corpus_facts(self.corpus, self.constraints, train=self.train, dev=self.dev)
        configs = records.config_facts(self.config, self.train_config)
        return records.identity(records.SEARCH, self.protocol, corpus, configs)

    def run(self, runs_dir: pathlib.Path, threads: int) -> records.Record:
        """Trains, from where an earlier attempt was interrupted, until the last epoch or until it is stopped.

        Args:
          runs_dir: where the folders of runs are.
          threads: that TensorFlow was told to use, for the record.
        """
        folder = runs_dir / self.name
        attempts.begin(folder, threads)
        history = _read(folder)
        if all(self._goes_on(epoch, scores) for epoch, scores in enumerate(history, 1)):
            with contextlib.suppress(_StoppedError):
                self._train(folder, history)
        return self._record(folder)

    def _goes_on(self, epoch: int, scores: Scores) -> bool:
        return self.goes_on is None or self.goes_on(self.name, epoch, scores[METRIC] or 0.0)

    def _train(self, folder: pathlib.Path, history: list[Scores]) -> None:
        """Adds the scores of each epoch that is new to the history, and to its file."""
        import tf_keras as keras

        from jner_re.models import weights
        from jner_re.training import fit

        def keep(epoch: int, logs: dict[str, float]) -> None:
            if epoch < len(history):
                return
            history.append({name: _finite(value) for name, value in logs.items()})
            parameters = weights.count(callback.model)
            files.write_text(folder / _HISTORY, json.dumps({"parameters": parameters, "history": history}))
            if not self._goes_on(len(history), history[-1]):
                raise _StoppedError

        callback = keras.callbacks.LambdaCallback(on_epoch_end=keep)
        fit.train(
            self.config,
            self.train_config,
            self.train,
            self.dev,
            folder / "model",
            callbacks=[callback],
            constraints=self.constraints,
        )

    def _record(self, folder: pathlib.Path) -> records.Record:
        """Of what was trained."""
        from jner_re.models import model_files
        from jner_re.models.model_vocabulary import ModelVocabulary

        content = files.read_json(folder / _HISTORY)
        return records.Record(
            name=self.name,
            **self.identity(),
            fingerprints=ModelVocabulary.load(folder / "model" / model_files.VOCABULARY).fingerprints,
            epochs=len(content["history"]),
            threshold=self.config.threshold,
            threshold_source="as configured",
            parameters=content["parameters"],
            dev=None,
            test=None,
            history=tuple(content["history"]),
            run=attempts.finished(folder),
        )


def best_epoch(record: records.Record) -> Scores:
    """The scores of the epoch with the best average F1 on dev."""
    return max(record.history, key=lambda scores: scores[METRIC] or 0.0)


def _read(folder: pathlib.Path) -> list[Scores]:
    path = folder / _HISTORY
    return files.read_json(path)["history"] if path.exists() else []


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
