"""The flag that says whether dev chooses epochs and threshold, or both are taken as given."""

from __future__ import annotations

from absl import flags

from jner_re.config import TrainConfig

from .protocols import AS_GIVEN, FOLDS_AS_GIVEN, ON_BOTH, ON_DEV, Protocol, refuse_choosing

HEADING = "Jobs"  # in the help of programs
DEV, PAPER = "dev", "paper"

_PROTOCOL = flags.DEFINE_enum(
    "protocol",
    DEV,
    [DEV, PAPER],
    "dev: the number of epochs (at most --epochs) and the threshold are chosen on dev, by a training on "
    "train alone; paper: --epochs and --threshold are taken as given",
)


def protocol(train_config: TrainConfig) -> Protocol:
    """Of a model that is trained on train and dev in the end.

    Raises:
      InputError: the config needs a dev set where there is none.
    """
    return _chosen(ON_BOTH, AS_GIVEN, train_config)


def protocol_of_folds(train_config: TrainConfig) -> Protocol:
    """Of the models of a cross-validation, which are trained on other folds, without dev.

    Raises:
      InputError: the config needs a dev set where there is none.
    """
    return _chosen(ON_DEV, FOLDS_AS_GIVEN, train_config)


def _chosen(with_dev: Protocol, as_given: Protocol, train_config: TrainConfig) -> Protocol:
    if _PROTOCOL.value == DEV:
        return with_dev
    refuse_choosing(train_config, as_given)
    return as_given
