"""The teachers of a distillation: ensembles, each of which gives the soft targets of some sentences."""

from __future__ import annotations

import dataclasses
import pathlib
import tempfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from jner_re.config import ModelConfig, TrainConfig
from jner_re.corpora import splits
from jner_re.errors import InputError
from jner_re.schema import LabelSet, Sentence

from .job_lists import trial_jobs
from .protocols import AS_GIVEN, ON_DEV
from .training_job import AS_CONFIGURED, Data, TrainingJob

if TYPE_CHECKING:
    from jner_re.features.soft_targets import SoftTargets
    from jner_re.models.model_dir import TrainedModel

RECORDS = "members"  # in the output folder: folder of the records of models that were trained to teach


@dataclasses.dataclass(frozen=True)
class Teacher:
    """An ensemble.

    Attributes:
      taught: the sentences that it gives soft targets of.
      members: the models that it is made of.
    """

    taught: tuple[Sentence, ...]
    members: tuple[TrainingJob, ...]


def teachers(
    data: Data, folds: int, members: int, split_seed: int, config: ModelConfig, train_config: TrainConfig
) -> list[Teacher]:
    """A teacher for each fold of train and dev, not trained on it; all have the types of both.

    Dev chooses the members' epochs; none of it is trained on. Its sentences are in folds too, since the
    students' last training learns them: together with the sentences of train that have the same tokens.

    Args:
      data: the corpus.
      folds: their number.
      members: models in an ensemble, of as many seeds.
      split_seed: of the draw of the folds.
      config: the architecture.
      train_config: the optimization, with the first member's seed.

    Raises:
      InputError: the corpus is too small for so many folds.
    """
    both = (*data.train, *data.dev)
    found = []
    for number, held_out in enumerate(splits.folds(both, folds, split_seed), 1):
        texts = {sentence.tokens for sentence in held_out}
        train = tuple(sentence for sentence in data.train if sentence.tokens not in texts)
        test = tuple(sentence for sentence in data.train if sentence.tokens in texts)
        if not train or not test:
            raise InputError(f"{len(both)} sentences are too few for {folds} folds")
        jobs = [
            TrainingJob(
                f"fold-{number}-seed-{each.seed}",
                f"{folds} folds",
                ON_DEV,
                Data(data.name, train, data.dev, test, data.constraints),
                config,
                each,
                LabelSet.of(both),
            )
            for each in train_config.with_seeds(members)
        ]
        found.append(Teacher(tuple(held_out), tuple(jobs)))
    return found


def seen_teacher(data: Data, members: int, config: ModelConfig, train_config: TrainConfig) -> Teacher:
    """The ensemble of the trials of `--protocol=paper`: it teaches what it was trained on, train and dev."""
    jobs = trial_jobs(data, AS_GIVEN, config, train_config, members)
    return Teacher((*data.train, *data.dev), tuple(jobs))


def soft_targets(
    of: Sequence[Teacher], facts: dict[str, Any], path: pathlib.Path, runs_dir: pathlib.Path
) -> SoftTargets:
    """What the teachers teach: from its file, or else made by their members and written to it.

    Args:
      of: the teachers; members whose model directories are not here are trained first.
      facts: what the targets are made from.
      path: of the file.
      runs_dir: folder of the model directories.

    Raises:
      InputError: the file is damaged or was made from something else.
    """
    from jner_re.features import soft_targets
    from jner_re.training.distillation import teach

    sentences = [sentence for teacher in of for sentence in teacher.taught]
    if path.exists():
        return soft_targets.read(path, sentences, facts)
    targets: dict[Sentence, Any] = {}
    for number, teacher in enumerate(of, 1):
        print(f"soft targets by teacher {number} of {len(of)}: {len(teacher.taught)} sentences", flush=True)
        targets.update(teach(_opened(teacher, runs_dir), teacher.taught))
    soft_targets.write(path, targets, sentences, facts)
    return targets


def _opened(teacher: Teacher, runs_dir: pathlib.Path) -> TrainedModel:
    """The ensemble, or the one member."""
    from jner_re.models import ensemble_dir, model_dir, model_files

    trained = [member.final(runs_dir) for member in teacher.members]
    for member, folder in zip(teacher.members, trained, strict=True):
        if not (folder / model_files.METRICS).exists():  # only its record was kept
            member.train(runs_dir)
    if len(trained) == 1:
        return model_dir.load(trained[0])
    with tempfile.TemporaryDirectory(dir=runs_dir, prefix=".ensemble-") as temporary:
        joined = pathlib.Path(temporary) / "model"
        ensemble_dir.write(joined, trained, teacher.members[0].config.threshold, AS_CONFIGURED)
        return model_dir.load(joined)
