"""Hosts on one machine: network namespaces with addresses of their own, joined by a bridge (Linux, root)."""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import IO

from jner_re.errors import InputError

_SUBNET = "198.18.36"  # of the block for benchmarks of networks (RFC 2544)
_SECONDS_TO_DIE = 20.0


class Host:
    """A network namespace: programs in it see its address alone.

    Args:
      number: from 0; the last part of the address is one more.
      bridge: that its link goes to.
    """

    def __init__(self, number: int, bridge: str) -> None:
        self.name = f"{bridge}-{number}"
        self.address = f"{_SUBNET}.{number + 1}"
        self._link = f"{bridge}v{number}"
        self._bridge = bridge

    def make(self) -> None:
        """Makes the namespace and its link."""
        _ip("netns", "add", self.name)
        _ip("link", "add", self._link, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        _ip("link", "set", self._link, "master", self._bridge, "up")
        _ip("-n", self.name, "address", "add", f"{self.address}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            _ip("-n", self.name, "link", "set", device, "up")
        # Programs ask what their own address is by a route to anywhere; nobody is there.
        _ip("-n", self.name, "route", "add", "default", "dev", "eth0")

    def start(
        self,
        command: Sequence[str],
        folder: pathlib.Path,
        environment: Mapping[str, str],
        output: IO[bytes],
        errors: IO[bytes],
    ) -> subprocess.Popen[bytes]:
        """Starts a program in the namespace; its number is that of the process."""
        return subprocess.Popen(
            ["ip", "netns", "exec", self.name, *command],
            cwd=folder, env=dict(environment), stdin=subprocess.DEVNULL, stdout=output, stderr=errors,
        )  # fmt: skip

    def processes(self) -> set[int]:
        """The numbers of the processes in the namespace."""
        found = subprocess.run(["ip", "netns", "pids", self.name], capture_output=True, text=True, check=True)
        return {int(line) for line in found.stdout.split()}

    def kill(self, but: Sequence[int] = ()) -> int:
        """Ends all of its processes with SIGKILL, but for some, and says how many there were."""
        killed: set[int] = set()
        end = time.monotonic() + _SECONDS_TO_DIE
        while (left := self.processes() - set(but)) and time.monotonic() < end:
            for number in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)
            killed |= left
            time.sleep(0.1)
        return len(killed)

    def set_link(self, state: str) -> None:
        """Cuts ("down") or joins ("up") the host's link."""
        _ip("link", "set", self._link, state)

    def remove(self) -> None:
        """Ends what runs in the namespace, and removes it with its link."""
        with contextlib.suppress(subprocess.CalledProcessError):  # it was not made
            self.kill()
        for arguments in (("link", "delete", self._link), ("netns", "delete", self.name)):
            subprocess.run(["ip", *arguments], stderr=subprocess.DEVNULL, check=False)


def check() -> None:
    """Raises InputError without root or iproute2."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        raise InputError("network namespaces need root and iproute2's ip, expected both")


@contextlib.contextmanager
def hosts(count: int) -> Iterator[list[Host]]:
    """So many hosts that reach one another; whatever happens in the block, they end with it.

    Raises:
      InputError: without root or iproute2.
    """
    check()
    bridge = f"jner{os.getpid() % 10**7}"
    made = [Host(number, bridge) for number in range(count)]
    try:
        _ip("link", "add", bridge, "type", "bridge")
        _ip("link", "set", bridge, "up")
        for host in made:
            host.make()
        yield made
    finally:
        for host in made:
            host.remove()
        subprocess.run(["ip", "link", "delete", bridge], stderr=subprocess.DEVNULL, check=False)


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise InputError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
