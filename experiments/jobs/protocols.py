"""Protocols: what is trained on what, and what chooses what."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from jner_re.config import TrainConfig
from jner_re.errors import InputError


@dataclasses.dataclass(frozen=True)
class Protocol:
    """A protocol; two are equal if their keys are.

    Attributes:
      key: by which records are compared.
      description: for the reader of a record or a table.
    """

    key: str
    description: str = dataclasses.field(compare=False)

    def and_(self, key: str, description: str) -> Protocol:
        """This one, and what is done beside."""
        return Protocol(f"{self.key}+{key}", f"{self.description}; {description}")


ON_DEV = Protocol("on-dev", "trained on train; the best epoch and the threshold chosen on dev")
ON_BOTH = Protocol(
    "on-both",
    "trained on train and dev, for the number of epochs (over which the learning rate takes its course) and "
    "with the threshold that were best on dev for a first training on train alone",
)
AS_GIVEN = Protocol(
    "as-given", "trained on train and dev, for the number of epochs and with the threshold of the config"
)
FOLDS_AS_GIVEN = Protocol(
    "folds-as-given", "trained on train, for the number of epochs and with the threshold of the config"
)
SCORED_ON_DEV = Protocol(
    "scored-on-dev",
    "trained on train, for the number of epochs of the config; dev scored with the threshold of the config, "
    "test not looked at",
)
SEARCHED = Protocol("searched", "trained on train, scored on dev each epoch")


def to_the_end() -> Protocol:
    """Of a search without early stopping."""
    return SEARCHED.and_("to-the-end", "every trial to its end")


def stopped_early(grace: int, reduction: int) -> Protocol:
    """Of a search with ASHA (`asha.EarlyStopping`)."""
    return SEARCHED.and_(
        f"asha-{grace}-{reduction}",
        f"stopped early by ASHA, grace period {grace} epochs, reduction factor {reduction}",
    )


def distilled(of: Protocol, weight: float, members: int, folds: int, split_seed: int) -> Protocol:
    """Of a student, beside what it is trained on.

    Args:
      of: the protocol of its training.
      weight: of the soft targets.
      members: models in a teacher.
      folds: of which each teacher has not seen one; 0 for one teacher that has seen all sentences.
      split_seed: of the draw of the folds.
    """
    learned = f"learned the annotation and, with weight {weight:g}, what {members} models trained on the"
    if not folds:
        key = f"distilled-seen-{weight:g}-{members}"
        return of.and_(key, f"{learned} same sentences gave as probable")
    return of.and_(
        f"distilled-{weight:g}-{members}-{folds}-{split_seed}",
        f"{learned} other folds gave as probable in each of {folds} folds (split seed {split_seed})",
    )


_LEARNED = r"; learned the annotation and, with weight (\S+), what (\d+) models trained on the"
# Records from before there were keys have descriptions alone: what is in them, and what it is in a key.
_DESCRIBED = (
    *(
        (re.escape(protocol.description), protocol.key)
        for protocol in (ON_DEV, ON_BOTH, AS_GIVEN, FOLDS_AS_GIVEN, SCORED_ON_DEV, SEARCHED)
    ),
    (r"; every trial to its end", "+to-the-end"),
    (r"; stopped early by ASHA, grace period (\d+) epochs, reduction factor (\d+)", r"+asha-\1-\2"),
    (rf"{_LEARNED} same sentences gave as probable", r"+distilled-seen-\1-\2"),
    (
        rf"{_LEARNED} other folds gave as probable in each of (\d+) folds \(split seed (\d+)\)",
        r"+distilled-\1-\2-\3-\4",
    ),
)


def from_json(content: Any) -> Protocol:
    """The protocol of a record: {"key", "description"}, or of an old one its description.

    Raises:
      TypeError: it is neither.
    """
    if not isinstance(content, str):
        return Protocol(**content)
    key = content
    for described, part in _DESCRIBED:
        key = re.sub(described, part, key)
    return Protocol(key, content)


def refuse_choosing(train_config: TrainConfig, protocol: Protocol) -> None:
    """Raises InputError if the config chooses by a dev set that the protocol does not choose by."""
    for name in ("calibrate", "patience"):
        value, default = getattr(train_config, name), getattr(TrainConfig, name)
        if value != default:
            raise InputError(f"{name} is {value}, expected {default}: each model is {protocol.description}")
