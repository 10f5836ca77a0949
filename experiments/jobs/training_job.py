"""One run of the paper's protocols: training, choosing on dev, and the evaluation on test."""

from __future__ import annotations

import dataclasses
import datetime
import pathlib
import time
from typing import Any

from jner_re.config import ModelConfig, TrainConfig
from jner_re.corpora.checksum import corpus_checksum
from jner_re.schema import LabelSet, Sentence

from . import facts, records

ON_DEV = "trained on train; the best epoch and the threshold chosen on dev"
ON_BOTH = (
    "trained on train and dev, for the number of epochs and with the threshold that were best on dev for a "
    "first training on train alone"
)
AS_GIVEN = "trained on train and dev, for the number of epochs and with the threshold of the config"
AS_CONFIGURED = "as configured"  # what chose a threshold


@dataclasses.dataclass(frozen=True)
class Data:
    """A corpus and its splits, under the name by which published figures are found."""

    name: str
    train: tuple[Sentence, ...]
    dev: tuple[Sentence, ...]
    test: tuple[Sentence, ...]

    def facts(self) -> dict[str, Any]:
        """What a record says of it."""
        return {
            "name": self.name,
            **{
                split: {"sentences": len(sentences), "sha256": corpus_checksum(sentences)}
                for split, sentences in (("train", self.train), ("dev", self.dev), ("test", self.test))
            },
        }


@dataclasses.dataclass(frozen=True)
class Trained:
    """What a run's trainings left.

    Attributes:
      final: the model directory to evaluate on test.
      choosing: the model directory that was evaluated on dev, or None.
      epochs: that the final weights were trained for.
      threshold: theta_r.
      dev: the evaluation on dev, or None.
    """

    final: pathlib.Path
    choosing: pathlib.Path | None
    epochs: int
    threshold: float
    dev: dict[str, Any] | None


@dataclasses.dataclass(frozen=True)
class TrainingJob:
    """A model to be trained and tested.

    Attributes:
      name: of the run; its model directories are in a folder of this name, its record is NAME.json.
      setting: the runs of one setting are averaged.
      protocol: ON_DEV, ON_BOTH or AS_GIVEN.
      data: the corpus.
      config: the architecture.
      train_config: the optimization, with the seed.
    """

    name: str
    setting: str
    protocol: str
    data: Data
    config: ModelConfig
    train_config: TrainConfig

    def identity(self) -> dict[str, Any]:
        """As `Record.identity`."""
        return records.identity(self.setting, self.protocol, self.data.facts(), self._config())

    def run(self, runs_dir: pathlib.Path, threads: int) -> records.Record:
        """Trains what is not trained yet, and evaluates on test.

        Args:
          runs_dir: where the folders of runs are.
          threads: that TensorFlow was told to use, for the record.
        """
        from jner_re.evaluation import BEST_THRESHOLD, evaluate
        from jner_re.models import model_dir

        started, resumed = time.time(), (runs_dir / self.name).exists()
        trained = self.train(runs_dir)
        model = model_dir.load(trained.final)
        report, _ = evaluate(model, self.data.test, trained.threshold, "test")
        return records.Record(
            name=self.name,
            **self.identity(),
            epochs=trained.epochs,
            threshold=trained.threshold,
            threshold_source=AS_CONFIGURED if trained.dev is None else BEST_THRESHOLD,
            parameters=model_dir.trainable_parameters(model.model),
            dev=trained.dev,
            test=report,
            history=(),
            run=finished(started, resumed, threads),
        )

    def train(self, runs_dir: pathlib.Path) -> Trained:
        """Trains, or finds what was trained already."""
        from jner_re.evaluation import BEST_THRESHOLD
        from jner_re.models import model_dir

        folder = runs_dir / self.name
        both = [*self.data.train, *self.data.dev]
        if self.protocol == AS_GIVEN:
            without_dev = dataclasses.replace(self.train_config, calibrate=False, patience=0)
            self._train(without_dev, both, [], folder / "final")
            return Trained(folder / "final", None, self.train_config.epochs, self.config.threshold, None)
        calibrated = dataclasses.replace(self.train_config, calibrate=True)
        choosing = folder / "choosing"
        metrics = self._train(calibrated, list(self.data.train), list(self.data.dev), choosing)
        epochs, threshold, dev = metrics["best_epoch"], metrics["threshold"], metrics["dev"]
        if self.protocol == ON_DEV:
            return Trained(choosing, choosing, epochs, threshold, dev)
        chosen = dataclasses.replace(self.train_config, epochs=epochs, calibrate=False, patience=0)
        self._train(chosen, both, [], folder / "final")
        source = f"{BEST_THRESHOLD} of a training on train alone"
        model_dir.write_threshold(folder / "final", threshold, source)
        return Trained(folder / "final", choosing, epochs, threshold, dev)

    def label_set(self) -> LabelSet:
        """The types of the model: a rare one that is in dev alone is one of them, too."""
        return LabelSet.of([*self.data.train, *self.data.dev])

    def _train(
        self,
        train_config: TrainConfig,
        sentences: list[Sentence],
        dev: list[Sentence],
        folder: pathlib.Path,
    ) -> dict[str, Any]:
        from jner_re import training

        print(f"{self.name}: {len(sentences)} sentences, dev of {len(dev)}, model directory {folder}")
        return training.train(self.config, train_config, sentences, dev, folder, label_set=self.label_set())

    def _config(self) -> dict[str, Any]:
        return {"model": dataclasses.asdict(self.config), "train": dataclasses.asdict(self.train_config)}


def finished(started: float, resumed: bool, threads: int) -> dict[str, Any]:
    """The part of a record that differs from run to run.

    Args:
      started: `time.time()` when this process began with the run.
      resumed: whether another one had begun before; then `seconds` is not the run's whole time.
      threads: of TensorFlow.
    """
    now = datetime.datetime.now(datetime.timezone.utc)
    return {
        "finished": now.isoformat(timespec="seconds"),
        "seconds": round(time.time() - started, 1),
        "resumed": resumed,
        **facts.run_facts(threads),
    }
