"""Takes hosts of a Ray cluster away from programs that run on it, and fills their disk.

    sudo python -m benchmarks.faults.cluster --model=exported/demo/1

Three hosts on this machine, network namespaces with addresses of their own: Ray's head, on which the programs
are started, and two workers, each with a core. `extract` reads --lines lines, `trials` trains --seeds seeds;
they write to a volume in memory that all hosts share. Without a fault; with one worker killed and the other's
link cut for --cut seconds; with a volume that is full and then enlarged; with Ray's head killed. What is left
is compared with what is left without a fault, finished work must not be done again, an end before the end of
the work must be one clear line, after which the same command goes on. Needs root and iproute2. The exit code
is 1 if something is not as promised.
"""

from __future__ import annotations

import json
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

from absl import flags

from benchmarks.faults import cluster_programs, ends, given_model, network
from benchmarks.faults.cluster_programs import Running, Work
from benchmarks.faults.ray_hosts import RayCluster
from benchmarks.faults.volume import Volume, remount
from benchmarks.table import aligned_table
from jner_re import program
from jner_re.errors import InputError
from jner_re.extraction.version_folders import SAVED_MODEL
from jner_re.models.model_files import CONFIG

_MODEL = flags.DEFINE_string("model", None, "exported version or model directory", required=True)
_LINES = flags.DEFINE_integer("lines", 20_000, "that extract reads", lower_bound=2000)
_SEEDS = flags.DEFINE_integer("seeds", 4, "of trials", lower_bound=2)
_EPOCHS = flags.DEFINE_integer("epochs", 2, "of trials", lower_bound=1)
_CUT = flags.DEFINE_float("cut", 60.0, "seconds that a link is cut", lower_bound=0)
_LIMIT = flags.DEFINE_float("limit", 900.0, "seconds after which a program counts as one that hangs")
_ONLY = flags.DEFINE_list(
    "only", [], "programs (extract, trials) or faults (hosts, disk, head); all by default"
)
_LOGS = flags.DEFINE_string("logs", None, "folder for what programs and Ray said; by default it is not kept")

_ENOUGH = "2g"
_FLAT = 1.1  # of the resident set at a third of the time, at most
_FAULTS = ("hosts", "disk", "head")


def main() -> None:
    """Tries every fault, and prints a table."""
    given_model.folder(_MODEL.value, SAVED_MODEL, CONFIG)
    network.check()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # hosts and volumes end, too
    program.import_tensorflow_quietly(1)  # reads checkpoints
    rows, wrong = [["program", "fault", "s", "MiB at 1/3", "at the end", "what was seen", "held"]], 0
    with (
        tempfile.TemporaryDirectory(prefix="jner", ignore_cleanup_errors=True) as name,
        Volume(pathlib.Path(name, "volume"), _ENOUGH),  # before the hosts, which see what is mounted then
        network.hosts(3) as hosts,
    ):
        trial = _Trial(pathlib.Path(name), RayCluster(hosts, pathlib.Path(name), pathlib.Path(name, "cache")))
        with trial.cluster:
            for kind in ("extract", "trials"):
                if not _chosen(kind, ("extract", "trials")):
                    continue
                work = trial.work(kind)
                for fault in ("none", *(fault for fault in _FAULTS if _chosen(fault, _FAULTS))):
                    row, problems = trial.run(kind, work, fault)
                    wrong += bool(problems)
                    rows.append([kind, fault, *row, "; ".join(problems) or "yes"])
                    print(" | ".join(rows[-1]), flush=True)
    print(aligned_table(rows))
    if wrong:
        raise InputError(f"{wrong} of {len(rows) - 1} runs were not as promised")


def _chosen(name: str, names: tuple[str, ...]) -> bool:
    named = set(_ONLY.value) & set(names)
    return not named or name in named


class _Trial:
    """What all runs share: the cluster, the folder of inputs, and the undisturbed end."""

    def __init__(self, folder: pathlib.Path, cluster: RayCluster) -> None:
        self.cluster = cluster
        self._folder = folder
        self._volume = folder / "volume"
        self._logs = pathlib.Path(_LOGS.value or folder / "logs")
        self._logs.mkdir(parents=True, exist_ok=True)
        self._expected: dict[str, str] = {}
        self._bytes = self._epochs = 0

    def work(self, kind: str) -> Work:
        """The program with its input."""
        if kind == "extract":
            model = given_model.folder(_MODEL.value, SAVED_MODEL, CONFIG)
            return cluster_programs.extraction(self._folder, self._volume, model, _LINES.value)
        return cluster_programs.trials(self._folder, self._volume, _SEEDS.value, _EPOCHS.value)

    def run(self, kind: str, work: Work, fault: str) -> tuple[list[str], list[str]]:
        """Runs the program with a fault to its end; what was measured, and what was not as promised."""
        problems: list[str] = []
        seen: list[str] = []
        again: list[str] = []
        if fault == "disk":
            remount(self._volume, f"size={self._bytes // 2}")
        running = Running(self.cluster, work, self._logs / f"{kind}-{fault}-1")
        try:
            if fault == "hosts":
                seen += self._without_hosts(running, work)
            elif fault == "head":
                seen += self._without_head(running, work)
            problems += self._ended(running, expected=int(fault in ("disk", "head")))
            memory, seconds = running.resident, running.seconds()
            if fault in ("disk", "head"):
                seen += [f"{len(work.done())} of {work.total} done", self._last_line(running)]
                if fault == "disk":
                    remount(self._volume, f"size={_ENOUGH}")
                else:
                    self.cluster.start_all()
                again = running.made_again
                running = Running(self.cluster, work, self._logs / f"{kind}-{fault}-2")
                problems += self._ended(running, expected=0)
        finally:
            if running.process.poll() is None:
                running.process.kill()
                running.process.wait()
        if again := [*again, *running.made_again]:
            problems.append(f"made again: {', '.join(again)}")
        problems += self._compared(kind, work, fault)
        if epochs := work.epochs():
            self._epochs = epochs if fault == "none" else self._epochs
            seen.append(f"{epochs} epochs trained")
            if epochs > self._epochs + _SEEDS.value:  # of each run the one that it was in
                problems.append(f"expected at most {self._epochs + _SEEDS.value}")
        elif retried := running.said().count(": done at attempt"):
            seen.append(f"{retried} parts at a second attempt")
        shutil.rmtree(work.left)
        if fault == "hosts":
            self.cluster.start_all()
        third, last = (memory[len(memory) // 3], memory[-1]) if memory else (0.0, 0.0)
        if last > _FLAT * third:
            problems.append(f"the resident set grew from {third:.0f} to {last:.0f} MiB")
        return [f"{seconds:.0f}", f"{third:.0f}", f"{last:.0f}", "; ".join(seen)], problems

    def _without_hosts(self, running: Running, work: Work) -> list[str]:
        """Kills a host, and cuts the link of the other."""
        running.wait(_LIMIT.value, lambda: work.begun(0.1))
        first, second = self.cluster.hosts[1:]
        killed = first.kill()
        at_kill = len(work.done())
        running.wait(_LIMIT.value, lambda: work.begun(0.2))
        second.set_link("down")
        at_cut = len(work.done())
        running.wait(_CUT.value)
        second.set_link("up")
        return [
            f"host killed ({killed} processes) with {at_kill} done",
            f"link cut with {at_cut}, joined with {len(work.done())} of {work.total}",
        ]

    def _without_head(self, running: Running, work: Work) -> list[str]:
        """Kills Ray on the head; the program's own process goes on."""
        running.wait(_LIMIT.value, lambda: work.begun(0.3))
        self.cluster.hosts[0].kill(but=[running.process.pid])
        start = time.monotonic()
        running.wait(_LIMIT.value)
        return [f"ended {time.monotonic() - start:.0f} s after the head"]

    def _ended(self, running: Running, expected: int) -> list[str]:
        """What is not as promised of a program's end."""
        if not running.wait(_LIMIT.value):
            running.process.kill()
            return [f"hung, killed after {running.seconds():.0f} s"]
        code, said = running.process.returncode, running.said()
        problems = []
        if code != expected:
            problems.append(f"ended with {code} ({self._last_line(running)}), expected {expected}")
        if "Traceback" in said:
            problems.append("a traceback")
        if expected and not self._last_line(running).startswith("error: "):
            problems.append("no line of the cause at the end")
        return problems

    def _last_line(self, running: Running) -> str:
        lines = running.said().strip().splitlines()
        return lines[-1].replace(str(self._folder), "…") if lines else ""

    def _compared(self, kind: str, work: Work, fault: str) -> list[str]:
        """What is left, compared with what the undisturbed run left."""
        found = work.content()
        problems = []
        if kind == "extract":
            parts = sorted(work.left.glob(work.finished))
            ids = [json.loads(line).get("id") for part in parts for line in part.read_text().splitlines()]
            if ids != list(range(_LINES.value)):
                problems.append(f"{len(ids)} ids, {len(set(ids))} different, expected each once and in order")
        if fault == "none":
            self._expected = found
            self._bytes = int(subprocess.check_output(["du", "-sB1", work.left], text=True).split()[0])
            return problems
        return problems + ends.differences(self._expected, found)


if __name__ == "__main__":
    program.run(main)
