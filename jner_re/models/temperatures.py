"""Temperatures: scores that are probabilities on sentences the model was not trained on (Guo et al., 2017).

A score s becomes sigmoid(logit(s) / T), with one T for entities and one for relations. The order of scores
stays, and so does what is found, since the threshold goes with them.
"""

from __future__ import annotations

import dataclasses
import pathlib
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras

from jner_re.errors import InputError
from jner_re.layers.float32_layer import Float32Layer
from jner_re.models import model_files
from jner_re.models.scored_relations import ScoredRelations
from jner_re.schema import Scored


@dataclasses.dataclass(frozen=True)
class Temperatures:
    """Above 1, scores were too sure; 1 leaves them as they are.

    Attributes:
      entities: T of entities' scores.
      relations: T of relations' scores.
    """

    entities: float = 1.0
    relations: float = 1.0

    @classmethod
    def load(cls, model_dir: pathlib.Path) -> Temperatures:
        """Those of a model directory, which its threshold's file has; 1 each where none were chosen.

        Raises:
          InputError: the file is damaged.
        """
        record = model_files.threshold_record(model_dir).get("temperatures", dataclasses.asdict(cls()))
        try:
            found = cls(float(record["entities"]), float(record["relations"]))
        except (KeyError, TypeError, ValueError):
            found = None
        if found is None or not all(0 < value < np.inf for value in vars(found).values()):
            raise InputError(
                f"{model_dir / model_files.THRESHOLD}: temperatures is {record!r}, expected entities and "
                "relations, each a number above 0"
            )
        return found


def tempered(scores: np.ndarray, temperature: float) -> np.ndarray:
    """sigmoid(logit(s) / T) of scores from 0 to 1, of any shape; 0 and 1 stay what they are."""
    with np.errstate(divide="ignore"):
        logits = np.log(scores) - np.log1p(-np.asarray(scores, float))
    return 1 / (1 + np.exp(-logits / temperature))


def untempered(scored: Scored, known: Temperatures) -> Scored:
    """What was found in a sentence, with the scores from before they were tempered."""
    return of_scored(scored, Temperatures(1 / known.entities, 1 / known.relations))


def of_scored(scored: Scored, temperatures: Temperatures) -> Scored:
    """What was found in a sentence, with tempered scores."""
    entities, relations = scored
    scores = tempered(np.array([score for _, score in entities], float), temperatures.entities)
    candidates = ScoredRelations.of(relations)
    return (
        [(entity, float(score)) for (entity, _), score in zip(entities, scores, strict=True)],
        dataclasses.replace(candidates, scores=tempered(candidates.scores, temperatures.relations)),
    )


def keep(
    model_dir: pathlib.Path, threshold: float, chosen: Temperatures, source: str, errors: dict[str, float]
) -> None:
    """Has a model directory temper its scores and threshold, in the place of what it did before.

    Args:
      model_dir: with or without temperatures.
      threshold: the model's, for the scores that it has now.
      chosen: temperatures of the scores that it has without any.
      source: what chose them.
      errors: the expected calibration errors that they leave, for people to read.
    """
    record = model_files.threshold_record(model_dir)
    before = record.get("temperatures", {}).get("before") or {
        "threshold": threshold,
        "source": record.get("source", "as configured"),
    }
    model_files.write_threshold(
        model_dir,
        float(tempered(np.array(before["threshold"]), chosen.relations)),
        f"{before['threshold']:g} before calibration, {before['source']}",
        {
            **dataclasses.asdict(chosen),
            "source": source,
            "expected_calibration_error": errors,
            "before": before,
        },
    )


class TemperedScores(Float32Layer):
    """`tempered` in the graph.

    Args:
      temperature: T.
    """

    def __init__(self, temperature: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.temperature = temperature

    def call(self, scores: tf.Tensor) -> tf.Tensor:
        """Of any shape."""
        scores = tf.clip_by_value(scores, 0.0, 1.0)
        return tf.sigmoid((tf.math.log(scores) - tf.math.log1p(-scores)) / self.temperature)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "temperature": self.temperature}


def with_temperatures(model: keras.Model, temperatures: Temperatures) -> keras.Model:
    """An inference model (`JointModel.inference`, `ensemble.build`'s) that gives tempered scores."""
    if temperatures == Temperatures():
        return model
    outputs = dict(model.output)
    for name, temperature in (
        ("entity_scores", temperatures.entities),
        ("relation_scores", temperatures.relations),
    ):
        outputs[name] = TemperedScores(temperature, name=f"tempered_{name}")(outputs[name])
    return keras.Model(model.input, outputs, name=model.name)
