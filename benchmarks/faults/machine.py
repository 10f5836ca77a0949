"""Gives programs a full disk, a folder that can't be written to, and too little memory, and goes on after it.

    sudo python -m benchmarks.faults.machine --model=runs/demo

Each program writes to a volume of its own in memory, which is too small, or read-only, and then large enough.
With the fault it must end with one line that says the cause, after it nothing may be there that looks
finished, and the same command must go on to the same end as without. With too little memory (--memory, of
address space) nothing can be promised but the last: the system may end a program without asking it. Mounting
needs root. The exit code is 1 if something is not as promised.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping

from absl import flags

from benchmarks.faults import ends, given_model
from benchmarks.faults.kills import cache, write_corpus
from benchmarks.faults.volume import Volume, remount
from benchmarks.table import aligned_table
from jner_re import program
from jner_re.corpora import data_dir
from jner_re.errors import InputError
from jner_re.models.model_files import CONFIG

_MODEL = flags.DEFINE_string("model", None, "model directory, to export and to extract with", required=True)
_ONLY = flags.DEFINE_string("only", "", "programs whose name has this alone")
_MEMORY = flags.DEFINE_integer(
    "memory", 1500, "MiB of address space where there is too little", lower_bound=1
)

_ROOT = pathlib.Path(__file__).resolve().parents[2]
_ENOUGH = "2g"
_DRAWN = ("saved_model.pb", "fingerprint.pb")


@dataclasses.dataclass(frozen=True)
class Case:
    """A program that writes to a volume.

    Attributes:
      name: of what it does.
      size: of the volume when it is too small.
      command: from the folder with its input and the volume's folder.
      environment: likewise.
      left: names of what it leaves in the volume.
    """

    name: str
    size: str
    command: Callable[[pathlib.Path, pathlib.Path], list[str]]
    environment: Callable[[pathlib.Path, pathlib.Path], Mapping[str, str]] = lambda folder, volume: {}
    left: str = "left"


def main() -> None:
    """Tries every program with every fault, and prints a table."""
    if os.geteuid() != 0:
        raise InputError("mounting volumes needs root, expected sudo")
    given_model.folder(_MODEL.value, CONFIG)
    program.import_tensorflow_quietly(1)
    rows, wrong = [["program", "fault", "exit code", "what it said", "held"]], 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_corpus(folder / "data")
        texts = [" ".join(sentence.tokens) for sentence in data_dir.read_sample("train")]
        (folder / "texts.txt").write_text("\n".join(texts * 10) + "\n")
        for case in cases():
            if _ONLY.value not in case.name:
                continue
            expected = undisturbed(case, folder)
            for fault in ("full", "read-only", "memory"):
                code, said, problems = disturbed(case, folder, fault, expected)
                wrong += bool(problems)
                rows.append([case.name, fault, str(code), said, "; ".join(problems) or "yes"])
                print(" | ".join(rows[-1]), flush=True)
    print(aligned_table(rows))
    if wrong:
        raise InputError(f"{wrong} of {len(rows) - 1} cases were not as promised")


def cases() -> list[Case]:
    """What is tried."""

    def train(folder: pathlib.Path, model_dir: pathlib.Path) -> list[str]:
        flags = ["--preset=sample", "--epochs=2", "--threads=1"]
        return ["experiments.train", *flags, f"--data_dir={folder / 'data'}", f"--model_dir={model_dir}"]

    def on_volume(folder: pathlib.Path, volume: pathlib.Path) -> Mapping[str, str]:
        return {"JNER_RE_CACHE": str(volume / "left")}

    def beside(folder: pathlib.Path, volume: pathlib.Path) -> Mapping[str, str]:
        return {"JNER_RE_CACHE": str(cache(folder / "cache"))}

    def export(folder: pathlib.Path, volume: pathlib.Path) -> list[str]:
        return ["export.saved_model", f"--model={_MODEL.value}", f"--export_dir={volume / 'left'}"]

    def extract(folder: pathlib.Path, volume: pathlib.Path) -> list[str]:
        inputs = [f"--model={_MODEL.value}", f"--input={folder / 'texts.txt'}", "--shard_size=500"]
        return ["experiments.extract", *inputs, f"--output={volume / 'left'}", "--workers=1"]

    return [
        Case("train, cache", "6m", lambda folder, volume: train(folder, folder / "model"), on_volume),
        Case("train, model directory", "12m", lambda folder, volume: train(folder, volume / "left"), beside),
        Case("export", "60m", export),
        Case("extract", "700k", extract),
    ]


def undisturbed(case: Case, folder: pathlib.Path) -> dict[str, str]:
    """What the program leaves."""
    with_volume = Volume(folder / "volume", _ENOUGH)
    with with_volume as volume:
        done = run(case, folder, volume)
        if done.returncode:
            raise InputError(f"{case.name} ended with {done.returncode}: {done.stderr[-2000:]}")
        return left_by(case, volume)


def disturbed(
    case: Case, folder: pathlib.Path, fault: str, expected: dict[str, str]
) -> tuple[int, str, list[str]]:
    """The exit code with the fault, the last line, and what was not as promised."""
    size = case.size if fault == "full" else _ENOUGH
    with Volume(folder / "volume", size, read_only=fault == "read-only") as volume:
        done = run(case, folder, volume, _MEMORY.value if fault == "memory" else None)
        lines = done.stderr.strip().splitlines()
        said = lines[-1].replace(str(folder), "…") if lines else ""
        problems = []
        if done.returncode == 0:
            problems.append("ended without an error")
        elif fault != "memory" and (done.returncode != 1 or not said.startswith("error: ")):
            problems.append("no line of the cause")
        if fault != "memory" and "Traceback" in done.stderr:
            problems.append("a traceback")
        remount(volume, f"rw,size={_ENOUGH}")
        again = run(case, folder, volume)
        if again.returncode:
            problems.append(f"then it ended with {again.returncode}: {again.stderr.strip()[-300:]}")
        else:
            problems += ends.differences(expected, left_by(case, volume))
        return done.returncode, said, problems


def left_by(case: Case, volume: pathlib.Path) -> dict[str, str]:
    """Of a cache the encoded sentences, and the model beside it, which is moved out of the way."""
    found = ends.content(volume / case.left)
    beside = volume.parent / "model"
    if beside.exists():
        found = {**ends.content(beside), **{name: "" for name in found}}
        subprocess.run(["rm", "-r", str(beside)], check=True)
    # Encoded sentences are named by what is in them; a graph is written with names that are drawn anew.
    return {
        name: "" if name.startswith("features/") or pathlib.Path(name).name in _DRAWN else checksum
        for name, checksum in found.items()
    }


def run(
    case: Case, folder: pathlib.Path, volume: pathlib.Path, memory: int | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs the program to its end, with at most so many MiB of address space."""
    if "JNER_RE_CACHE" in (environment := dict(case.environment(folder, volume))):
        with contextlib.suppress(OSError):  # read-only
            cache(pathlib.Path(environment["JNER_RE_CACHE"]))

    def limit() -> None:
        if memory is not None:
            resource.setrlimit(resource.RLIMIT_AS, (memory << 20, memory << 20))

    return subprocess.run(
        [sys.executable, "-m", *case.command(folder, volume)],
        cwd=_ROOT, env={**os.environ, **environment}, capture_output=True, text=True, preexec_fn=limit,
    )  # fmt: skip


if __name__ == "__main__":
    program.run(main)
