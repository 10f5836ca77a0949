"""The programs that benchmarks.faults.cluster runs on a cluster, and a watch of one while it runs."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import pathlib
import re
import subprocess
import time
from collections.abc import Callable

from benchmarks.faults import ends
from benchmarks.faults.ray_hosts import RayCluster
from jner_re.corpora import data_dir, spert_json

LINES_A_SHARD = 500
_SENTENCES = 120  # of each split, that trials train on and are evaluated on, at most
_OWN = {"run"}  # of a record: when, where and in how many attempts it was made


@dataclasses.dataclass(frozen=True)
class Work:
    """A program with its flags.

    Attributes:
      module: of the program.
      flags: but for --ray_address.
      left: folder of what it leaves, on the volume.
      finished: a pattern in `left` of files that each stand for something that is done.
      total: how many of these there are at the end.
      begun: whether the program is in the middle of its work, given how far it shall be, from 0 to 1.
      epochs: that were trained until now, those that were trained again among them.
    """

    module: str
    flags: list[str]
    left: pathlib.Path
    finished: str
    total: int
    begun: Callable[[float], bool]
    epochs: Callable[[], int] = lambda: 0

    def done(self) -> dict[str, int]:
        """The names of finished files, and their inodes: a file that is made again has another."""
        found = {}
        for path in self.left.glob(self.finished):
            with contextlib.suppress(OSError):
                found[path.name] = path.stat().st_ino
        return found

    def content(self) -> dict[str, str]:
        """What is left, to be compared."""
        for path in self.left.glob("results/*.json"):
            record = {key: value for key, value in json.loads(path.read_text()).items() if key not in _OWN}
            path.write_text(json.dumps(record))
        (self.left / "results" / "results.md").unlink(missing_ok=True)  # of its figures, some are seconds
        return ends.content(self.left)


def extraction(folder: pathlib.Path, volume: pathlib.Path, model: pathlib.Path, lines: int) -> Work:
    """Extraction from so many lines: the sample corpus again and again, each line with an id of its own."""
    texts = [" ".join(s.tokens) for split in data_dir.SPLITS for s in data_dir.read_sample(split)]
    corpus, left = folder / "texts.jsonl", volume / "left"
    rows = ({"id": i, "text": texts[i % len(texts)]} for i in range(lines))
    corpus.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    flags = [f"--model={model}", f"--input={corpus}", f"--output={left}", f"--shard_size={LINES_A_SHARD}"]
    total = -(-lines // LINES_A_SHARD)

    def begun(share: float) -> bool:
        return len(list(left.glob("part-*.jsonl"))) >= share * total

    return Work("experiments.extract", flags, left, "part-*.jsonl", total, begun)


def trials(folder: pathlib.Path, volume: pathlib.Path, seeds: int, epochs: int) -> Work:
    """Trainings on the sample corpus without encoder and word vectors."""
    data, left = folder / "data", volume / "left"
    data.mkdir()
    for split in data_dir.SPLITS:
        spert_json.write(data_dir.read_sample(split)[:_SENTENCES], data / f"{split}.json")
    flags = ["--preset=sample", "--encoder=", "--glove=", f"--data_dir={data}", f"--epochs={epochs}"]
    flags += [f"--seeds={seeds}", f"--output_dir={left / 'results'}", f"--runs_dir={left / 'runs'}"]

    def trained() -> int:
        logs = [path.read_text(errors="replace") for path in left.glob("runs/*/log.txt")]
        return sum(len(re.findall(r"^epoch +\d+/", log, re.MULTILINE)) for log in logs)

    def begun(share: float) -> bool:
        return trained() >= max(1, share * 2 * seeds * epochs)  # each seed is trained twice

    return Work("experiments.trials", flags, left, "results/seed-*.json", seeds, begun, trained)


class Running:
    """A program that runs on a cluster.

    Attributes:
      made_again: the names of files that were finished and made once more.
      resident: MiB of the program's resident set, second by second.
    """

    def __init__(self, cluster: RayCluster, work: Work, logs: pathlib.Path) -> None:
        self._work = work
        self._output, self._errors = logs.with_suffix(".out"), logs.with_suffix(".err")
        self.seen = work.done()
        self.made_again: list[str] = []
        self.resident: list[float] = []
        self.process = cluster.run(work.module, work.flags, self._output, self._errors)
        self._start = time.monotonic()

    def wait(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Watches until the program ends, `until` holds or the time is over; False in this last case."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            ended = self.process.poll() is not None
            self._look()
            if ended or until():
                return True
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(1.0)
        return False

    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self._start

    def said(self) -> str:
        """What is on standard error."""
        return self._errors.read_text(errors="replace")

    def printed(self) -> str:
        """What is on standard output."""
        return self._output.read_text(errors="replace")

    def _look(self) -> None:
        for name, inode in self._work.done().items():
            if self.seen.get(name, inode) != inode:
                self.made_again.append(name)
            self.seen[name] = inode
        with contextlib.suppress(OSError, AttributeError):
            status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
            found = re.search(r"VmRSS:\s+(\d+) kB", status)
            if found:
                self.resident.append(int(found[1]) / 1024)
