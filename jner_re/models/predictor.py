"""Runs a trained model over corpora whose features are there."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf
import tf_keras as keras

from jner_re.features.dataset import Arrays, FeaturizedCorpus, inference_batches
from jner_re.features.specs import CARRIED
from jner_re.models import best_relations
from jner_re.models.best_relations import Limits
from jner_re.models.decode import joined, scored_annotations
from jner_re.schema import LabelSet, Scored

Run = Callable[[Arrays], dict[str, tf.Tensor]]


class Predictor:
    """The inference model as one graph for batches of any shape.

    Args:
      model: `JointModel.inference`; its weights are read anew in every call.
      specs: of a corpus (`specs.feature_specs`).
      label_set: the types that it was trained on.
      batch_size: sentences, or passages, that go through it together.
      limits: how many relations of each type an entity may be in; None for any number.
    """

    def __init__(
        self,
        model: keras.Model,
        specs: dict[str, tf.TensorSpec],
        label_set: LabelSet,
        batch_size: int = 32,
        limits: Limits | None = None,
    ) -> None:
        self._label_set = label_set
        self._batch_size = batch_size
        self._limits = limits
        self._run = run_of(model, specs)

    def scored(self, corpus: FeaturizedCorpus, threshold: float) -> list[Scored]:
        """Entities and relations of each sentence, each with its score, in the order of the corpus."""
        results: list[Scored] = [([], [])] * len(corpus.sentences)
        parts: dict[int, list[tuple[Scored, int, int]]] = {}  # of documents: each passage's
        for batch, outputs in outputs_of(self._run, corpus, self._batch_size):
            found = scored_annotations(outputs, self._label_set, threshold)
            for row, (i, scored) in enumerate(zip(batch, found, strict=True)):
                example = corpus.examples[i]
                if example.passage is None:
                    results[example.sentence] = scored
                else:
                    part = (scored, example.start, int(outputs["margin_entities"][row]))
                    parts.setdefault(example.sentence, []).append(part)
        for number, of_document in parts.items():
            results[number] = joined(of_document)
        return best_relations.of_scored(results, self._limits)


def run_of(model: keras.Model, specs: dict[str, tf.TensorSpec]) -> Run:
    """An inference model as one graph for batches of any shape; specs as of `Predictor`."""
    signature = {**specs, **(CARRIED if "decided" in specs else {})}
    return tf.function(
        lambda features: model(features, training=False), input_signature=[signature], autograph=False
    )


def outputs_of(run: Run, corpus: FeaturizedCorpus, batch_size: int) -> Iterator[tuple[list[int], Arrays]]:
    """The outputs of `run_of` for all examples of a corpus, a batch with their numbers at a time."""
    carried = {name: np.zeros([0], spec.dtype.as_numpy_dtype) for name, spec in CARRIED.items()}
    for batch, features in inference_batches(corpus, batch_size):
        inputs = {**features, **carried} if "decided" in features else features
        outputs = {name: value.numpy() for name, value in run(inputs).items()}
        carried = {name: outputs.pop(name) for name in carried if name in outputs}
        yield batch, outputs
