"""Whether jobs at the same time end sooner than one after the other: experiments.trials both ways, in turns.

    python -m benchmarks.training.parallel_jobs --preset=sample

Each time is a whole program's, with Ray's start and end. Both ways give the same records, which is checked.
"""

from __future__ import annotations

import dataclasses
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence

from absl import flags

from experiments import config_flags
from experiments.jobs import records
from jner_re import program
from jner_re.errors import InputError

_DATA_DIR = flags.DEFINE_string("data_dir", "sample", "as of experiments.trials")
_SEEDS = flags.DEFINE_integer("seeds", 2, "number of jobs", lower_bound=2)
_JOBS = flags.DEFINE_integer("jobs", 2, "jobs at a time", lower_bound=2)
_ROUNDS = flags.DEFINE_integer("rounds", 3, "times that both ways are measured", lower_bound=1)
config_flags.define()


def main() -> None:
    """Measures both ways one by one, and prints the ratio of each round."""
    model, train = config_flags.parsed()
    wanted = [f"--{name}={value}" for config in (model, train) for name, value in vars(config).items()]
    cores = len(os.sched_getaffinity(0))
    print(f"{_SEEDS.value} jobs of one thread, {cores} cores: one by one, and {_JOBS.value} at a time")
    run(wanted, 1)  # fetches and encodes what is missing
    ratios = []
    for number in range(_ROUNDS.value):
        # Which of the two comes first changes from round to round.
        order = (1, _JOBS.value) if number % 2 else (_JOBS.value, 1)
        found = {jobs: run(wanted, jobs) for jobs in order}
        (alone, expected), (together, made) = found[1], found[_JOBS.value]
        if expected != made:
            raise InputError("the records differ, expected the same from both ways")
        ratios.append(alone / together)
        print(
            f"round {number + 1}: {alone:.1f} s and {together:.1f} s, {ratios[-1]:.2f} times as fast",
            flush=True,
        )
    print(
        f"median {statistics.median(ratios):.2f}, from {min(ratios):.2f} to {max(ratios):.2f} times as fast"
    )


def run(wanted: Sequence[str], jobs: int) -> tuple[float, list[records.Record]]:
    """Seconds of the program, and its records without what differs from run to run."""
    with tempfile.TemporaryDirectory() as folder:
        output = pathlib.Path(folder) / "results"
        start = time.perf_counter()
        result = subprocess.run(
            [
                *(sys.executable, "-m", "experiments.trials", *wanted, f"--data_dir={_DATA_DIR.value}"),
                *(f"--seeds={_SEEDS.value}", f"--jobs={jobs}", "--threads=1", "--protocol=paper"),
                *(f"--output_dir={output}", f"--runs_dir={folder}/runs"),
            ],
            capture_output=True,
            text=True,
        )
        seconds = time.perf_counter() - start
        if result.returncode:
            raise InputError(f"experiments.trials failed: {result.stderr.strip()[-300:]}")
        found = records.read_folder(output)
        return seconds, [dataclasses.replace(record, run={}) for record in found]


if __name__ == "__main__":
    program.run(main)
