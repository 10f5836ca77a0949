"""Runs a trained model over corpora whose features are there."""

from __future__ import annotations

import tensorflow as tf
import tf_keras as keras

from jner_re.features.dataset import FeaturizedCorpus, inference_batches
from jner_re.models.decode import scored_annotations
from jner_re.schema import LabelSet, Scored


class Predictor:
    """The inference model as one graph for batches of any shape.

    Args:
      model: `JointModel.inference`; its weights are read anew in every call.
      specs: of its inputs (`specs.feature_specs`).
      label_set: the types that it was trained on.
      batch_size: sentences that go through it together.
    """

    def __init__(
        self,
        model: keras.Model,
        specs: dict[str, tf.TensorSpec],
        label_set: LabelSet,
        batch_size: int = 32,
    ) -> None:
        self._label_set = label_set
        self._batch_size = batch_size
        self._run = tf.function(
            lambda features: model(features, training=False), input_signature=[specs], autograph=False
        )

    def scored(self, corpus: FeaturizedCorpus, threshold: float) -> list[Scored]:
        """Entities and relations of each sentence, each with its score, in the order of the corpus."""
        results: list[Scored] = [([], [])] * len(corpus.sentences)
        for batch, features in inference_batches(corpus, self._batch_size):
            outputs = {name: value.numpy() for name, value in self._run(features).items()}
            for i, scored in zip(batch, scored_annotations(outputs, self._label_set, threshold), strict=True):
                results[i] = scored
        return results
