"""What `make` says while it installs."""

from __future__ import annotations

import pathlib
import shutil
import subprocess

import pytest

_ROOT = pathlib.Path(__file__).resolve().parents[1]


@pytest.mark.skipif(shutil.which("make") is None, reason="no make")
@pytest.mark.parametrize(
    "target",
    [
        "demo",
        "venv",
        ".venv-current/all-installed",
        ".venv-tf-2.12/installed",
        ".venv-label-studio/installed",
    ],
)
def test_installations_are_quiet_and_announced(target: str) -> None:
    """The commands of a first run, none of which is run here."""
    result = subprocess.run(
        ["make", "--dry-run", "--always-make", target], cwd=_ROOT, capture_output=True, text=True, check=True
    )
    lines = [line for line in result.stdout.splitlines() if not line.startswith("test -x ")]
    installs = [i for i, line in enumerate(lines) if "/pip " in line]
    assert installs and all(" -qq " in lines[i] for i in installs)
    of_packages = [i for i in installs if "--upgrade pip" not in lines[i] and "--no-deps" not in lines[i]]
    for i in of_packages:
        assert any(line.startswith('echo "Installing ') for line in lines[max(i - 3, 0) : i]), lines[i]
