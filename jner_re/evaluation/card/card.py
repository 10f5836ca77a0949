"""Writes card.md of a model directory, in the form of the Hugging Face hub's model cards."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import json
import pathlib
import platform
from collections.abc import Mapping
from typing import Any

import jinja2

from jner_re import config as configs
from jner_re import constraints, files, templates
from jner_re.config import ModelConfig, TrainConfig
from jner_re.config_paths import public_name, public_names
from jner_re.errors import InputError
from jner_re.models import model_files
from jner_re.models.model_vocabulary import ModelVocabulary

FEW = 30  # annotated entities or relations of dev, by which a type's scores say little
_TEMPLATES = templates.environment(pathlib.Path(__file__).parent, autoescape=False)


def _quoted(value: str) -> str:
    """A string of YAML; characters that YAML does not take as they are, are escaped."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in text)


_TEMPLATES.filters["json"] = _quoted
_TEMPLATES.filters["cell"] = templates.markdown
_DISTRIBUTIONS = ("tensorflow", "tensorflow-text", "tf-keras", "numpy")


def write(model_dir: pathlib.Path) -> None:
    """Writes card.md beside what it tells of.

    Raises:
      InputError: a file of the model directory is missing or damaged, or the card can't be written.
    """
    files.write_text(model_dir / model_files.CARD, text(model_dir))


def text(model_dir: pathlib.Path) -> str:
    """The card.

    Args:
      model_dir: of a training that has ended, or of an ensemble.

    Raises:
      InputError: a file of it is missing or damaged.
    """
    config, train_config = configs.load(model_dir / model_files.CONFIG)
    vocabulary = ModelVocabulary.load(model_dir / model_files.VOCABULARY)
    metrics = _read(model_dir / model_files.METRICS)
    record = model_files.threshold_record(model_dir)
    members = files.read_json(model_dir / model_files.MEMBERS) if _has_members(model_dir) else []
    dev = metrics.get("dev")
    template = _TEMPLATES.get_template("card.md")
    values = dict(
        name=files.user_path(model_dir).resolve().name,
        vocabulary=vocabulary,
        constraints=constraints.load_if_there(model_dir).sentences(),
        corpora=metrics.get("corpora", {}),
        corpus=metrics.get("corpus", ""),
        dev=dev,
        rare={task: _rare(dev[task]["strict"]["per_type"]) for task in ("ner", "re")} if dev else {},
        few=FEW,
        encoders=public_names(config.encoder),
        glove=public_name(config.glove),
        config=config,
        options=[*_options(config), *_options(train_config)],
        seeds=[member["seed"] for member in members] or [train_config.seed],
        epochs=metrics.get("epochs"),
        best_epoch=metrics.get("best_epoch"),
        versions=metrics.get("versions", {}),
        threshold=model_files.read_threshold(model_dir, config),
        threshold_source=record.get("source", "as configured"),
        temperatures=record.get("temperatures"),
    )
    try:
        return template.render(values)
    except (AttributeError, KeyError, TypeError, ValueError, jinja2.UndefinedError) as error:
        raise InputError(
            f"{model_dir}: {model_files.METRICS} or {model_files.THRESHOLD} is damaged: {error}"
        ) from None


def versions() -> dict[str, str]:
    """Of Python, this package and what it computes with."""
    found = {"python": platform.python_version()}
    for name in ("jner-re", *_DISTRIBUTIONS):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:  # run from a checkout
            continue
    return found


def _has_members(model_dir: pathlib.Path) -> bool:
    return (model_dir / model_files.MEMBERS).exists()


def _read(path: pathlib.Path) -> dict[str, Any]:
    """metrics.json; empty if training wrote none, as for an ensemble."""
    metrics = files.read_json(path) if path.exists() else {}
    if not isinstance(metrics, dict):
        raise InputError(f"{path}: is {type(metrics).__name__}, expected a JSON object")
    return metrics


def _rare(per_type: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The types of which dev has few."""
    return [name for name, scores in per_type.items() if scores["tp"] + scores["fn"] < FEW]


def _options(config: ModelConfig | TrainConfig) -> list[str]:
    """The flags that set what isn't the default."""
    found = []
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if value != field.default and field.name not in ("encoder", "glove", "seed"):
            given = f"={value}" if not isinstance(value, bool) else ""
            found.append(f"--{'no' if value is False else ''}{field.name}{given}")
    return found
