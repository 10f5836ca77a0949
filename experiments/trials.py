"""Trains and tests a model for each of some seeds, and averages: for CoNLL04 the paper's protocol.

%s --preset=conll04 --data_dir=DIR --output_dir=DIR

Number of epochs and threshold come from dev: each seed trains on train alone first. What is finished is not
run again, and an interrupted run goes on.
"""

from __future__ import annotations

from collections.abc import Sequence

from absl import flags

from jner_re import program
from jner_re.errors import InputError

from . import config_flags, data_flags
from .jobs import pool, pool_flags, protocol_flags, records
from .jobs.ensemble_job import EnsembleJob
from .jobs.job_lists import trial_jobs
from .jobs.training_job import TrainingJob
from .tables import folder_tables

_SEEDS = flags.DEFINE_integer("seeds", 5, "number of trials, of the seeds from --seed on", lower_bound=1)
_MEMBERS = flags.DEFINE_integer(
    "members", 0, "also evaluate ensembles of so many of the seeds; 0 for none", lower_bound=0
)
flags.adopt_module_key_flags(pool_flags)
flags.adopt_module_key_flags(protocol_flags)
flags.adopt_module_key_flags(data_flags)
config_flags.define()


def main() -> None:
    """Runs the trials and prints their table."""
    if _MEMBERS.value and not 2 <= _MEMBERS.value <= _SEEDS.value:
        raise InputError(f"--members is {_MEMBERS.value}, expected from 2 to --seeds={_SEEDS.value}")
    config, train_config = data_flags.configs()
    protocol = protocol_flags.protocol(train_config)
    data = data_flags.read(config)
    singles = trial_jobs(data, protocol, config, train_config, _SEEDS.value)
    folders = pool_flags.folders()
    failed = pool.run_all(singles, folders, pool_flags.workers())
    if _MEMBERS.value:
        failed += pool.run_all(_ensembles(singles, folders), folders, pool_flags.workers())
    folder_tables.write_and_print(folders.output)
    pool.raise_if_failed(failed)


def _ensembles(singles: Sequence[TrainingJob], folders: pool.Folders) -> list[EnsembleJob]:
    """Of the first --members seeds, of the next, …; without those that have a member that failed."""
    groups = [singles[i : i + _MEMBERS.value] for i in range(0, len(singles), _MEMBERS.value)]
    ensembles = [EnsembleJob(tuple(group)) for group in groups if len(group) == _MEMBERS.value]
    missing = [
        ensemble
        for ensemble in ensembles
        if not all(records.path_of(folders.output, member.name).exists() for member in ensemble.members)
    ]
    for ensemble in missing:
        print(f"{ensemble.name}: left out, not all of its members are finished")
    return [ensemble for ensemble in ensembles if ensemble not in missing]


if __name__ == "__main__":
    program.run(main)
