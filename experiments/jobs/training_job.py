"""One run of a protocol: training, choosing on dev, and the evaluation on test, or of comparisons on dev."""

from __future__ import annotations

import dataclasses
import pathlib
import re
from typing import TYPE_CHECKING, Any

from jner_re.config import ModelConfig, TrainConfig
from jner_re.constraints import NONE, Constraints
from jner_re.models import model_files
from jner_re.schema import LabelSet, Sentence

if TYPE_CHECKING:
    from jner_re.features.soft_targets import SoftTargets

from . import attempts, records
from .protocols import AS_GIVEN, FOLDS_AS_GIVEN, ON_DEV, SCORED_ON_DEV, Protocol

AS_CONFIGURED = "as configured"  # what chose a threshold
CHOOSING = "choosing"  # in a run's folder: the model directory of the training that dev chooses from
_FINAL = "final"  # likewise: of the one after it, or of the only one where dev chooses nothing


@dataclasses.dataclass(frozen=True)
class Data:
    """A corpus and its splits, under the name by which published figures are found.

    `test` is empty where it is not to be looked at; `constraints` are declared of its relations.
    """

    name: str
    train: tuple[Sentence, ...]
    dev: tuple[Sentence, ...]
    test: tuple[Sentence, ...]
    constraints: Constraints = NONE

    def facts(self) -> dict[str, Any]:
        """What a record says of it."""
        tested = {"test": self.test} if self.test else {}
        return records.corpus_facts(self.name, self.constraints, train=self.train, dev=self.dev, **tested)


@dataclasses.dataclass(frozen=True)
class Trained:
    """What a run's trainings left.

    Attributes:
      final: the model directory to evaluate.
      choosing: the model directory that was evaluated on dev, or None.
      epochs: that the final weights were trained for.
      threshold: theta_r.
      threshold_source: what chose it.
      dev: the evaluation on dev, or None.
    """

    final: pathlib.Path
    choosing: pathlib.Path | None
    epochs: int
    threshold: float
    threshold_source: str
    dev: dict[str, Any] | None


@dataclasses.dataclass(frozen=True)
class Lesson:
    """What is learned in place of the annotation.

    Attributes:
      soft_targets: of all sentences of train and dev.
      protocol: that of the training, and how they are made.
    """

    soft_targets: SoftTargets = dataclasses.field(repr=False)
    protocol: Protocol


def run_name(setting: str, seed: int) -> str:
    """Of the run of a setting, as it stands in file names, e.g. "no-ner-specific-seed-1"."""
    return f"{slug(setting)}-seed-{seed}"


def slug(setting: str) -> str:
    """A setting's name in those of files: letters, digits, underscores, dots and hyphens."""
    return re.sub(r"[^\w.]+", "-", setting.lower()).strip("-.")


@dataclasses.dataclass(frozen=True)
class TrainingJob:
    """A model to be trained, and evaluated on test, or on dev if that is what its protocol says.

    Attributes:
      name: of the run; its model directories are in a folder of this name, its record is NAME.json.
      setting: the runs of one setting are averaged.
      protocol: ON_DEV, ON_BOTH, AS_GIVEN, FOLDS_AS_GIVEN or SCORED_ON_DEV.
      data: the corpus.
      config: the architecture.
      train_config: the optimization, with the seed.
      label_set: the types of the model; by default those of train and dev.
      lesson: what is learned in place of the annotation, or None.
    """

    name: str
    setting: str
    protocol: Protocol
    data: Data
    config: ModelConfig
    train_config: TrainConfig
    label_set: LabelSet | None = None
    lesson: Lesson | None = None

    def identity(self) -> dict[str, Any]:
        """As `Record.identity`."""
        configs = records.config_facts(self.config, self.train_config)
        protocol = self.lesson.protocol if self.lesson else self.protocol
        return records.identity(self.setting, protocol, self.data.facts(), configs)

    def run(self, runs_dir: pathlib.Path, threads: int) -> records.Record:
        """Trains what is not trained yet, and evaluates.

        Args:
          runs_dir: where the folders of runs are.
          threads: that TensorFlow was told to use, for the record.
        """
        from jner_re.evaluation.evaluate import evaluate
        from jner_re.models import model_dir, weights

        attempts.begin(runs_dir / self.name, threads)
        trained = self.train(runs_dir)
        model = model_dir.load(trained.final)
        split = "dev" if self.protocol == SCORED_ON_DEV else "test"
        report, _ = evaluate(model, getattr(self.data, split), trained.threshold, split)
        return records.Record(
            name=self.name,
            **self.identity(),
            fingerprints=model.vocabulary.fingerprints,
            epochs=trained.epochs,
            threshold=trained.threshold,
            threshold_source=trained.threshold_source,
            parameters=weights.count(model.model),
            dev=report if split == "dev" else trained.dev,
            test=report if split == "test" else None,
            history=(),
            run=attempts.finished(runs_dir / self.name),
        )

    def final(self, runs_dir: pathlib.Path) -> pathlib.Path:
        """The model directory that is evaluated."""
        return runs_dir / self.name / (CHOOSING if self.protocol == ON_DEV else _FINAL)

    def train(self, runs_dir: pathlib.Path) -> Trained:
        """Trains, or finds what was trained already."""

        final, choosing = self.final(runs_dir), runs_dir / self.name / CHOOSING
        without_dev = dataclasses.replace(self.train_config, calibrate=False, patience=0)
        if self.protocol in (AS_GIVEN, FOLDS_AS_GIVEN, SCORED_ON_DEV):
            sentences = self.both() if self.protocol == AS_GIVEN else self.data.train
            self._train(without_dev, sentences, (), final)
            epochs, threshold = self.train_config.epochs, self.config.threshold
            return Trained(final, None, epochs, threshold, AS_CONFIGURED, None)
        calibrated = dataclasses.replace(self.train_config, calibrate=True)
        metrics = self._train(calibrated, self.data.train, self.data.dev, choosing)
        chosen = (metrics["best_epoch"], metrics["threshold"], metrics["threshold_source"], metrics["dev"])
        if self.protocol == ON_DEV:
            return Trained(final, choosing, *chosen)
        epochs, threshold, source, _ = chosen
        self._train(dataclasses.replace(without_dev, epochs=epochs), self.both(), (), final)
        model_files.write_threshold(final, threshold, f"{source} for a training on train alone")
        return Trained(final, choosing, *chosen)

    def both(self) -> tuple[Sentence, ...]:
        """Train and dev."""
        return (*self.data.train, *self.data.dev)

    def _train(
        self,
        train_config: TrainConfig,
        sentences: tuple[Sentence, ...],
        dev: tuple[Sentence, ...],
        folder: pathlib.Path,
    ) -> dict[str, Any]:
        from jner_re.training import fit

        if not (folder / model_files.METRICS).exists():  # else it is finished, and only opened
            of_dev = f", dev of {len(dev)}" if dev else ""
            print(f"{len(sentences)} sentences{of_dev}, model directory {folder}", flush=True)
        # A rare type may be in dev alone: the model has it all the same.
        options: dict[str, Any] = {
            "label_set": self.label_set or LabelSet.of(self.both()),
            "corpus_name": self.data.name,
            "constraints": self.data.constraints,
        }
        if self.lesson:
            options["soft_targets"] = self.lesson.soft_targets
        return fit.train(self.config, train_config, sentences, dev, folder, **options)
