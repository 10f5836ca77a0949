"""The flag that says what comes from dev, where models are trained on train and dev in the end."""

from __future__ import annotations

from absl import flags

from jner_re.config import TrainConfig

from .training_job import AS_GIVEN, ON_BOTH, refuse_choosing

HEADING = "Jobs"  # in the help of programs
_CHOOSE = flags.DEFINE_boolean(
    "choose_on_dev",
    True,
    "let a first training of each seed, on train alone, choose the number of epochs (at most --epochs) and "
    "the threshold on dev; otherwise --epochs and --threshold are taken as they are",
)


def protocol(train_config: TrainConfig) -> str:
    """As --choose_on_dev says.

    Raises:
      InputError: the config needs a dev set where there is none.
    """
    if _CHOOSE.value:
        return ON_BOTH
    refuse_choosing(train_config, AS_GIVEN)
    return AS_GIVEN
