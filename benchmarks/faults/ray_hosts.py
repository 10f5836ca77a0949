"""A Ray cluster on hosts of one machine (`network.py`): a head and workers, each with a core."""

from __future__ import annotations

import os
import pathlib
import secrets
import subprocess
import sys
import time
from collections.abc import Sequence
from types import TracebackType

from benchmarks.faults.network import Host
from jner_re.errors import InputError

PORT = 6379
_ROOT = pathlib.Path(__file__).resolve().parents[2]
_STORE_BYTES = 100 << 20
_SECONDS_TO_START = 90.0


class RayCluster:
    """Ray on hosts, the first of them the head; with the block all that runs there ends.

    Args:
      hosts: at least two.
      folder: of Ray's files; short, since names of sockets are.
      cache: of the package, on every host.
    """

    def __init__(self, hosts: Sequence[Host], folder: pathlib.Path, cache: pathlib.Path) -> None:
        self.hosts = hosts
        self._folder = folder
        self._started = 0
        # From 2.60 on Ray asks for a token if a machine has one; here one that lasts as long as the cluster.
        self._environment = {
            **os.environ,
            "PYTHONPATH": str(_ROOT),
            "JNER_RE_CACHE": str(cache),
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_worker_niceness": "5",  # its 15 stands still on a machine with other work
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": secrets.token_hex(32),
        }

    @property
    def address(self) -> str:
        """Of the head, as --ray_address takes it."""
        return f"{self.hosts[0].address}:{PORT}"

    def __enter__(self) -> RayCluster:
        self.start_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for host in self.hosts:
            host.kill()

    def start_all(self) -> None:
        """Begins anew, on every host."""
        for host in self.hosts:
            host.kill()
            host.set_link("up")
        for number in range(len(self.hosts)):
            self.start(number)

    def start(self, number: int) -> None:
        """Starts Ray on a host, and waits until it runs.

        Raises:
          InputError: it doesn't.
        """
        self._started += 1
        host, own = self.hosts[number], self._folder / str(self._started)
        if number:
            role = [f"--address={self.address}"]
        else:
            role = ["--head", f"--port={PORT}", "--include-dashboard=false"]
        command = [
            sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--disable-usage-stats", *role,
            f"--node-ip-address={host.address}", "--num-cpus=1", f"--object-store-memory={_STORE_BYTES}",
            f"--temp-dir={own}",
        ]  # fmt: skip
        log = self._folder / f"{self._started}.log"
        with log.open("wb") as output:
            process = host.start(command, _ROOT, self._environment, output, output)
        end = time.monotonic() + _SECONDS_TO_START
        while "Ray runtime started" not in (said := log.read_text(errors="replace")):
            if process.poll() is not None or time.monotonic() > end:
                raise InputError(f"Ray did not start on {host.address}: {said[-1000:]}")
            time.sleep(0.2)

    def run(
        self, module: str, flags: Sequence[str], output: pathlib.Path, errors: pathlib.Path
    ) -> subprocess.Popen[bytes]:
        """Starts a program of the project on the head, which uses the cluster."""
        with output.open("wb") as out, errors.open("wb") as err:
            command = [sys.executable, "-m", module, *flags, f"--ray_address={self.address}"]
            return self.hosts[0].start(command, _ROOT, self._environment, out, err)
