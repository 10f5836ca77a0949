"""The attempts at a run, in its folder: when each began, and where and with what.

A run that was interrupted has several, perhaps of different commits; its record names them all.
"""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import os
import pathlib
import platform
import subprocess
from typing import Any

from jner_re import files

_FILE = "attempts.json"
_PACKAGES = ("jner-re", "tensorflow", "tensorflow-addons", "tensorflow-text", "numpy")


def begin(folder: pathlib.Path, threads: int) -> None:
    """Adds an attempt that begins now.

    Args:
      folder: of the run.
      threads: that TensorFlow was told to use.
    """
    attempts = [*_read(folder), {"started": _now().isoformat(), **_facts(threads)}]
    files.write_text(folder / _FILE, json.dumps(attempts, indent=1) + "\n")


def finished(folder: pathlib.Path) -> dict[str, Any]:
    """Of a run that ends now: {"finished", "seconds" of the last attempt, "attempts"}."""
    attempts, now = _read(folder), _now()
    seconds = (now - datetime.datetime.fromisoformat(attempts[-1]["started"])).total_seconds()
    return {"finished": now.isoformat(), "seconds": round(seconds, 1), "attempts": attempts}


def _read(folder: pathlib.Path) -> list[dict[str, Any]]:
    path = folder / _FILE
    return files.read_json(path) if path.exists() else []


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)


def _facts(threads: int) -> dict[str, Any]:
    """Commit, versions and machine, for a record."""
    return {
        "commit": _commit(),
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in _PACKAGES}},
        "machine": {
            "system": f"{platform.system()} {platform.machine()}",
            "processor": _processor(),
            "cores": len(os.sched_getaffinity(0)),
            "threads": threads,
        },
    }


def _commit() -> str:
    """Of the checkout that runs, with "-dirty" if its code was changed since; "" if it is none."""
    folder = pathlib.Path(__file__).resolve().parents[2]
    if not (folder / ".git").exists():
        return ""
    try:
        name = _git(folder, "rev-parse", "--short=12", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--untracked-files=no", "jner_re", "experiments")
    except (OSError, subprocess.CalledProcessError):
        return ""
    return f"{name}-dirty" if changed else name


def _git(folder: pathlib.Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _processor() -> str:
    """As Linux names it."""
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return ""
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else ""
