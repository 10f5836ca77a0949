"""An ensemble of trials: its threshold from dev, its evaluation on test."""

from __future__ import annotations

import dataclasses
import pathlib
import time
from typing import Any

from . import records
from .training_job import AS_CONFIGURED, AS_GIVEN, TrainingJob, finished


@dataclasses.dataclass(frozen=True)
class EnsembleJob:
    """The ensemble of some runs of one setting, which differ in their seeds.

    Its threshold is chosen on dev with the ensemble of the models that did not train on dev.

    Attributes:
      members: of protocol ON_BOTH or AS_GIVEN.
    """

    members: tuple[TrainingJob, ...]

    @property
    def name(self) -> str:
        """Such as "ensemble-1-5" of the seeds 1 to 5."""
        seeds = [member.train_config.seed for member in self.members]
        return f"ensemble-{seeds[0]}-{seeds[-1]}"

    def identity(self) -> dict[str, Any]:
        """As `Record.identity`."""
        first = self.members[0]
        return {
            **first.identity(),
            "setting": f"ensemble of {len(self.members)}",
            "members": tuple(member.name for member in self.members),
        }

    def run(self, runs_dir: pathlib.Path, threads: int) -> records.Record:
        """Joins the members, which are trained first where their model directories are not here.

        Args:
          runs_dir: where the folders of runs are.
          threads: that TensorFlow was told to use, for the record.
        """
        from jner_re.evaluation import BEST_THRESHOLD, best_threshold, evaluate
        from jner_re.models import ensemble_dir, model_dir

        started, resumed = time.time(), (runs_dir / self.name).exists()
        trained = [member.train(runs_dir) for member in self.members]
        first, folder = self.members[0], runs_dir / self.name
        threshold, source, dev = first.config.threshold, AS_CONFIGURED, None
        choosing = [run.choosing for run in trained if run.choosing is not None]
        if first.protocol != AS_GIVEN:
            ensemble_dir.write(folder / "choosing", choosing, threshold, source)
            model = model_dir.load(folder / "choosing")
            _, scored = evaluate(model, first.data.dev, threshold, "dev")
            threshold = best_threshold(first.data.dev, scored)
            source = BEST_THRESHOLD
            dev, _ = evaluate(model, first.data.dev, threshold, "dev")
        ensemble_dir.write(folder / "final", [run.final for run in trained], threshold, source)
        model = model_dir.load(folder / "final")
        report, _ = evaluate(model, first.data.test, threshold, "test")
        return records.Record(
            name=self.name,
            **self.identity(),
            epochs=max(run.epochs for run in trained),
            threshold=threshold,
            threshold_source=source,
            parameters=model_dir.trainable_parameters(model.model),
            dev=dev,
            test=report,
            history=(),
            run=finished(started, resumed, threads),
        )
