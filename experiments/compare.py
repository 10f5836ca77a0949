"""Compares options on dev: each variant of the flags is trained on train with some seeds, and scored on dev.

python -m experiments.compare --flagfile=experiments/presets/conll04.flags --data_dir=DIR --output_dir=DIR \
  --variant="smaller: --rnn_size=128" --variant="LSTM: --rnn_cell=lstm"

The baseline is what the other flags say. The table has each variant's difference from it, seed by seed: one
that is not several times its standard error is none. Test is not looked at. What is finished is not run
again, so that variants and seeds can be added.

--helpfull also shows the flags of model and training.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from absl import flags

from jner_re import program
from jner_re.errors import InputError

from . import config_flags, data_flags
from .config_flags import Configs
from .jobs import pool, pool_flags
from .jobs.training_job import SCORED_ON_DEV, Data, TrainingJob, run_name
from .tables import folder_tables
from .tables.published import BASELINE

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
    given = config_flags.parsed()
    variants = variants_of(given, _VARIANTS.value)
    data = Data(data_flags.name(), data_flags.read_split("train"), data_flags.read_split("dev"), ())
    _check_encoders(variants)
    jobs = [
        TrainingJob(run_name(name, each.seed), name, SCORED_ON_DEV, data, config, each)
        for name, (config, train_config) in variants.items()
        for each in train_config.with_seeds(_SEEDS.value)
    ]
    folders = pool_flags.folders()
    failed = pool.run_all(jobs, folders, pool_flags.workers())
    folder_tables.write_and_print(folders.output)
    pool.refuse_failed(failed)


def variants_of(given: Configs, texts: Sequence[str]) -> dict[str, Configs]:
    """The configs of the baseline and of each variant, by name.

    Args:
      given: the baseline's.
      texts: each a name, a colon and flags.

    Raises:
      InputError: one is not, its flags are not valid, it changes nothing, or two have one name.
    """
    variants = {BASELINE: given}
    slugs = {run_name(BASELINE, 0)}
    for text in texts:
        name, colon, changes = (part.strip() for part in text.partition(":"))
        if not colon or not name or not changes:
            raise InputError(
                f'--variant={text!r}: expected a name, a colon and flags, such as "smaller: --rnn_size=128"'
            )
        if run_name(name, 0) in slugs:
            raise InputError(
                f"--variant={text!r}: another name is like {name!r}: expected names that differ in more than "
                "capitals and signs, which names of files don't have"
            )
        slugs.add(run_name(name, 0))
        try:
            variants[name] = config_flags.changed(given, changes)
        except InputError as error:
            raise InputError(
                f"--variant={text!r}: {error} (a variant has flags of model and training)"
            ) from None
        if variants[name] == given:
            raise InputError(f"--variant={text!r}: changes nothing of the baseline")
        if variants[name][1].seed != given[1].seed:
            raise InputError(
                f"--variant={text!r}: changes the seed, expected the baseline's (--seed, --seeds)"
            )
    return variants


def _check_encoders(variants: Mapping[str, Configs]) -> None:
    """Fetches what the variants read; raises InputError, with the variant's name, where it can't be had."""
    program.import_tensorflow_quietly()
    from jner_re.features.inputs import make_inputs, open_frozen

    for name, (config, _) in variants.items():
        try:
            make_inputs(config, open_frozen(config), "a")
        except InputError as error:
            raise InputError(f"{name}: {error}") from None


if __name__ == "__main__":
    program.run(main)
