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
    data: dict[tuple[str, str, int], Data] = {}  # documents are read as a variant's flags say
    jobs = []
    for name, (config, train_config) in variants.items():
        reading = (config.tokenization, config.lines, config.window)
        if reading not in data:
            train, dev = (data_flags.read_split(split, config) for split in ("train", "dev"))
            data[reading] = Data(data_flags.name(), train, dev, ())
        jobs += [
            TrainingJob(run_name(name, each.seed), name, SCORED_ON_DEV, data[reading], config, each)
            for each in train_config.with_seeds(_SEEDS.value)
        ]
    if pool.unfinished(jobs, pool_flags.folders().output):
        check_encoders(variants)
    run_jobs(jobs)


if __name__ == "__main__":
    program.run(main)
