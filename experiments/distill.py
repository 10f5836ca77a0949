"""Distills ensembles into one model: trains it on what models that have not seen a sentence say of it.

%s --preset=conll04 --data_dir=DIR --output_dir=DIR

Of each fold of the training sentences, an ensemble trained on the other folds gives the probabilities of tag
sequences and relations. The students are trained on the mixture of these and the annotation, and tested as
experiments.trials does. --folds=0 takes the ensemble of the trials themselves, which has seen all sentences.
What is finished is not run again, and an interrupted run goes on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from absl import flags

from jner_re import program
from jner_re.config import ModelConfig, TrainConfig
from jner_re.errors import InputError
from jner_re.schema import LabelSet

from . import config_flags, data_flags
from .jobs import pool, pool_flags, protocol_flags, protocols, records, teachers
from .jobs.protocols import AS_GIVEN
from .jobs.training_job import Data, Lesson, TrainingJob, run_name
from .run_jobs import run_jobs

if TYPE_CHECKING:
    from jner_re.features.soft_targets import SoftTargets

_FOLDS = flags.DEFINE_integer(
    "folds",
    5,
    "number of folds of the training sentences, 2 or more; 0 for one ensemble, trained on all of them: that "
    "of trials --protocol=paper, whose models are used if --output_dir and --runs_dir are the same",
    lower_bound=0,
)
_MEMBERS = flags.DEFINE_integer(
    "members", 5, "models in each ensemble, of the seeds from --seed on", lower_bound=1
)
_SPLIT_SEED = flags.DEFINE_integer("split_seed", 0, "seed of the draw of the folds")
_SEEDS = flags.DEFINE_integer("seeds", 5, "number of students, of the seeds from --seed on", lower_bound=1)
_WEIGHT = flags.DEFINE_float(
    "soft_weight",
    0.5,
    "weight of the ensembles' probabilities; the annotation has the rest",
    lower_bound=0,
    upper_bound=1,
)
flags.adopt_module_key_flags(pool_flags)
flags.adopt_module_key_flags(protocol_flags)
flags.adopt_module_key_flags(data_flags)
config_flags.define()


def main() -> None:
    """Trains the members, then the students, and prints the students' table."""
    config, train_config = data_flags.configs()
    if _FOLDS.value == 1:
        raise InputError("--folds is 1, expected 2 or more, or 0 for teachers that have seen all sentences")
    if not _FOLDS.value and protocol_flags.protocol(train_config) != AS_GIVEN:
        raise InputError("--folds=0 needs --protocol=paper: dev, which its teachers have seen, can't choose")
    data, folders = data_flags.read(config), pool_flags.folders()
    targets: SoftTargets = {}
    if pool.unfinished(_students(data, config, train_config, targets), folders.output):
        targets = _mixed_targets(data, config, train_config, folders)
    run_jobs(_students(data, config, train_config, targets))


def _students(
    data: Data, config: ModelConfig, train_config: TrainConfig, targets: SoftTargets
) -> list[TrainingJob]:
    protocol = protocol_flags.protocol(train_config)
    taught = protocols.distilled(protocol, _WEIGHT.value, _MEMBERS.value, _FOLDS.value, _SPLIT_SEED.value)
    name = "distilled" if _FOLDS.value else "distilled from seen sentences"
    return [
        TrainingJob(
            run_name(f"{name} {_WEIGHT.value:g}", each.seed),
            f"{name}, weight {_WEIGHT.value:g}",
            protocol,
            data,
            config,
            each,
            lesson=Lesson(targets, taught),
        )
        for each in train_config.with_seeds(_SEEDS.value)
    ]


def _mixed_targets(
    data: Data, config: ModelConfig, train_config: TrainConfig, folders: pool.Folders
) -> SoftTargets:
    """What the students learn, after training the members that are not trained yet."""
    if _FOLDS.value:
        split = (_FOLDS.value, _MEMBERS.value, _SPLIT_SEED.value)
        found = teachers.teachers(data, *split, config, train_config)
        of_members = pool.Folders(folders.output / teachers.RECORDS, folders.runs)
        path = folders.output / "soft_targets.npz"
    else:
        found = [teachers.seen_teacher(data, _MEMBERS.value, config, train_config)]
        of_members = folders
        path = folders.output / "soft_targets_of_seen.npz"
    members = [member for teacher in found for member in teacher.members]
    failed = pool.run_all(members, of_members, pool_flags.workers())
    pool.raise_if_failed(failed, "no student was trained")
    program.import_tensorflow_quietly(pool_flags.workers().threads)
    program.start_xla_quietly()
    from jner_re.features import soft_targets

    targets = teachers.soft_targets(found, _facts(data, config, train_config), path, folders.runs)
    return soft_targets.mixed(targets, _WEIGHT.value, LabelSet.of((*data.train, *data.dev)))


def _facts(data: Data, config: ModelConfig, train_config: TrainConfig) -> dict[str, Any]:
    """What soft targets are made from, by the names of flags and splits."""
    configs = records.config_facts(config, train_config)
    corpus = records.corpus_facts(data.name, train=data.train, dev=data.dev)
    teaching = {"folds": _FOLDS.value, "members": _MEMBERS.value}
    if _FOLDS.value:
        teaching["split_seed"] = _SPLIT_SEED.value
    return {**teaching, **corpus, **configs["model"], **configs["train"]}


if __name__ == "__main__":
    program.run(main)
