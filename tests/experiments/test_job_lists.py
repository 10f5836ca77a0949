"""The folds of a cross-validation: nobody is tested on what chose or trained the model."""

from __future__ import annotations

from experiments.jobs.job_lists import fold_jobs
from experiments.jobs.protocols import ON_DEV
from jner_re.config import ModelConfig, TrainConfig
from jner_re.corpora import data_dir


def test_every_sentence_outside_dev_is_tested_once_by_a_model_that_has_not_seen_it() -> None:
    sentences = data_dir.read_sample("train")
    jobs = fold_jobs("sample", sentences, 4, 0.1, 0, ON_DEV, ModelConfig(), TrainConfig())
    assert [job.name for job in jobs] == ["fold-1", "fold-2", "fold-3", "fold-4"]
    assert {(job.protocol, job.setting) for job in jobs} == {(ON_DEV, "4 folds")}
    tested = [sentence for job in jobs for sentence in job.data.test]
    (dev,) = {job.data.dev for job in jobs}
    assert len(dev) == round(0.1 * len(sentences))
    assert sorted([*tested, *dev], key=lambda s: s.id) == sorted(sentences, key=lambda s: s.id)
    for job in jobs:
        train, test = ({s.tokens for s in split} for split in (job.data.train, job.data.test))
        held_out = {s.tokens for s in dev}
        assert train.isdisjoint(test) and train.isdisjoint(held_out) and test.isdisjoint(held_out)
        assert len(job.data.train) + len(job.data.test) + len(dev) == len(sentences)
