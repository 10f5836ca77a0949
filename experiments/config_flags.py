"""Every field of the two configs as a flag."""

from __future__ import annotations

import dataclasses

from absl import flags

from jner_re.config import ModelConfig, TrainConfig

FLAGS = flags.FLAGS


def define() -> None:
    """Defines a flag for each field, with its help text, default and choices."""
    for kind in (ModelConfig, TrainConfig):
        for field in dataclasses.fields(kind):
            description = field.metadata["help"]
            if field.metadata["choices"]:
                flags.DEFINE_enum(field.name, field.default, list(field.metadata["choices"]), description)
            elif isinstance(field.default, bool):
                flags.DEFINE_boolean(field.name, field.default, description)
            elif isinstance(field.default, int):
                flags.DEFINE_integer(field.name, field.default, description)
            elif isinstance(field.default, float):
                flags.DEFINE_float(field.name, field.default, description)
            else:
                flags.DEFINE_string(field.name, field.default, description)


def parsed() -> tuple[ModelConfig, TrainConfig]:
    """The configs that the flags give.

    Raises:
      InputError: a value is out of its range.
    """
    model = {field.name: FLAGS[field.name].value for field in dataclasses.fields(ModelConfig)}
    train = {field.name: FLAGS[field.name].value for field in dataclasses.fields(TrainConfig)}
    return ModelConfig(**model), TrainConfig(**train)
