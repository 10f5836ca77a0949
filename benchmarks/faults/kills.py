"""Kills a program with SIGKILL at random moments and goes on, and compares the end with an undisturbed run's.

    python -m benchmarks.faults.kills --program=train --kills=20

`train` calibrates and evaluates at its end; `trials` has two seeds and two jobs at a time, `tune` four
trials. What is left is compared file by file: every weight of checkpoints bit by bit, JSON but for seconds,
all other files by their bytes, but for TensorBoard's and other logs. A name that the undisturbed run does not
have is a leftover. For each kill a phase is drawn, and a moment in the first seconds after its begin; where
it has passed already, the next begin of a phase counts. Each run that comes to its end is compared, and the
next one begins anew, with an empty store of encoded sentences. The exit code is 1 if an end differs.
"""

from __future__ import annotations

import collections
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import time

from absl import flags

from benchmarks.faults import ends
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


def main() -> None:
    """Kills, compares and prints."""
    program.import_tensorflow_quietly(1)
    moments = random.Random(_SEED.value)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_corpus(folder / "data")
        run(folder, None)
        expected = finished(folder, "undisturbed")
        print(f"undisturbed: {len(expected)} files", flush=True)
        kills: collections.Counter[str] = collections.Counter()
        runs = wrong = 0
        while kills.total() < _KILLS.value:
            runs += 1
            before = kills.total()
            while phase := run(folder, moments if kills.total() < _KILLS.value else None):
                kills[phase] += 1
            problems = ends.differences(expected, finished(folder, f"run-{runs}"))
            wrong += bool(problems)
            same = "; ".join(problems) or "the same end"
            print(f"run {runs}: {kills.total() - before} kills, {same}", flush=True)
    rows = [["killed in", "times"], *([phase, str(kills[phase])] for phase in _PHASES)]
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


def run(folder: pathlib.Path, moments: random.Random | None) -> str | None:
    """Runs the program until it ends or is killed.

    Args:
      folder: of its files.
      moments: of kills; None to let it end.

    Returns:
      The phase in which it was killed; None if it has ended.

    Raises:
      InputError: it has failed.
    """
    environment = {**os.environ, "JNER_RE_CACHE": str(cache(folder / "cache"))}
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command(folder), cwd=_ROOT, env=environment, stdout=output, stderr=output, start_new_session=True
        )
        if moments is not None and waited(process, log, moments):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return phase_of(log.read_text(errors="replace"))
        code = process.wait()
    if code:
        raise InputError(f"the program ended with {code}: {log.read_text(errors='replace')[-2000:]}")
    return None


def waited(process: subprocess.Popen[bytes], log: pathlib.Path, moments: random.Random) -> bool:
    """Waits for a moment; False if the program ends before."""
    wanted = moments.randrange(len(_PHASES))
    while _PHASES.index(phase_of(log.read_text(errors="replace"))) < wanted:
        if process.poll() is not None:
            return False
        time.sleep(0.05)
    try:
        process.wait(moments.uniform(0, _SECONDS))
    except subprocess.TimeoutExpired:
        return True
    return False


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
