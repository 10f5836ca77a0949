"""The attempts at a run, in its folder: when each began, and where and with what.

A run that was interrupted has several, perhaps of different commits; its record names them all.
"""

from __future__ import annotations

import datetime
import json
import pathlib
from typing import Any

from jner_re import files

from . import facts

_FILE = "attempts.json"


def begin(folder: pathlib.Path, threads: int) -> None:
    """Adds an attempt that begins now.

    Args:
      folder: of the run.
      threads: that TensorFlow was told to use.
    """
    attempts = [*_read(folder), {"started": _now().isoformat(), **facts.run_facts(threads)}]
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
