r"""Compares options on dev: each variant of the flags is trained on train with some seeds, and scored on dev.

%s --preset=conll04 --data_dir=DIR --output_dir=DIR \
  --variant="smaller: --rnn_size=128" --variant="LSTM: --rnn_cell=lstm"

The baseline is what the other flags say. The table has each variant's difference from it, seed by seed: one
that is not several times its standard error is none. Test is not looked at. What is finished is not run
again, so that variants and seeds can be added.
"""

from __future__ import annotations

from absl import flags

from jner_re import program
from jner_re.config import ModelConfig
from jner_re.errors import InputError

from . import config_flags, data_flags
from .jobs import pool, pool_flags
from .jobs.protocols import SCORED_ON_DEV
from .jobs.training_job import Data, TrainingJob, run_name
from .run_jobs import run_jobs
from .variants import check_encoders, variants_of

_VARIANTS = flags.DEFINE_multi_string(
    "variant",
    [],
    'a name, a colon, and the flags of model and training in which it differs: "smaller: --rnn_size=128"; '
    "may be repeated",
)
_SEEDS = flags.DEFINE_integer(
    "seeds", 3, "number of trainings of each variant, of the seeds from --seed on", lower_bound=1
)
flags.adopt_module_key_flags(pool_flags)
flags.adopt_module_key_flags(data_flags)
config_flags.define()


def main() -> None:
    """Trains what is not trained yet, and prints the table."""
    given = data_flags.configs()
    variants = variants_of(given, _VARIANTS.value)
    train, dev = (data_flags.read_split(split, given[0]) for split in ("train", "dev"))
    for name, (config, _) in variants.items():
        if _reading(config) != _reading(given[0]) and data_flags.read_split("dev", config) != dev:
            raise InputError(
                f"variant {name!r} reads the documents otherwise, so that scores on dev can't be compared; "
                "train it with an --output_dir of its own, and evaluate both from raw text (jner-re evaluate)"
            )
    data = Data(data_flags.name(), train, dev, (), data_flags.constraints(train, dev))
    jobs = [
        TrainingJob(run_name(name, each.seed), name, SCORED_ON_DEV, data, config, each)
        for name, (config, train_config) in variants.items()
        for each in train_config.with_seeds(_SEEDS.value)
    ]
    if pool.unfinished(jobs, pool_flags.folders().output):
        check_encoders(variants)
    run_jobs(jobs)


def _reading(config: ModelConfig) -> tuple[str, str, str, int]:
    """What decides how documents become sentences."""
    return config.tokenization, config.lines, config.language, config.window


if __name__ == "__main__":
    program.run(main)
