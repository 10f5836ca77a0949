"""The flag of declared constraints."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence

from absl import flags

from jner_re import constraints, files
from jner_re.constraints import NONE, Constraints
from jner_re.corpora import constraint_check
from jner_re.schema import LabelSet, Sentence

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


def of_corpus(folder: pathlib.Path, train: Sequence[Sentence], dev: Sequence[Sentence]) -> Constraints:
    """Those of the flag, else those of a data directory. Warns of annotation for training that breaks them.

    Raises:
      InputError: as `given`, or they don't fit the corpus.
    """
    found = given()
    if found is None:
        found = constraints.load_if_there(folder)
    constraint_check.check(found, train, LabelSet.of((*train, *dev)))
    return found
