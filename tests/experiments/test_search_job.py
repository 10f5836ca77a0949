"""A trial of a search: what it reports, and how it goes on."""

from __future__ import annotations

import dataclasses
import pathlib

import pytest

from experiments.jobs.search_job import METRIC, SearchJob, best_epoch
from jner_re.config import ModelConfig, TrainConfig
from jner_re.corpora import sample_corpus

TINY = ModelConfig(encoder="", glove="", char_rnn_size=4, rnn_size=4, re_layers=0)


class KilledError(Exception):
    """Stands for the end of the process."""


def test_a_killed_trial_reports_from_the_start_and_trains_what_is_left(tmp_path: pathlib.Path) -> None:
    train, dev = sample_corpus.read_sample("train")[:16], sample_corpus.read_sample("dev")[:4]
    train_config = TrainConfig(epochs=3, batch_size=8, learning_rate=0.01)
    job = SearchJob("trial-a", "to its end", "sample", tuple(train), tuple(dev), TINY, train_config)

    def killed_after(epochs: int) -> list[float]:
        reported: list[float] = []

        def report(score: float) -> None:
            reported.append(score)
            if len(reported) == epochs:
                raise KilledError

        with pytest.raises(KilledError):
            job.run(tmp_path / "killed", 1, report)
        return reported

    first = killed_after(2)
    again: list[float] = []
    job.run(tmp_path / "killed", 1, again.append)
    whole: list[float] = []
    job.run(tmp_path / "whole", 1, whole.append)
    assert again == whole and again[:2] == first and len(whole) == 3
    records = [job.record(tmp_path / name) for name in ("killed", "whole")]
    assert [len(record.run["attempts"]) for record in records] == [2, 1]
    one, other = (dataclasses.replace(record, run={}) for record in records)
    assert one == other and one.identity() == job.identity()
    assert [scores[METRIC] for scores in one.history] == whole
    assert best_epoch(one)[METRIC] == max(whole)
    assert one.test is None and one.parameters > 0
