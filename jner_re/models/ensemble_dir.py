"""Joins model directories to one that holds their ensemble."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import shutil
from collections.abc import Sequence

from jner_re import config as configs
from jner_re import constraints, files
from jner_re.errors import InputError
from jner_re.models import model_files
from jner_re.models.model_vocabulary import ModelVocabulary


def write(model_dir: pathlib.Path, members: Sequence[pathlib.Path], threshold: float, source: str) -> None:
    """Writes a model directory that holds the ensemble of others (`ensemble.build`), and needs them no more.

    Args:
      model_dir: to be written; what is there is replaced.
      members: at least two model directories of one model config, trained on the same sentences.
      threshold: theta_r of the ensemble.
      source: what chose it.

    Raises:
      InputError: a directory isn't one, or is of another config, corpus or encoder than the first, or has
        other constraints.
    """
    if len(members) < 2:
        raise InputError(f"{len(members)} members, expected at least two model directories")
    for path in members[1:]:
        if _kind(path) != _kind(members[0]):
            raise InputError(
                f"{path}: is of another model config, corpus or encoder than {members[0]}, expected members "
                "that differ in how they were trained alone"
            )
        if constraints.load_if_there(path) != constraints.load_if_there(members[0]):
            raise InputError(
                f"{path}: declares other constraints than {members[0]}, expected the same "
                f"{model_files.CONSTRAINTS} in both"
            )
    with files.atomic_write(model_dir) as new:
        (new / model_files.CHECKPOINTS).mkdir(parents=True)
        for name in (model_files.CONFIG, model_files.VOCABULARY):
            shutil.copyfile(members[0] / name, new / name)
        for name in (model_files.EXAMPLES, model_files.CONSTRAINTS):
            if (members[0] / name).exists():  # training of before wrote no examples
                shutil.copyfile(members[0] / name, new / name)
        for number, path in enumerate(members):
            shutil.copyfile(
                path / model_files.WEIGHTS, new / model_files.MEMBER_WEIGHTS.format(f"{number:02}")
            )
        trained = [configs.load(path / model_files.CONFIG)[1] for path in members]
        facts = [{"seed": config.seed, "epochs": config.epochs} for config in trained]
        files.write_text(new / model_files.MEMBERS, json.dumps(facts) + "\n")
        model_files.write_threshold(new, threshold, source)


def _kind(path: pathlib.Path) -> tuple[configs.ModelConfig, ModelVocabulary]:
    """What members must agree in; their own thresholds are not used."""
    config, _ = configs.load(path / model_files.CONFIG)
    return dataclasses.replace(config, threshold=0.0), ModelVocabulary.load(path / model_files.VOCABULARY)
