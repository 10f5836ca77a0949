"""The package's side of benchmarks.training.speed: features and steps as in experiments.train."""

from __future__ import annotations

import dataclasses
import pathlib
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras

from jner_re.config import ModelConfig, TrainConfig
from jner_re.features.cache import feature_cache
from jner_re.features.casing import NUM_CLASSES
from jner_re.features.chars import characters
from jner_re.features.dataset import FeaturizedCorpus, training_batches
from jner_re.features.inputs import Frozen, make_inputs, open_frozen
from jner_re.features.specs import InputSizes
from jner_re.models import declared, joint, weights
from jner_re.models.model_vocabulary import argument_types
from jner_re.schema import LabelSet, Sentence
from jner_re.training import fit
from jner_re.training.moving_average import MovingAverage

VERSION = tf.__version__
_TRACED_STEPS = 20


@dataclasses.dataclass(frozen=True)
class Task:
    """What is trained on what.

    Attributes:
      config: the architecture.
      label_set: entity and relation types.
      allowed: the argument types of the relation types, [E, E, R].
      sizes: sizes of the inputs.
      corpus: the training sentences with their features, the encoder's layers from the cache.
    """

    config: ModelConfig
    label_set: LabelSet
    allowed: joint.AllowedPairs
    sizes: InputSizes
    corpus: FeaturizedCorpus

    def architecture(self) -> dict[str, Any]:
        """The fields of `training_torch_network.Architecture`."""
        return {
            "model": dataclasses.asdict(self.config),
            "sizes": dataclasses.asdict(self.sizes),
            "num_casings": NUM_CLASSES,
            "num_tags": len(self.label_set.tags),
            "num_relations": len(self.label_set.relation_types),
            "allowed": self.allowed if self.config.typed_pairs else None,
        }


def open_task(
    config: ModelConfig,
    sentences: Sequence[Sentence],
    frozen: Frozen | None = None,
    cache: pathlib.Path | None = None,
) -> Task:
    """Loads the encoder, unless it is given, and fills the feature cache, if it is not yet filled."""
    label_set = LabelSet.of(sentences)
    allowed = declared.allowed_pairs(label_set, argument_types(sentences))
    inputs = make_inputs(config, frozen or open_frozen(config), characters(sentences))
    corpus = inputs.corpus(sentences, cache or feature_cache())
    return Task(config, label_set, allowed, inputs.sizes, corpus)


class Trainer:
    """A new model and the first batches of its first epoch.

    Args:
      task: what is trained on what.
      config: the optimization.
      steps: the number of batches; 0 for the whole epoch.
    """

    def __init__(self, task: Task, config: TrainConfig, steps: int) -> None:
        keras.utils.set_random_seed(config.seed)
        batches, whole = training_batches(task.corpus, task.label_set, config.batch_size, config.seed, 0)
        self.steps = min(steps, whole) if steps else whole
        self.batches = batches.take(self.steps)
        self.model = joint.build(
            task.config, task.sizes, task.label_set, task.allowed, config.jit_compile
        ).training
        fit.compile_model(self.model, config, len(task.corpus.sentences))
        self.average = MovingAverage(self.model, config.average_decay, config.jit_compile)

    @property
    def parameters(self) -> int:
        """The number of trained weights."""
        return weights.count(self.model)

    def arrays(self) -> list[dict[str, np.ndarray]]:
        """The batches: the inputs, and the target `relations` [B, M, M, R]."""
        pairs = self.batches.as_numpy_iterator()
        return [{**inputs, "relations": target} for inputs, target in pairs]

    def one_pass(self, steps: int | None = None) -> dict[str, float]:
        """Trains on all batches, as an epoch does, or the first `steps`, and gives seconds and mean loss."""
        batches = self.batches if steps is None else self.batches.take(steps)
        start = time.perf_counter()
        history = self.model.fit(batches, callbacks=[self.average], verbose=0).history
        return {"seconds": time.perf_counter() - start, "loss": float(history["loss"][0])}

    def traced_pass(self, folder: str) -> tuple[int, float]:
        """Trains on a few batches under TensorFlow's profiler; the trace goes to `folder`.

        Returns:
          The number of steps, and their seconds.
        """
        steps = min(self.steps, _TRACED_STEPS)
        with tf.profiler.experimental.Profile(folder):
            start = time.perf_counter()
            self.model.fit(self.batches.take(steps), callbacks=[self.average], verbose=0)
            return steps, time.perf_counter() - start
