"""The progress line: in a file, and on a terminal."""

from __future__ import annotations

import sys

import pytest

from jner_re.training import progress_line
from jner_re.training.checkpoints import Progress
from jner_re.training.progress_line import ProgressLine


class Clock:
    """Stands for the module time."""

    seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


def logs(ner: float, re: float) -> dict[str, float]:
    return {"loss": 4.2134, "val_ner_f1": ner, "val_re_f1": re, "val_average_f1": (ner + re) / 2}


def run(epochs: list[tuple[float, dict[str, float]]], total: int, progress: Progress, clock: Clock) -> None:
    """Calls the callback as `fit` does: each epoch has its seconds, in two steps, and its logs."""
    line = ProgressLine(progress)
    line.set_params({"epochs": total, "steps": 2})
    for seconds, values in epochs:
        epoch = len(progress.history)
        line.on_epoch_begin(epoch)
        for step in range(2):
            clock.seconds += seconds / 2
            line.on_train_batch_end(step)
        progress.history.append(values)
        line.on_epoch_end(epoch)
    line.on_train_end()


@pytest.fixture()
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress_line, "time", clock)
    return clock


def test_a_line_an_epoch_with_the_best_so_far(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    epochs = [(30.0, logs(0.5, 0.0)), (2.0, logs(0.861, 0.611)), (2.4, logs(0.8, 0.6))]
    run(epochs, 11, Progress(), clock)
    first, second, third, stopped = capsys.readouterr().out.splitlines()
    scores = "NER 50.0  RE  0.0  average 25.0  best 25.0 (epoch 1)"
    assert first == f"epoch  1/11  loss   4.213  {scores}  30 s an epoch, at most 5:00 left"
    scores = "NER 86.1  RE 61.1  average 73.6  best 73.6 (epoch 2)"
    assert second == f"epoch  2/11  loss   4.213  {scores}  2.0 s an epoch, 0:18 left"
    scores = "NER 80.0  RE 60.0  average 70.0  best 73.6 (epoch 2)"
    assert third == f"epoch  3/11  loss   4.213  {scores}  2.2 s an epoch, 0:18 left"
    assert stopped == "stopped after epoch 3 of 11"


def test_a_resumed_run_goes_on_counting_and_knows_the_best(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    progress = Progress()
    progress.history = [logs(0.9, 0.9), logs(0.1, 0.1)]
    run([(2.0, logs(0.8, 0.8))], 3, progress, clock)
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("epoch 3/3 ") and line.endswith("best 90.0 (epoch 1)  2.0 s an epoch, 0:00 left")


def test_no_scores_without_dev_and_hours_if_there_are_any(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    run([(0.5, {"loss": 1.0})] + [(3600.0, {"loss": 12.5})] * 2, 5, Progress(), clock)
    assert capsys.readouterr().out.splitlines()[1] == (
        "epoch 2/5  loss  12.500  3600 s an epoch, 3:00:00 left"
    )


def test_a_terminal_shows_the_step_and_then_the_line_in_its_place(
    clock: Clock, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    run([(2.0, {"loss": 1.0}), (0.1, {"loss": 1.0})], 2, Progress(), clock)
    out = capsys.readouterr().out
    first, second, rest = out.split("\n")
    assert first.split("\r\x1b[K")[1:] == [
        "epoch 1/2  step 1/2",
        "epoch 1/2  step 2/2",
        "epoch 1/2  loss   1.000  2.0 s an epoch, at most 0:02 left",
    ]
    assert second.count("step") < 2 and rest == ""  # not drawn more than ten times a second
