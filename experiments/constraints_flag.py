"""The flag of declared constraints."""

from __future__ import annotations

import pathlib

from absl import flags

from jner_re import constraints, files
from jner_re.constraints import NONE, Constraints

_CONSTRAINTS = flags.DEFINE_string(
    "constraints",
    None,
    f"file of declared constraints on relations in place of {constraints.FILE} in --data_dir or the model "
    "directory; empty for none",
)


def given() -> Constraints | None:
    """Those of the flag; None if it isn't given.

    Raises:
      InputError: the file can't be read, or isn't one of constraints.
    """
    if _CONSTRAINTS.value is None:
        return None
    return constraints.load(files.user_path(_CONSTRAINTS.value)) if _CONSTRAINTS.value else NONE


def given_or_of(folder: pathlib.Path) -> Constraints:
    """Those of the flag, else those of a data directory; raises as `given`."""
    found = given()
    return constraints.load_if_there(folder) if found is None else found
