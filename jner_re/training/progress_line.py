"""Training's progress on standard output: a line an epoch, and on a terminal the running step."""

from __future__ import annotations

import sys
import time

import tf_keras as keras

from jner_re.training.checkpoints import Progress

_REDRAW_SECONDS = 0.1
_CLEAR = "\r\x1b[K"


class ProgressLine(keras.callbacks.Callback):
    """Prints loss, F1 on dev (if there are scores), the best epoch and the time left after every epoch.

    It belongs behind what appends an epoch to the history: `checkpoints.Checkpoints`.

    Args:
      progress: how far the run is.
    """

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self._progress = progress
        self._seconds: list[float] = []  # of each epoch of this process
        self._drawn = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Starts the clock."""
        self._begin = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Shows the step on a terminal, some times a second."""
        now = time.monotonic()
        if _is_terminal() and now - self._drawn > _REDRAW_SECONDS:
            self._drawn = now
            number = self._number(len(self._progress.history) + 1)
            print(f"{_CLEAR}epoch {number}  step {batch + 1}/{self.params['steps']}", end="", flush=True)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Prints the line."""
        self._seconds.append(time.monotonic() - self._begin)
        clear = _CLEAR if _is_terminal() else ""
        scores = _scores(self._progress)
        parts = [
            f"epoch {self._number(epoch + 1)}",
            f"loss {self._progress.history[-1]['loss']:7.3f}",
            *scores,
            self._time(self.params["epochs"] - epoch - 1),
        ]
        print(clear + "  ".join(parts), flush=True)

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Says so if the run ended early."""
        done = len(self._progress.history)
        if done < self.params["epochs"]:
            print(f"stopped after epoch {done} of {self.params['epochs']}", flush=True)

    def _number(self, epoch: int) -> str:
        total = str(self.params["epochs"])
        return f"{epoch:{len(total)}}/{total}"

    def _time(self, epochs_left: int) -> str:
        """Seconds an epoch, without the first of a process, which also makes the graph; and the time left."""
        later = self._seconds[1:] or self._seconds
        mean = sum(later) / len(later)
        left = round(mean * epochs_left)
        minutes, seconds = divmod(left, 60)
        hours, minutes = divmod(minutes, 60)
        clock = f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
        bound = "at most " if epochs_left and len(self._seconds) == 1 else ""
        return f"{mean:.{0 if mean >= 10 else 1}f} s an epoch, {bound}{clock} left"


def _is_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()  # None: closed


def _scores(progress: Progress) -> list[str]:
    """F1 in percent on dev, and the best epoch's; nothing without a dev set."""
    logs = progress.history[-1]
    if "val_average_f1" not in logs:
        return []
    best = progress.best_epoch()
    return [
        f"NER {100 * logs['val_ner_f1']:4.1f}",
        f"RE {100 * logs['val_re_f1']:4.1f}",
        f"average {100 * logs['val_average_f1']:4.1f}",
        f"best {100 * progress.history[best]['val_average_f1']:4.1f} (epoch {best + 1})",
    ]
