"""A model directory: what it holds besides checkpoints, and the trained model it gives."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import pathlib
import tempfile
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from jner_re import config as configs
from jner_re import files
from jner_re.assets import download
from jner_re.config import ModelConfig, TrainConfig
from jner_re.errors import InputError
from jner_re.features.dataset import FeaturizedCorpus, inference_batches
from jner_re.features.inputs import Inputs, open_inputs
from jner_re.models import joint
from jner_re.models.decode import Scored, scored_annotations
from jner_re.schema import LabelSet, Sentence

CONFIG = "config.json"
VOCABULARY = "vocabulary.json"
THRESHOLD = "threshold.json"
WEIGHTS = "checkpoints/best.weights.h5"


@dataclasses.dataclass(frozen=True)
class Vocabulary:
    """What a model learned to name: kept in vocabulary.json.

    Attributes:
      entity_types: sorted.
      relation_types: sorted.
      characters: those that the character BiRNN knows.
      argument_types: (head type, tail type, relation type) seen together in training.
      fingerprints: hashes of the encoder and the word vectors.
      corpora: hashes of the sentences it was trained on and of the dev set.
    """

    entity_types: tuple[str, ...]
    relation_types: tuple[str, ...]
    characters: str
    argument_types: tuple[tuple[str, str, str], ...]
    fingerprints: dict[str, str]
    corpora: dict[str, str]

    @property
    def label_set(self) -> LabelSet:
        """The types."""
        return LabelSet(self.entity_types, self.relation_types)

    def save(self, path: pathlib.Path) -> None:
        """Writes JSON."""
        files.write_text(path, json.dumps(dataclasses.asdict(self), indent=1, ensure_ascii=False) + "\n")

    @classmethod
    def load(cls, path: pathlib.Path) -> Vocabulary:
        """Reads what `save` wrote.

        Raises:
          InputError: the file is missing or of another shape.
        """
        record = files.read_json(path)
        try:
            return cls(
                entity_types=tuple(record["entity_types"]),
                relation_types=tuple(record["relation_types"]),
                characters=record["characters"],
                argument_types=tuple(tuple(triple) for triple in record["argument_types"]),
                fingerprints=record["fingerprints"],
                corpora=record["corpora"],
            )
        except (KeyError, TypeError) as error:
            raise InputError(f"{path}: {error}, expected the vocabulary of a trained model") from None


def corpus_hash(sentences: Sequence[Sentence]) -> str:
    """SHA-256 of the sentences with their annotation."""
    content = json.dumps([dataclasses.astuple(sentence) for sentence in sentences])
    return hashlib.sha256(content.encode()).hexdigest()


def argument_types(sentences: Sequence[Sentence]) -> tuple[tuple[str, str, str], ...]:
    """The (head type, tail type, relation type) triples of a corpus."""
    return tuple(
        sorted(
            {
                (s.entities[relation.head].type, s.entities[relation.tail].type, relation.type)
                for s in sentences
                for relation in s.relations
            }
        )
    )


def build(
    config: ModelConfig, inputs: Inputs, vocabulary: Vocabulary, jit_compile: bool = False
) -> joint.JointModel:
    """The joint model with weights from Python's, NumPy's and TensorFlow's current random states."""
    allowed = joint.allowed_pairs(vocabulary.label_set, vocabulary.argument_types)
    return joint.build(config, inputs.sizes, vocabulary.label_set, allowed, jit_compile)


class Predictor:
    """Runs the inference model over corpora."""

    def __init__(self, model: tf.keras.Model, label_set: LabelSet, batch_size: int = 32) -> None:
        self._label_set = label_set
        self._batch_size = batch_size
        specs = {tensor.name: tf.TensorSpec(tensor.shape, tensor.dtype) for tensor in model.inputs}
        self._run = tf.function(lambda inputs: model(inputs, training=False), input_signature=[specs])

    def scored(self, corpus: FeaturizedCorpus, threshold: float) -> list[Scored]:
        """Entities and relations of each sentence, each with its score, in the order of the corpus."""
        results: list[Scored] = [([], [])] * len(corpus.sentences)
        for batch, inputs in inference_batches(corpus, self._batch_size):
            outputs = {name: value.numpy() for name, value in self._run(inputs).items()}
            for i, scored in zip(batch, scored_annotations(outputs, self._label_set, threshold), strict=True):
                results[i] = scored
        return results


@dataclasses.dataclass(frozen=True)
class TrainedModel:
    """A model directory, opened.

    Attributes:
      config: the architecture.
      train_config: how it was trained.
      vocabulary: types and characters.
      threshold: theta_r, as configured or calibrated.
      inputs: encoder and look-ups.
      model: the Keras models with the trained weights.
    """

    config: ModelConfig
    train_config: TrainConfig
    vocabulary: Vocabulary
    threshold: float
    inputs: Inputs
    model: joint.JointModel

    def predict(self, sentences: Sequence[Sentence], threshold: float | None = None) -> list[Scored]:
        """Entities and relations of tokenized sentences, each with its score."""
        with tempfile.TemporaryDirectory() as cache:
            corpus = self.inputs.corpus(sentences, pathlib.Path(cache))
            return self.predict_corpus(corpus, threshold)

    def predict_corpus(self, corpus: FeaturizedCorpus, threshold: float | None = None) -> list[Scored]:
        """The same for sentences whose features are there already."""
        predictor = Predictor(self.model.inference, self.vocabulary.label_set)
        return predictor.scored(corpus, self.threshold if threshold is None else threshold)


def feature_cache() -> pathlib.Path:
    """The folder in which encoder layers are kept."""
    return download.cache_dir() / "features"


def load(model_dir: pathlib.Path) -> TrainedModel:
    """Opens a model directory.

    Raises:
      InputError: it isn't one, or its encoder or word vectors are not those that it was trained with.
    """
    if not (model_dir / CONFIG).is_file():
        raise InputError(f"{model_dir}: no {CONFIG}, expected a model directory written by training")
    if not (model_dir / WEIGHTS).is_file():
        raise InputError(f"{model_dir}: no {WEIGHTS}: its training has not finished an epoch yet")
    config, train_config = configs.load(model_dir / CONFIG)
    vocabulary = Vocabulary.load(model_dir / VOCABULARY)
    inputs = open_inputs(config, vocabulary.characters)
    for name, fingerprint in vocabulary.fingerprints.items():
        if inputs.fingerprints.get(name) != fingerprint:
            raise InputError(
                f"{model_dir}: {name} {getattr(config, name)!r} is {inputs.fingerprints.get(name)}, expected "
                f"{fingerprint}, with which the model was trained"
            )
    if train_config.calibrate and not (model_dir / THRESHOLD).exists():
        raise InputError(f"{model_dir}: no {THRESHOLD}: its training has not reached the calibration yet")
    model = build(config, inputs, vocabulary)
    load_weights(model.inference, model_dir / WEIGHTS)
    return TrainedModel(config, train_config, vocabulary, read_threshold(model_dir, config), inputs, model)


def read_threshold(model_dir: pathlib.Path, config: ModelConfig) -> float:
    """The calibrated threshold if there is one, else the configured."""
    path = model_dir / THRESHOLD
    if not path.exists():
        return config.threshold
    record = files.read_json(path)
    if not isinstance(record, dict) or not isinstance(record.get("threshold"), float):
        raise InputError(f"{path}: expected an object with the number threshold")
    return record["threshold"]


def save_weights(model: tf.keras.Model, path: pathlib.Path) -> None:
    """Writes a model's weights beside `path` and renames them into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".new-{path.name}")
    model.save_weights(beside, overwrite=True)
    beside.replace(path)


def load_weights(model: tf.keras.Model, path: pathlib.Path) -> None:
    """Reads weights into a model of the same config.

    Raises:
      InputError: the file is damaged or of another model.
    """
    try:
        model.load_weights(path)
    except (OSError, ValueError, KeyError) as error:
        first_line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(f"{path}: not the weights of this model: {first_line}") from None


def trainable_parameters(model: tf.keras.Model) -> int:
    """The number of trained weights."""
    return int(sum(np.prod(weight.shape) for weight in model.trainable_weights))
