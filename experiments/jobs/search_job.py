"""A trial of a search: trained on train, scored on dev each epoch, perhaps stopped early."""

from __future__ import annotations

import dataclasses
import json
import math
import pathlib
from collections.abc import Callable
from typing import Any

from jner_re import files
from jner_re.config import ModelConfig, TrainConfig
from jner_re.schema import Sentence

from . import attempts, records
from .protocols import Protocol

METRIC = "val_average_f1"
_HISTORY = "history.json"
Scores = dict[str, float | None]  # None where a number is not finite


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
    """

    name: str
    protocol: Protocol
    corpus: str
    train: tuple[Sentence, ...]
    dev: tuple[Sentence, ...]
    config: ModelConfig
    train_config: TrainConfig

    def identity(self) -> dict[str, Any]:
        """As `Record.identity`."""
        corpus = records.corpus_facts(self.corpus, train=self.train, dev=self.dev)
        configs = records.config_facts(self.config, self.train_config)
        return records.identity(records.SEARCH, self.protocol, corpus, configs)

    def run(self, folder: pathlib.Path, threads: int, report: Callable[[float], None]) -> None:
        """Trains, and reports the average F1 of each epoch, those of an earlier attempt first.

        Args:
          folder: of the run, in which an interrupted one goes on.
          threads: that TensorFlow was told to use, for the record.
          report: is given an epoch's score; it may not return.
        """
        import tf_keras as keras

        from jner_re.models import weights
        from jner_re.training import fit

        attempts.begin(folder, threads)
        history = _read(folder)
        for scores in history:
            report(scores[METRIC] or 0.0)

        class Reporting(keras.callbacks.Callback):
            """Reports epochs that are new."""

            def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
                """Keeps the scores before it reports them: the process may end there."""
                if epoch < len(history):
                    return
                history.append({name: _finite(value) for name, value in (logs or {}).items()})
                content = {
                    "parameters": weights.count(self.model),
                    "history": history,
                }
                files.write_text(folder / _HISTORY, json.dumps(content))
                report(history[-1][METRIC] or 0.0)

        fit.train(
            self.config, self.train_config, self.train, self.dev, folder / "model", callbacks=[Reporting()]
        )

    def record(self, folder: pathlib.Path) -> records.Record:
        """Of the run that was finished or stopped.

        Raises:
          InputError: it has no epoch.
        """
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
