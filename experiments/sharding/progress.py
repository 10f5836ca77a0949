"""How far an extraction is: a line that changes on a terminal, elsewhere a line every ten seconds."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable

from tqdm import tqdm

LOG_SECONDS = 10.0
_TERMINAL_SECONDS = 0.5


class Progress:
    """Shows on standard error, as long as its block lasts, how many texts are done.

    Args:
      total: texts, blank lines among them.
      done: those that an earlier run has done.
      begun: how many are done of what `add` has not counted yet.
    """

    def __init__(self, total: int, done: int, begun: Callable[[], int]) -> None:
        self._total, self._before, self._done, self._begun = total, done, done, begun
        self._shown = done
        self._start = time.monotonic()
        self._ended = threading.Event()
        self._bar = tqdm(total=total, initial=done, desc="texts", unit="", disable=None)  # on a terminal
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Progress:
        """Begins to show."""
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Ends with what is done."""
        self._ended.set()
        self._thread.join()
        self._show_bar()
        self._bar.close()

    def add(self, count: int) -> None:
        """Counts texts that are done."""
        self._done += count

    def write(self, line: str) -> None:
        """Prints a line beside the progress."""
        self._bar.write(line, file=sys.stderr)

    def _run(self) -> None:
        show, seconds = (self._log, LOG_SECONDS) if self._bar.disable else (self._show_bar, _TERMINAL_SECONDS)
        while not self._ended.wait(seconds):
            show()

    def _count(self) -> int:
        """Never less than before, also while a part is between `begun` and `add`."""
        self._shown = min(max(self._shown, self._done + self._begun()), self._total)
        return self._shown

    def _show_bar(self) -> None:
        self._bar.n = self._count()
        self._bar.refresh()

    def _log(self) -> None:
        count = self._count()
        seconds = time.monotonic() - self._start
        rate = (count - self._before) / seconds
        left = f", {tqdm.format_interval((self._total - count) / rate)} left" if rate else ""
        share = f"{count / self._total:.0%}"
        self.write(f"texts: {count:,} of {self._total:,} ({share}), {rate:.1f} a second{left}")
