"""An ensemble of trials: its threshold from dev, its evaluation on test."""

from __future__ import annotations

import dataclasses
import pathlib
from typing import Any

from . import attempts, records
from .training_job import AS_CONFIGURED, Trained, TrainingJob


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
        """As `Record.identity`; the seed in its config is the first member's."""
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
        from jner_re.evaluation.card import card
        from jner_re.evaluation.evaluate import evaluate
        from jner_re.models import ensemble_dir, model_dir, weights

        folder, test = runs_dir / self.name, self.members[0].data.test
        attempts.begin(folder, threads)
        trained = [member.train(runs_dir) for member in self.members]
        threshold, source, dev = self._chosen_on_dev(trained, folder / "choosing")
        ensemble_dir.write(folder / "final", [run.final for run in trained], threshold, source)
        card.write(folder / "final")
        model = model_dir.load(folder / "final")
        report, _ = evaluate(model, test, threshold, "test")
        return records.Record(
            name=self.name,
            **self.identity(),
            fingerprints=model.vocabulary.fingerprints,
            epochs=max(run.epochs for run in trained),
            threshold=threshold,
            threshold_source=source,
            parameters=weights.count(model.model),
            dev=dev,
            test=report,
            history=(),
            run=attempts.finished(folder),
        )

    def _chosen_on_dev(
        self, trained: list[Trained], folder: pathlib.Path
    ) -> tuple[float, str, dict[str, Any] | None]:
        """The threshold, what chose it, and the evaluation on dev with it."""
        from jner_re.evaluation.evaluate import best_threshold, evaluate
        from jner_re.models import ensemble_dir, model_dir

        first = self.members[0]
        choosing = [run.choosing for run in trained if run.choosing is not None]
        if not choosing:
            return first.config.threshold, AS_CONFIGURED, None
        ensemble_dir.write(folder, choosing, first.config.threshold, AS_CONFIGURED)
        model = model_dir.load(folder)
        _, scored = evaluate(model, first.data.dev, first.config.threshold, "dev")
        threshold, source = best_threshold(first.data.dev, scored, first.config.threshold)
        return threshold, source, evaluate(model, first.data.dev, threshold, "dev")[0]
