"""The runs of an experiment: one for each of some seeds, or for each fold."""

from __future__ import annotations

from collections.abc import Sequence

from jner_re.config import ModelConfig, TrainConfig
from jner_re.corpora.splits import folds, hold_out
from jner_re.schema import Sentence

from .protocols import Protocol
from .training_job import Data, TrainingJob


def trial_jobs(
    data: Data, protocol: Protocol, config: ModelConfig, train_config: TrainConfig, count: int
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


def fold_jobs(
    corpus: str,
    sentences: Sequence[Sentence],
    count: int,
    dev_fraction: float,
    split_seed: int,
    protocol: Protocol,
    config: ModelConfig,
    train_config: TrainConfig,
) -> list[TrainingJob]:
    """A job for each fold: tested on it, trained on the others; dev is the same for all, and in no fold.

    Args:
      corpus: its name.
      sentences: all of it.
      count: the number of folds.
      dev_fraction: the fraction of the sentences that is held out as dev.
      split_seed: of the draw of dev and folds.
      protocol: ON_DEV or FOLDS_AS_GIVEN.
      config: the architecture.
      train_config: the optimization.

    Raises:
      InputError: the corpus is too small for such a split.
    """
    rest, dev = hold_out(sentences, dev_fraction, split_seed)
    tests = folds(rest, count, split_seed)
    jobs = []
    for number, test in enumerate(tests):
        train = [sentence for other in (*tests[:number], *tests[number + 1 :]) for sentence in other]
        data = Data(corpus, tuple(train), tuple(dev), tuple(test))
        jobs.append(TrainingJob(f"fold-{number + 1}", f"{count} folds", protocol, data, config, train_config))
    return jobs
