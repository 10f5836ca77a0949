"""Kills a program with SIGKILL at random moments and goes on, and compares the end with an undisturbed run's.

    python -m benchmarks.faults.kills --program=train --kills=20

`train` calibrates and evaluates at its end; `trials` has two seeds and two jobs at a time, `tune` four
trials. What is left is compared file by file: every weight of checkpoints bit by bit, JSON but for seconds,
all other files by their bytes, but for TensorBoard's and other logs. A name that the undisturbed run does not
have is a leftover. For each kill of `train` a phase is drawn, and a moment in the first seconds after its
begin; where it has passed already, the next begin of a phase counts. `trials` and `tune` are killed at any
moment of the time that the undisturbed run took: the program alone, with its process group, or one of its
jobs. The next attempt begins at once, while jobs of the killed one may still live. What was finished before
(records, trainings) must not be written again. Each run that comes to its end is compared, and the next one
begins anew, with an empty store of encoded sentences. The exit code is 1 if an end differs.
"""

from __future__ import annotations

import collections
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time

from absl import flags

from benchmarks.faults import ends, processes
from benchmarks.table import aligned_table
from jner_re import program
from jner_re.assets import download
from jner_re.corpora import data_dir, spert_json
from jner_re.errors import InputError

_PROGRAM = flags.DEFINE_enum("program", "train", ["train", "trials", "tune"], "what is killed")
_KILLS = flags.DEFINE_integer("kills", 20, "how many", lower_bound=1)
_SEED = flags.DEFINE_integer("seed", 1, "of the moments")
_ENCODER = flags.DEFINE_string("encoder", "minilm", "as of train; empty for none")
_SENTENCES = flags.DEFINE_integer("sentences", 120, "of the sample corpus, to train on", lower_bound=8)

_ROOT = pathlib.Path(__file__).resolve().parents[2]
_START = "start"
_LINES = {  # what programs say, and the phase that follows
    r"encod": "encoding",
    r"trainable parameters|started": "first steps",
    r"epoch \d+/": "in and between epochs",
    r"threshold|report|card|finished:": "calibration, evaluation, card",
}
_PHASES = [_START, *_LINES.values()]
_SECONDS = 4.0  # after a phase's begin, at most, that a kill falls
_JOB = "a job"
_VICTIMS = ("the program alone", "the program and its group", _JOB)


def main() -> None:
    """Kills, compares and prints."""
    program.import_tensorflow_quietly(1)
    moments = random.Random(_SEED.value)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_corpus(folder / "data")
        began = time.monotonic()
        run(folder, None, 0)
        seconds = time.monotonic() - began
        expected = finished(folder, "undisturbed")
        print(f"undisturbed: {len(expected)} files, {seconds:.0f} s", flush=True)
        kills: collections.Counter[str] = collections.Counter()
        runs = wrong = 0
        while kills.total() < _KILLS.value:
            runs += 1
            before = kills.total()
            ended, done, problems = False, dict[str, int](), list[str]()
            while not ended:
                killed, ended = run(folder, moments if kills.total() < _KILLS.value else None, seconds)
                kills.update([killed] if killed else [])
                now = ends.done(folder / "left")
                problems += (f"{name} was done again" for name in done if now.get(name) != done[name])
                done = now
            problems += (f"{name} lives on" for name in processes.living(marked(folder)))
            problems += ends.differences(expected, finished(folder, f"run-{runs}"))
            wrong += bool(problems)
            same = "; ".join(problems) or "the same end"
            print(f"run {runs}: {kills.total() - before} kills, {same}", flush=True)
    names = _PHASES if _PROGRAM.value == "train" else sorted(kills)
    rows = [["killed in", "times"], *([name, str(kills[name])] for name in names)]
    print(aligned_table([*rows, ["all", str(kills.total())]]))
    print(f"{runs} runs, {runs - wrong} ended as the undisturbed one")
    if wrong:
        raise InputError(f"{wrong} of {runs} runs ended otherwise")


def write_corpus(folder: pathlib.Path) -> None:
    """The first sentences of the sample corpus."""
    folder.mkdir()
    for split in data_dir.SPLITS:
        spert_json.write(data_dir.read_sample(split)[: _SENTENCES.value], folder / f"{split}.json")


def command(folder: pathlib.Path) -> list[str]:
    """The program with its flags; what it leaves is in the folder "left"."""
    left = folder / "left"
    own = {
        "train": ["--epochs=4", "--calibrate", f"--model_dir={left}"],
        "trials": ["--epochs=2", "--seeds=2", "--jobs=2"],
        "tune": ["--epochs=2", "--trials=4", "--noearly_stopping", "--jobs=2"],
    }[_PROGRAM.value]
    if _PROGRAM.value != "train":
        own += [f"--output_dir={left / 'results'}", f"--runs_dir={left / 'runs'}"]
    shared = [
        "--preset=sample",
        f"--data_dir={folder / 'data'}",
        f"--encoder={_ENCODER.value}",
        "--threads=1",
    ]
    return [sys.executable, "-m", f"experiments.{_PROGRAM.value}", *shared, *own]


def run(folder: pathlib.Path, moments: random.Random | None, seconds: float) -> tuple[str | None, bool]:
    """Runs the program until it ends or is killed.

    Args:
      folder: of its files.
      moments: of kills; None to let it end.
      seconds: that it may take.

    Returns:
      The phase in which something was killed, and what, or None; and whether the program has come to its end.

    Raises:
      InputError: it has failed.
    """
    cache(folder / "cache")
    name, _, value = marked(folder).partition("=")
    killed = None
    with (folder / "log").open("wb") as output:
        process = subprocess.Popen(
            command(folder), cwd=_ROOT, env={**os.environ, name: value}, stdout=output, stderr=output,
            start_new_session=True,
        )  # fmt: skip
        if moments is not None and waited(process, folder, moments, seconds):
            phase = phase_of(said(folder))
            victim = _VICTIMS[1] if _PROGRAM.value == "train" else moments.choice(_VICTIMS)
            if victim != _JOB:
                processes.kill_program(process, group=victim == _VICTIMS[1])
                return phase if _PROGRAM.value == "train" else f"{phase}: {victim}", False
            if processes.kill_a_job(marked(folder)):
                killed = f"{phase}: {victim}"
        code = process.wait()
    if code:
        raise InputError(f"the program ended with {code}: {said(folder)[-2000:]}")
    return killed, True


def waited(
    process: subprocess.Popen[bytes], folder: pathlib.Path, moments: random.Random, seconds: float
) -> bool:
    """Waits for a moment; False if the program ends before."""
    if _PROGRAM.value == "train":
        seconds = _SECONDS
        wanted = moments.randrange(len(_PHASES))
        while _PHASES.index(phase_of(said(folder))) < wanted:
            if process.poll() is not None:
                return False
            time.sleep(0.05)
    try:
        process.wait(moments.uniform(0, seconds))
    except subprocess.TimeoutExpired:
        return True
    return False


def said(folder: pathlib.Path) -> str:
    """What the program has said, or the job of it that has spoken last."""
    logs = [folder / "log", *folder.glob("left/runs/*/log.txt")]
    return max(logs, key=lambda path: path.stat().st_mtime).read_text(errors="replace")


def marked(folder: pathlib.Path) -> str:
    """The line of the environment by which the program and all that it starts are known."""
    return f"JNER_RE_CACHE={folder / 'cache'}"


def cache(folder: pathlib.Path) -> pathlib.Path:
    """A cache with the encoders and vectors of the machine's, and no encoded sentences."""
    folder.mkdir(exist_ok=True)
    usual = download.cache_dir()
    for path in usual.iterdir() if usual.is_dir() else ():
        if path.name != "features" and not (folder / path.name).exists():
            (folder / path.name).symlink_to(path)
    return folder


def phase_of(log: str) -> str:
    """What the program was doing, by the last of its lines that says so."""
    found = _START
    for line in re.split(r"[\r\n]+", log):
        found = next((name for pattern, name in _LINES.items() if re.search(pattern, line)), found)
    return found


def finished(folder: pathlib.Path, name: str) -> dict[str, str]:
    """What a run has left; it is moved, so that the next one begins anew under the same names."""
    found = ends.content(folder / "left")
    for each in ("left", "cache", "log"):
        (folder / each).rename(folder / f"{name}-{each}")
    return found


if __name__ == "__main__":
    program.run(main)
