"""Tries the local server hard: clients, idle and slow connections, malformed and oversized bodies, versions.

    python -m benchmarks.faults.server --export=exported/demo/1 --minutes=10

Eight clients ask as in benchmarks.serving.traffic, one request in ten malformed. Beside them a hundred
connections say nothing, twenty send a byte a second, and in turn bodies come that are too large, gzip that
would fill the memory, and the page is asked for. Every minute a copy of the version appears, every third one
damaged, which must not be served. The exit code is 1 if an answer differed from that to a sentence alone, a
status was not the one expected (or 503, when there is too much), the page didn't answer, a damaged version
was served, a good one wasn't within a minute (or five times what the first one took before the traffic), or
the resident set with one version (median of a minute) was in the last minute 5% above that of the second. In
the first two minutes and the last one no version appears.
"""

from __future__ import annotations

import collections
import contextlib
import functools
import gzip
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator

import requests
from absl import flags

from benchmarks.faults import given_model
from benchmarks.serving import traffic as traffics
from jner_re import files, program
from jner_re.corpora import data_dir
from jner_re.extraction.version_folders import SAVED_MODEL

_EXPORT = flags.DEFINE_string("export", None, "version folder of an exported model", required=True)
_MINUTES = flags.DEFINE_float("minutes", 10.0, "how long", lower_bound=0.5)

_ROOT = pathlib.Path(__file__).resolve().parents[2]
_CLIENTS, _IDLE, _SLOW = 8, 100, 20
_BETWEEN = 60  # seconds from version to version
_LOADING_SECONDS, _LOADING_TIMES = 60, 5  # in which one is served, or so many times what the first took
_RELEASE_SECONDS = 15  # after which requests to the old one are answered, and its memory is given back
_LARGEST = 16 << 20  # of a request's body
_REQUEST = b"POST /v1/models/jner_re:predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 40\r\n\r\n"


class Trial:
    """A server, what is done to it, and what went wrong."""

    def __init__(self, url: str, process_id: int, loading: float) -> None:
        """`loading`: the seconds that the first version took, without traffic."""
        self.address = url
        self.statuses: collections.Counter[str] = collections.Counter()
        self.traffic = traffics.Traffic(
            f"{url}/v1/models/jner_re", [list(s.tokens) for s in data_dir.read_sample("train")[:100]]
        )
        self.is_loading = False
        self.first, self.patience = loading, max(_LOADING_SECONDS, _LOADING_TIMES * loading)
        self.seconds: dict[str, list[float]] = collections.defaultdict(list)
        self._status_file = pathlib.Path("/proc", str(process_id), "status")
        port = int(url.rpartition(":")[2])
        self._connect: Callable[[], socket.socket] = lambda: socket.create_connection(("127.0.0.1", port), 10)

    @property
    def is_over(self) -> bool:
        return self.traffic.stop.is_set()

    def memory(self) -> float:
        """Resident set of the server, MiB."""
        found = re.search(r"^VmRSS:\s+(\d+) kB", self._status_file.read_text(), re.MULTILINE)
        assert found is not None
        return int(found[1]) / 1024

    def idle(self) -> None:
        """Keeps connections that say nothing; the server may close them."""
        sockets = [self._connect() for _ in range(_IDLE)]
        while not self.traffic.stop.wait(1):
            for i, each in enumerate(sockets):
                each.setblocking(False)
                with contextlib.suppress(BlockingIOError, ConnectionError):
                    if each.recv(1) == b"":
                        self.statuses["idle: closed"] += 1
                        each.close()
                        sockets[i] = self._connect()
        for each in sockets:
            each.close()

    def slow(self) -> None:
        """Sends a request a byte a second, on several connections."""
        while not self.is_over:
            with contextlib.ExitStack() as stack:
                sockets = [stack.enter_context(self._connect()) for _ in range(_SLOW)]
                for byte in _REQUEST:
                    for each in sockets:
                        with contextlib.suppress(OSError):  # closed by the server
                            each.send(bytes([byte]))
                    if self.traffic.stop.wait(1):
                        return
                self.statuses["slow: requests"] += _SLOW

    def bodies(self) -> None:
        """Posts what is too large, or would be, and asks for the page."""
        bomb = gzip.compress(bytes(1 << 20)) * 2000  # 2 GiB
        large = b'{"instances": ["' + b"a" * (_LARGEST + 1) + b'"]}'
        zipped = {"Content-Encoding": "gzip"}
        while not self.is_over:
            self._post("gzip bomb", bomb, zipped, {400, 413, 415})
            self._post("too large", large, {}, {413})
            self._post("no gzip", b"{}", zipped, {400, 415})
            try:
                page = requests.get(self.address, timeout=30)
                self._count("page", page.status_code, {200})
            except requests.RequestException as error:
                self.traffic.faults.append(f"page: {error}")
            self.traffic.stop.wait(0.5)

    def _post(self, kind: str, body: bytes, headers: dict[str, str], expected: set[int]) -> None:
        try:
            answer = requests.post(f"{self.traffic.url}:predict", data=body, headers=headers, timeout=60)
            self._count(kind, answer.status_code, expected)
        except requests.ConnectionError:  # closed before all of it was sent
            self.statuses[f"{kind}: closed"] += 1

    def _count(self, kind: str, status: int, expected: set[int]) -> None:
        self.statuses[f"{kind}: {status}"] += 1
        if status not in expected | {503}:
            self.traffic.faults.append(f"{kind}: status {status}")

    def versions(self, folder: pathlib.Path) -> None:
        """Every minute, when the one before is served, a new version, every third one damaged."""
        good, number, next_one = 1, 1, time.monotonic() + 120
        last = time.monotonic() + 60 * (_MINUTES.value - 1.5)
        while not self.traffic.stop.wait(max(0, next_one - time.monotonic())):
            if time.monotonic() > last:
                return
            number, next_one = number + 1, max(time.monotonic(), next_one) + _BETWEEN
            beside = folder / ".copy"
            shutil.copytree(files.user_path(_EXPORT.value), beside)
            damaged = number % 3 == 0
            if damaged:
                graph = beside / "saved_model.pb"
                graph.write_bytes(graph.read_bytes()[: graph.stat().st_size // 2])
            self.is_loading = True
            beside.rename(folder / str(number))
            state, seconds = self._settled(number)
            kind, expected = ("damaged", "END") if damaged else ("good", "AVAILABLE")
            self.seconds[kind].append(seconds)
            self.statuses[f"versions, {kind}: {state}"] += 1
            if state != expected and not self.is_over:
                fault = f"version {number}, a {kind} one, was {state} after {seconds:.0f} s"
                self.traffic.faults.append(fault)
            if not damaged:
                shutil.rmtree(folder / str(good))
                good = number
            self.traffic.stop.wait(_RELEASE_SECONDS)
            self.is_loading = False

    def _settled(self, number: int) -> tuple[str, float]:
        """The state of a version when it is served or given up, or has had its time, and after how long."""
        start, state = time.monotonic(), "unknown"
        while state not in ("AVAILABLE", "END") and time.monotonic() < start + self.patience:
            if self.traffic.stop.wait(0.2):
                break
            state = self.traffic.state(number)
        return state, time.monotonic() - start


@contextlib.contextmanager
def server(folder: pathlib.Path) -> Iterator[tuple[str, int]]:
    """The address and the process id of a server of the versions in a folder."""
    command = [sys.executable, "-m", "export.serve", f"--model_base_path={folder}", "--rest_api_port=0"]
    with (folder.parent / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1], process.pid
    finally:
        process.kill()
        process.wait()


def main() -> None:
    """Runs and reports."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name, "versions")
        shutil.copytree(given_model.folder(_EXPORT.value, SAVED_MODEL), folder / "1")
        with server(folder) as (url, process_id):
            first = re.search(r"is loaded and warm after (\S+) s", pathlib.Path(name, "log").read_text())
            assert first is not None
            trial = Trial(url, process_id, float(first[1]))
            parts: list[Callable[[], None]]
            parts = [trial.idle, trial.slow, trial.bodies, functools.partial(trial.versions, folder)]
            parts += [functools.partial(trial.traffic.client, i) for i in range(_CLIENTS)]
            threads = [threading.Thread(target=part) for part in parts]
            for thread in threads:
                thread.start()
            sizes = watch(trial, 60 * _MINUTES.value)
            trial.traffic.stop.set()
            for thread in threads:
                thread.join()
    report(trial, sizes)


def watch(trial: Trial, seconds: float) -> list[tuple[float, float, bool]]:
    """Every second the time, the resident set, and whether one version is there alone."""
    sizes = []
    start = time.monotonic()
    while (now := time.monotonic() - start) < seconds:
        sizes.append((now, trial.memory(), not trial.is_loading))
        time.sleep(1)
    return sizes


def report(trial: Trial, sizes: list[tuple[float, float, bool]]) -> None:
    """Prints, and ends with 1 if there were faults."""
    faults, traffic = trial.traffic.faults, trial.traffic
    asked = {f"clients: {status}": count for status, count in sorted(traffic.statuses.items())}
    print(f"{_CLIENTS} clients, {_IDLE} idle and {_SLOW} slow connections, {_MINUTES.value:g} minutes")
    for kind, count in (asked | dict(sorted(trial.statuses.items()))).items():
        print(f"  {kind}: {count} times")
    for kind, times in sorted(traffic.milliseconds.items()):
        print(f"  {kind}: median {statistics.median(times):.0f} ms, largest {max(times):.0f}")
    print(f"version 1 was loaded in {trial.first:.1f} s without traffic")
    for kind, seconds in sorted(trial.seconds.items()):
        print(f"  {kind} ones settled after {statistics.median(seconds):.1f} s, at most {max(seconds):.1f}")
    end = 60 * _MINUTES.value
    print(f"load of the machine: {', '.join(f'{x:.0f}' for x in os.getloadavg())} in 1, 5, 15 minutes")
    for begin in range(0, int(end), 60):
        print(f"  minute {begin // 60 + 1}: {_megabytes(sizes, begin, begin + 60)}")
    early, late = (statistics.median(alone(sizes, at, at + 60)) for at in (60, end - 60))
    print(f"resident set with one version: {early:.0f} MiB in minute two, {late:.0f} in the last")
    if late > 1.05 * early:
        faults.append("memory grew")
    for fault, count in collections.Counter(faults).most_common(10):
        print(f"fault, {count} times: {fault}")
    sys.exit(bool(faults))


def alone(sizes: list[tuple[float, float, bool]], begin: float, end: float) -> list[float]:
    """The sizes of a time, where one version is there alone; of all, if it never is."""
    found = [each for each in sizes if begin <= each[0] < end] or sizes[-1:]
    return [size for _, size, is_alone in found if is_alone] or [size for _, size, _ in found]


def _megabytes(sizes: list[tuple[float, float, bool]], begin: float, end: float) -> str:
    quiet, everything = alone(sizes, begin, end), [s for at, s, _ in sizes if begin <= at < end]
    return (
        f"{statistics.median(quiet):.0f} MiB, largest {max(quiet):.0f}; while loading {max(everything):.0f}"
    )


if __name__ == "__main__":
    program.run(main)
