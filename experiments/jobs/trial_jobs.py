"""The trials of a model: one for each of some seeds."""

from __future__ import annotations

from jner_re.config import ModelConfig, TrainConfig

from .training_job import Data, TrainingJob


def trial_jobs(
    data: Data, protocol: str, config: ModelConfig, train_config: TrainConfig, count: int
) -> list[TrainingJob]:
    """Runs seed-1, seed-2, … of the setting "single model".

    Args:
      data: the corpus.
      protocol: as of `TrainingJob`.
      config: the architecture.
      train_config: the optimization, with the first one's seed.
      count: number of seeds.
    """
    return [
        TrainingJob(f"seed-{each.seed}", "single model", protocol, data, config, each)
        for each in train_config.with_seeds(count)
    ]
