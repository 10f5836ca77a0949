"""How to install what only some programs need."""

from __future__ import annotations

import pathlib
import shlex

from jner_re.errors import InputError

_ROOT = pathlib.Path(__file__).resolve().parents[1]  # of the checkout, if this is one


def install(extra: str) -> str:
    """The command; in a checkout, the one that makes no copy of the package beside it."""
    if (_ROOT / "setup.cfg").is_file():
        return f"pip install --editable {shlex.quote(f'{_ROOT}[{extra}]')}"
    return f"pip install {shlex.quote(f'jner-re[{extra}]')}"


def missing(package: str | None, extra: str) -> InputError:
    """The error to raise where a package can't be imported."""
    return InputError(f"{package} is missing, expected: {install(extra)}")
