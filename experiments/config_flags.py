"""Every field of the two configs as a flag."""

from __future__ import annotations

import dataclasses
import pathlib
import shlex
import sys
from typing import Any

from absl import flags

from jner_re.config import ModelConfig, TrainConfig, check_together
from jner_re.config_paths import with_absolute_paths
from jner_re.corpora.corpus import Look
from jner_re.errors import InputError

FLAGS = flags.FLAGS
Configs = tuple[ModelConfig, TrainConfig]
_DEFAULTS = (ModelConfig(), TrainConfig())
_PRESETS = pathlib.Path(__file__).parent / "presets"
LINES = "lines"  # a flag whose default depends on the corpus
# Those that the help of a program shows; --helpfull shows all.
_IMPORTANT = (
    "encoder",
    "fine_tune_encoder",
    "glove",
    "tokenization",
    LINES,
    "language",
    "threshold",
    "calibrate",
    "epochs",
    "patience",
    "batch_size",
    "learning_rate",
    "seed",
)
HEADING = "Model and training, the most important"  # in the help of programs


class _PresetFlag(flags.Flag):
    """Sets the flags of a preset where it stands among the arguments: those after it win."""

    def parse(self, argument: str) -> None:
        """Reads presets/NAME.flags."""
        super().parse(argument)
        preset = flags.FlagValues()
        define(preset)
        preset(["preset", f"--flagfile={_PRESETS / argument}.flags"])
        for name in preset:
            if preset[name].present:
                FLAGS[name].parse(preset[name].value)


def define(values: flags.FlagValues = FLAGS, defaults: Configs = _DEFAULTS) -> None:
    """Defines a flag for each field, with its help text, default and choices.

    Args:
      values: where; by default among the program's flags.
      defaults: what the flags are where they are not given.
    """
    for config in defaults:
        for field in dataclasses.fields(config):
            help = field.metadata["help"]
            default: Any = getattr(config, field.name)
            if values is FLAGS and field.name == LINES:
                default, help = None, f"{help}; by default what documents for training look like"
            if choices := field.metadata["choices"]:
                flags.DEFINE_enum(field.name, default, list(choices), help, flag_values=values)
            elif isinstance(default, bool):
                flags.DEFINE_boolean(field.name, default, help, flag_values=values)
            elif isinstance(default, int):
                flags.DEFINE_integer(field.name, default, help, flag_values=values)
            elif isinstance(default, float):
                flags.DEFINE_float(field.name, default, help, flag_values=values)
            else:
                flags.DEFINE_string(field.name, default, help, flag_values=values)
    if values is not FLAGS:
        return
    names = sorted(path.stem for path in _PRESETS.glob("*.flags"))
    about = "sets the flags of model and training; those after it win"
    flags.DEFINE_flag(_PresetFlag(flags.EnumParser(names), flags.ArgumentSerializer(), "preset", None, about))
    for name in ("preset", *_IMPORTANT):
        values.register_key_flag_for_module(sys.argv[0], values[name])


def parsed(values: flags.FlagValues = FLAGS, look: Look | None = None) -> Configs:
    """The configs that the flags give, with absolute paths.

    Args:
      values: of the flags.
      look: of the documents for training, if there are any; it is told if it chooses.

    Raises:
      InputError: a value is out of its range, or does not go with another.
    """
    model: dict[str, Any] = {
        field.name: values[field.name].value for field in dataclasses.fields(ModelConfig)
    }
    if model[LINES] is None:
        model[LINES] = look.lines if look else getattr(_DEFAULTS[0], LINES)
        if look:
            print(f"--{LINES}={look.lines}: {look.reason}", file=sys.stderr)
    train: dict[str, Any] = {
        field.name: values[field.name].value for field in dataclasses.fields(TrainConfig)
    }
    configs = with_absolute_paths(ModelConfig(**model)), TrainConfig(**train)
    check_together(*configs)
    return configs


def changed(configs: Configs, text: str) -> Configs:
    """The configs with what a text of flags says, such as "--rnn_size=128 --nocasing".

    Raises:
      InputError: the text has other words, a flag that there is not, or a value out of its range.
    """
    values = flags.FlagValues()
    define(values, configs)
    try:
        rest = values(["program", *shlex.split(text)])[1:]
    except (flags.Error, ValueError) as error:
        raise InputError(f"{error}; expected flags of model and training") from None
    if rest:
        raise InputError(f"{rest[0]!r} is no flag, expected flags such as --rnn_size=128")
    return parsed(values)
