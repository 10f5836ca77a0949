"""A trial of a search: trained on train, scored on dev each epoch, perhaps stopped early."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

from jner_re import files
from jner_re.config import ModelConfig, TrainConfig
from jner_re.corpora.checksum import corpus_checksum
from jner_re.schema import Sentence

from . import records

METRIC = "val_average_f1"
_HISTORY = "history.json"
Report = Callable[[dict[str, float]], None]


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
    protocol: str
    corpus: str
    train: tuple[Sentence, ...]
    dev: tuple[Sentence, ...]
    config: ModelConfig
    train_config: TrainConfig

    def identity(self) -> dict[str, Any]:
        """As `Record.identity`."""
        corpus = {
            "name": self.corpus,
            **{
                split: {"sentences": len(sentences), "sha256": corpus_checksum(sentences)}
                for split, sentences in (("train", self.train), ("dev", self.dev))
            },
        }
        config = {"model": dataclasses.asdict(self.config), "train": dataclasses.asdict(self.train_config)}
        return records.identity("search", self.protocol, corpus, config)

    def run(self, folder: pathlib.Path, report: Report) -> None:
        """Trains, and reports the scores of each epoch, those of an earlier attempt first.

        Args:
          folder: of the run, in which an interrupted one goes on.
          report: is given an epoch's `logs` and the number of parameters; it may not return.
        """
        import tensorflow as tf

        from jner_re import training
        from jner_re.models import model_dir

        path = folder / _HISTORY
        history: list[dict[str, float]] = files.read_json(path) if path.exists() else []
        for logs in history:
            report(logs)

        class Reporting(tf.keras.callbacks.Callback):
            """Reports epochs that are new."""

            def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
                """Keeps the scores before it reports them: the process may end there."""
                if epoch < len(history):
                    return
                numbers = {name: float(value) for name, value in (logs or {}).items()}
                history.append({**numbers, "parameters": model_dir.trainable_parameters(self.model)})
                files.write_text(path, json.dumps(history))
                report(history[-1])

        training.train(
            self.config, self.train_config, self.train, self.dev, folder / "model", callbacks=[Reporting()]
        )

    def record(self, history: Sequence[dict[str, float]], run: dict[str, Any]) -> records.Record:
        """Of the finished or stopped run.

        Args:
          history: what was reported, by epoch.
          run: see `Record`.
        """
        return records.Record(
            name=self.name,
            **self.identity(),
            epochs=len(history),
            threshold=self.config.threshold,
            threshold_source="as configured",
            parameters=int(history[-1]["parameters"]),
            dev=None,
            test=None,
            history=tuple(history),
            run=run,
        )


def best_epoch(record: records.Record) -> dict[str, float]:
    """The logs of the epoch with the best average F1 on dev."""
    return max(record.history, key=lambda logs: logs[METRIC])
