"""The processes of a program that is killed: those that it started, wherever they were put."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import time

_JOB = "ray::work"  # how a process of Ray names itself while it runs a job
_AGENTS = ("ray::DashboardAgent", "ray::RuntimeEnvAgent")  # Ray's own, which write to its own folder alone


def with_environment(line: str) -> dict[int, str]:
    """The command of every process that has this line in its environment, by its number."""
    found = {}
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            lines = (folder / "environ").read_bytes().split(b"\0")
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:  # it has ended, or isn't ours
            continue
        if line.encode() in lines and command:
            found[int(folder.name)] = command
    return found


def kill_program(program: subprocess.Popen[bytes], *, group: bool) -> None:
    """Kills it alone, or with what is in its process group: Ray's jobs have groups of their own."""
    if group:
        os.killpg(program.pid, signal.SIGKILL)
    else:
        program.kill()
    program.wait()


def kill_a_job(line: str) -> bool:
    """Kills a job of the program with this line in its environment; False if none runs."""
    jobs = [number for number, command in with_environment(line).items() if command.startswith(_JOB)]
    for number in sorted(jobs)[:1]:
        try:
            os.kill(number, signal.SIGKILL)
        except ProcessLookupError:
            return False
    return bool(jobs)


def living(line: str, seconds: float = 5) -> list[str]:
    """Those that are there so long after the program, but for Ray's agents, which end by themselves."""
    end = time.monotonic() + seconds
    while True:
        found = [name for name in with_environment(line).values() if not name.startswith(_AGENTS)]
        if not found or time.monotonic() > end:
            return found
        time.sleep(0.2)
