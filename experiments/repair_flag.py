"""The flag that says whether annotation is trusted more than the rules by which texts are split."""

from __future__ import annotations

from absl import flags

_BREAKS = "breaks"
NAME = "repair"
_REPAIR = flags.DEFINE_enum(
    NAME,
    None,
    [_BREAKS],
    "of documents: breaks splits tokens where an entity begins or ends in them, and joins sentences that an "
    "entity is in, so that no such entity is lost in training; prediction does neither",
)


def repairs() -> bool:
    """Whether tokens and ends of sentences give way."""
    return _REPAIR.value == _BREAKS
