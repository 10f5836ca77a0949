"""The teachers of a distillation: no model teaches what it was trained on, and targets are made once.

Models are left out: tests/test_distillation.py is about these.
"""

from __future__ import annotations

import pathlib
from typing import Any

import pytest

from experiments.jobs import teachers
from experiments.jobs.pool import Folders
from experiments.jobs.protocols import AS_GIVEN, ON_DEV
from experiments.jobs.training_job import Data, TrainingJob
from jner_re.config import ModelConfig, TrainConfig
from jner_re.corpora import data_dir
from jner_re.errors import InputError
from jner_re.features import soft_targets
from jner_re.models import ensemble_dir, model_dir
from jner_re.schema import LabelSet, Sentence
from jner_re.training import distillation

TRAIN, DEV, TEST = (tuple(data_dir.read_sample(split)) for split in ("train", "dev", "test"))
TWICE = Sentence(TRAIN[7].tokens, id="the same tokens in dev, without their entities")
DATA = Data("sample", TRAIN, (*DEV, TWICE), TEST)
LABELS = LabelSet.of((*TRAIN, *DEV))


def make(members: int = 2, folds: int = 3) -> list[teachers.Teacher]:
    return teachers.teachers(DATA, folds, members, 0, ModelConfig(), TrainConfig(seed=5))


def test_no_member_was_trained_on_what_it_teaches() -> None:
    made = make()
    taught = [sentence for teacher in made for sentence in teacher.taught]
    assert sorted(taught, key=lambda s: s.id) == sorted((*TRAIN, *DEV, TWICE), key=lambda s: s.id)
    for number, teacher in enumerate(made, 1):
        names = [f"fold-{number}-seed-5", f"fold-{number}-seed-6"]
        assert [member.name for member in teacher.members] == names
        held_out = {sentence.tokens for sentence in teacher.taught}
        for member in teacher.members:
            assert (member.protocol, member.setting, member.label_set) == (ON_DEV, "3 folds", LABELS)
            assert member.data.dev == DATA.dev
            assert held_out.isdisjoint(sentence.tokens for sentence in member.data.train)
            assert set(member.data.test) == set(teacher.taught) & set(TRAIN)
            assert {*member.data.train, *member.data.test} == set(TRAIN)
    assert len({s.tokens for s in taught}) < len(taught)  # some sentences are twice in the corpus
    with pytest.raises(InputError, match="folds"):
        make(folds=10_000)


Taught = list[tuple[Any, tuple[Sentence, ...]]]


@pytest.fixture
def taught(monkeypatch: pytest.MonkeyPatch) -> Taught:
    """(the names of an ensemble's members, the sentences) of each lesson; annotations are what is taught."""
    calls: Taught = []
    joined: dict[pathlib.Path, tuple[str, ...]] = {}

    def write(folder: pathlib.Path, of: list[pathlib.Path], threshold: float, source: str) -> None:
        joined[folder] = tuple(f"{path.parent.name}/{path.name}" for path in of)

    def teach(teacher: Any, sentences: tuple[Sentence, ...]) -> Any:
        calls.append((teacher, sentences))
        return {sentence: soft_targets.hard(sentence, LABELS) for sentence in sentences}

    monkeypatch.setattr(ensemble_dir, "write", write)
    monkeypatch.setattr(model_dir, "load", joined.__getitem__)
    monkeypatch.setattr(distillation, "teach", teach)
    return calls


def test_the_ensemble_of_the_trials_can_teach_what_it_has_seen(
    taught: Taught, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TrainingJob, "train", lambda job, runs: None)
    teacher = teachers.seen_teacher(DATA, 2, ModelConfig(), TrainConfig(seed=5))
    assert [(m.name, m.setting, m.protocol, m.data) for m in teacher.members] == [
        (f"seed-{seed}", "single model", AS_GIVEN, DATA) for seed in (5, 6)
    ]
    teachers.soft_targets([teacher], {"folds": 0}, tmp_path / "targets.npz", tmp_path)
    assert taught == [(("seed-5/final", "seed-6/final"), (*DATA.train, *DATA.dev))]


def test_soft_targets_are_made_once(
    taught: Taught, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained: list[str] = []
    monkeypatch.setattr(TrainingJob, "train", lambda job, runs: trained.append(job.name))
    folders, facts, made = Folders(tmp_path / "out", tmp_path / "runs"), {"folds": 3}, make()
    for number in (1, 2, 3):
        (folders.runs / f"fold-{number}-seed-5" / "choosing").mkdir(parents=True)
        (folders.runs / f"fold-{number}-seed-5" / "choosing" / "metrics.json").touch()
    path = tmp_path / "targets.npz"
    first = teachers.soft_targets(made, facts, path, folders.runs)
    assert trained == ["fold-1-seed-6", "fold-2-seed-6", "fold-3-seed-6"]  # whose folders are lost
    assert taught == [
        (tuple(f"fold-{k}-seed-{seed}/choosing" for seed in (5, 6)), teacher.taught)
        for k, teacher in enumerate(made, 1)
    ]
    assert set(first) == {*TRAIN, *DEV, TWICE}

    second = teachers.soft_targets(made, facts, path, folders.runs)
    assert len(taught) == 3 and set(second) == set(first)
    assert not list(folders.runs.glob(".ensemble*"))
    with pytest.raises(InputError, match=r"targets\.npz: folds is 3, expected 4"):
        teachers.soft_targets(made, {"folds": 4}, path, folders.runs)
