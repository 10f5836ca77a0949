"""Tries the local server hard: clients, idle and slow connections, malformed and oversized bodies, versions.

    python -m benchmarks.faults.server --export=exported/demo/1 --minutes=10

Eight clients ask as in benchmarks.serving.traffic, one request in ten malformed. Beside them a hundred
connections say nothing, twenty send a byte a second, and in turn bodies come that are too large, gzip that
would fill the memory, and the page is asked for. Every minute a copy of the version appears, every third one
damaged, which must not be served. The exit code is 1 if an answer differed from that to a sentence alone, a
status was not the one expected (or 503, when there is too much), the page didn't answer, a damaged version
was served or a good one not, or the resident set grew by more than 5% from the second minute on.
"""

from __future__ import annotations

import collections
import contextlib
import gzip
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator

import requests
from absl import flags

from benchmarks.serving import traffic as traffics
from jner_re import files, program
from jner_re.corpora import data_dir

_EXPORT = flags.DEFINE_string("export", None, "version folder of an exported model", required=True)
_MINUTES = flags.DEFINE_float("minutes", 10.0, "how long", lower_bound=0.5)

_ROOT = pathlib.Path(__file__).resolve().parents[2]
_CLIENTS, _IDLE, _SLOW = 8, 100, 20
_LARGEST = 16 << 20  # of a request's body
_REQUEST = b"POST /v1/models/jner_re:predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 40\r\n\r\n"


class Trial:
    """A server, what is done to it, and what went wrong."""

    def __init__(self, url: str, process_id: int) -> None:
        self.address = url
        self.statuses: collections.Counter[str] = collections.Counter()
        self.traffic = traffics.Traffic(
            f"{url}/v1/models/jner_re", [list(s.tokens) for s in data_dir.read_sample("train")[:100]]
        )
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
        """Every minute a new version, every third one damaged."""
        good, number = 1, 1
        while not self.traffic.stop.wait(60):
            number += 1
            beside = folder / ".copy"
            shutil.copytree(files.user_path(_EXPORT.value), beside)
            damaged = number % 3 == 0
            if damaged:
                graph = beside / "saved_model.pb"
                graph.write_bytes(graph.read_bytes()[: graph.stat().st_size // 2])
            beside.rename(folder / str(number))
            self.traffic.stop.wait(40)
            if self.traffic.serves(number) == damaged:
                kind, state = ("damaged", "served") if damaged else ("good", "not served within 40 s")
                self.traffic.faults.append(f"version {number}, a {kind} one, was {state}")
            self.statuses[f"versions: {'damaged' if damaged else 'served'}"] += 1
            if not damaged:
                shutil.rmtree(folder / str(good))
                good = number


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
        shutil.copytree(files.user_path(_EXPORT.value), folder / "1")
        with server(folder) as (url, process_id):
            trial = Trial(url, process_id)
            threads = [threading.Thread(target=trial.traffic.client, args=[i]) for i in range(_CLIENTS)]
            threads += [threading.Thread(target=each) for each in (trial.idle, trial.slow, trial.bodies)]
            threads.append(threading.Thread(target=trial.versions, args=[folder]))
            for thread in threads:
                thread.start()
            sizes = watch(trial, 60 * _MINUTES.value)
            trial.traffic.stop.set()
            for thread in threads:
                thread.join()
    report(trial, sizes)


def watch(trial: Trial, seconds: float) -> list[float]:
    """The resident set, ten times a minute."""
    sizes = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(6)
        sizes.append(trial.memory())
    return sizes


def report(trial: Trial, sizes: list[float]) -> None:
    """Prints, and ends with 1 if there were faults."""
    early, late = max(sizes[10:20], default=sizes[0]), max(sizes[-10:])
    asked = {f"clients: {status}": count for status, count in sorted(trial.traffic.statuses.items())}
    print(f"{_CLIENTS} clients, {_IDLE} idle and {_SLOW} slow connections, {_MINUTES.value:g} minutes")
    for kind, count in (asked | dict(sorted(trial.statuses.items()))).items():
        print(f"  {kind}: {count} times")
    print(f"resident set: {early:.0f} MiB in minute two, {late:.0f} in the last, largest {max(sizes):.0f}")
    if late > 1.05 * early:
        trial.traffic.faults.append("memory grew")
    for fault, count in collections.Counter(trial.traffic.faults).most_common(10):
        print(f"fault, {count} times: {fault}")
    sys.exit(bool(trial.traffic.faults))


if __name__ == "__main__":
    program.run(main)
