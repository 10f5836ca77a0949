"""Trials through Ray, as their user runs them: killed in the middle, and run again."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
import time

from test_programs import ROOT, TINY, run

from experiments.jobs import records
from jner_re.corpora import data_dir, spert_json

_SECONDS = 240


def wait_for(path: pathlib.Path, program: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _SECONDS
    while not path.exists():
        assert program.poll() is None, f"ended with {program.returncode} before {path} was there"
        assert time.monotonic() < deadline, f"no {path}"
        time.sleep(0.1)


def test_trials_go_on_after_a_kill(tmp_path: pathlib.Path) -> None:
    output, runs = tmp_path / "results", tmp_path / "runs"
    (data := tmp_path / "data").mkdir()
    for split in ("train", "dev", "test"):
        spert_json.write(data_dir.read_sample(split)[:12], data / f"{split}.json")
    flags = [
        *TINY, "--epochs=1", f"--data_dir={data}", "--nojit_compile", "--seeds=2", "--jobs=1",
        "--protocol=paper", f"--output_dir={output}", f"--runs_dir={runs}",
    ]  # fmt: skip
    command = [sys.executable, "-m", "experiments.trials", *flags]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True) as program:
        wait_for(output / "seed-1.json", program)
        wait_for(runs / "seed-2" / "final" / "config.json", program)  # in the middle of the second
        os.killpg(program.pid, signal.SIGKILL)
    first = (output / "seed-1.json").read_bytes()

    again = run("experiments.trials", *flags)
    assert again.returncode == 0, again.stderr
    assert "2 runs, 1 finished" in again.stdout and "seed-1: started" not in again.stdout
    assert (output / "seed-1.json").read_bytes() == first
    assert "| single model | 2 | micro |" in again.stdout
    assert {path.name for path in output.iterdir()} == {
        "seed-1.json", "seed-2.json", "results.md", "results.csv", "results.json",
    }  # fmt: skip

    attempts = [len(records.read(output / f"seed-{seed}.json").run["attempts"]) for seed in (1, 2)]
    assert attempts == [1, 2]

    third = run("experiments.trials", *flags, "--batch_size=4")
    assert third.returncode == 1
    assert "seed-1.json: config.train.batch_size is 8, expected 4" in third.stderr
