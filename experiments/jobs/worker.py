"""What a process that runs a job does first."""

from __future__ import annotations

import os
import pathlib

from jner_re import program

LOG = "log.txt"  # in a run's folder


def start(folder: pathlib.Path, threads: int) -> pathlib.Path:
    """From here on all output goes to the log in the run's folder, and TensorFlow has so many threads.

    Returns:
      The log.
    """
    log = folder / LOG
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab", buffering=0) as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    program.start_worker(threads)
    return log
