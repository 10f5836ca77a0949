"""What a process that runs a job does around it."""

from __future__ import annotations

import contextlib
import os
import pathlib
from collections.abc import Iterator

from jner_re import files, program
from jner_re.errors import InputError

LOG = "log.txt"  # in a run's folder


@contextlib.contextmanager
def working(folder: pathlib.Path, threads: int) -> Iterator[None]:
    """All output goes to the log in the run's folder, TensorFlow has so many threads, and the folder is ours.

    Raises:
      InputError: the folder can't be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / LOG).open("ab", buffering=0) as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
    except OSError as error:
        raise InputError(f"{folder}: can't be written: {error.strerror}") from None
    program.start_worker(threads)
    with files.locked(folder / ".lock", lambda: print("waiting for another program that is at this run")):
        yield
