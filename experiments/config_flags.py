"""Every field of the two configs as a flag."""

from __future__ import annotations

import dataclasses
from typing import Any

from absl import flags

from jner_re.config import ModelConfig, TrainConfig

FLAGS = flags.FLAGS


def define() -> None:
    """Defines a flag for each field, with its help text, default and choices."""
    for kind in (ModelConfig, TrainConfig):
        for field in dataclasses.fields(kind):
            description = field.metadata["help"]
            default: Any = field.default
            if field.metadata["choices"]:
                flags.DEFINE_enum(field.name, default, list(field.metadata["choices"]), description)
            elif isinstance(default, bool):
                flags.DEFINE_boolean(field.name, default, description)
            elif isinstance(default, int):
                flags.DEFINE_integer(field.name, default, description)
            elif isinstance(default, float):
                flags.DEFINE_float(field.name, default, description)
            else:
                flags.DEFINE_string(field.name, default, description)


def parsed() -> tuple[ModelConfig, TrainConfig]:
    """The configs that the flags give.

    Raises:
      InputError: a value is out of its range.
    """
    model: dict[str, Any] = {field.name: FLAGS[field.name].value for field in dataclasses.fields(ModelConfig)}
    train: dict[str, Any] = {field.name: FLAGS[field.name].value for field in dataclasses.fields(TrainConfig)}
    return ModelConfig(**model), TrainConfig(**train)
