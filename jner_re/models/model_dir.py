"""A model directory: what it holds besides the state of training, and the trained model in it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import pathlib
from collections.abc import Collection, Sequence
from typing import Any

import h5py
import numpy as np
import tf_keras as keras

from jner_re import config as configs
from jner_re import files
from jner_re.config import ModelConfig
from jner_re.encoders import fine_tuning
from jner_re.errors import InputError
from jner_re.features.inputs import Inputs, make_inputs, open_frozen
from jner_re.models import ensemble, joint, model_files
from jner_re.models.fine_tuned_encoder import FineTunedEncoder
from jner_re.models.model_files import CONFIG, MEMBER_WEIGHTS, MEMBERS, THRESHOLD, VOCABULARY, WEIGHTS
from jner_re.schema import LabelSet, Sentence

_CHECKSUM = "sha256"  # attribute of the weights' file: of the shapes and values of all weights in order


@dataclasses.dataclass(frozen=True)
class Vocabulary:
    """What a model learned to name: kept in vocabulary.json.

    Attributes:
      entity_types: sorted.
      relation_types: sorted.
      characters: those that the character BiRNN knows.
      argument_types: (head type, tail type, relation type) seen together in training.
      fingerprints: hashes of the encoders and the word vectors (`Frozen.fingerprints`).
      corpora: checksums of the sentences it was trained on and of the dev set, and of soft targets if it
        learned these.
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
            vocabulary = cls(
                entity_types=_texts(record["entity_types"]),
                relation_types=_texts(record["relation_types"]),
                characters="".join(_texts(record["characters"])),
                argument_types=tuple(
                    (head, tail, relation) for head, tail, relation in map(_texts, record["argument_types"])
                ),
                fingerprints=dict(record["fingerprints"]),
                corpora=dict(record["corpora"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"{path}: {error}, expected the vocabulary of a trained model") from None
        return vocabulary


def _texts(values: Any) -> tuple[str, ...]:
    """Raises TypeError if they are no texts."""
    if not all(isinstance(value, str) for value in values):
        raise TypeError(f"found {values!r}")
    return tuple(values)


@dataclasses.dataclass(frozen=True)
class TrainedModel:
    """A model directory, opened.

    Attributes:
      config: the architecture.
      vocabulary: types and characters.
      threshold: theta_r, as configured or calibrated.
      inputs: encoders and look-ups.
      model: the Keras model with the trained weights (`JointModel.inference`, or `ensemble.build`'s).
      members: the joint models that it is made of: one, or an ensemble's.
    """

    config: ModelConfig
    vocabulary: Vocabulary
    threshold: float
    inputs: Inputs
    model: keras.Model
    members: tuple[joint.JointModel, ...]


def load(model_dir: pathlib.Path, words: Collection[str] | None = None) -> TrainedModel:
    """Opens a model directory.

    Args:
      model_dir: written by training.
      words: keep the word vectors of these words alone.

    Raises:
      InputError: it isn't one, a file of it is damaged, or one of its encoders or its word vectors are
        not those that it was trained with.
    """
    if not (model_dir / CONFIG).is_file():
        raise InputError(f"{model_dir}: no {CONFIG}, expected a model directory written by training")
    weights = model_files.weights(model_dir)
    if not weights:
        raise InputError(
            f"{model_dir}: no {WEIGHTS}: its training has not finished an epoch yet, or it was deleted"
        )
    is_ensemble = weights != [model_dir / WEIGHTS]
    if is_ensemble and len(weights) != len(files.read_json(model_dir / MEMBERS)):
        raise InputError(
            f"{model_dir}: {len(weights)} files {MEMBER_WEIGHTS.format('*')}, expected one each of {MEMBERS}"
        )
    config, train_config = configs.load(model_dir / CONFIG)
    vocabulary = Vocabulary.load(model_dir / VOCABULARY)
    if train_config.calibrate and not (model_dir / THRESHOLD).exists():
        raise InputError(f"{model_dir}: no {THRESHOLD}: its training has not reached the calibration yet")
    threshold = read_threshold(model_dir, config)
    frozen = open_frozen(config, words)
    sources = frozen.sources()
    for name, fingerprint in vocabulary.fingerprints.items():
        if frozen.fingerprints.get(name) != fingerprint:
            raise InputError(
                f"{model_dir}: {name} {sources.get(name)!r} is {frozen.fingerprints.get(name)}, expected "
                f"{fingerprint}, with which the model was trained: it is another one, or damaged"
            )
    inputs = make_inputs(config, frozen, vocabulary.characters)
    built = []
    for path in weights:
        built.append(build(config, inputs, vocabulary))
        load_weights(built[-1].inference, path)
    model = built[0].inference
    if is_ensemble:
        model = ensemble.build(config, inputs.sizes, _allowed(vocabulary), built)
    return TrainedModel(config, vocabulary, threshold, inputs, model, tuple(built))


def build(
    config: ModelConfig,
    inputs: Inputs,
    vocabulary: Vocabulary,
    jit_compile: bool = False,
    soft: bool = False,
    recompute_gradients: bool = False,
) -> joint.JointModel:
    """The joint model with weights from Python's, NumPy's and TensorFlow's current random states.

    Raises:
      InputError: the weights that fine-tuning starts from can't be read.
    """
    encoder = None
    if inputs.fine_tuned:
        trainable = fine_tuning.read(inputs.fine_tuned, config.frozen_encoder_layers)
        encoder = FineTunedEncoder(trainable, recompute_gradients)
    allowed = _allowed(vocabulary)
    return joint.build(config, inputs.sizes, vocabulary.label_set, allowed, jit_compile, soft, encoder)


def _allowed(vocabulary: Vocabulary) -> joint.AllowedPairs:
    return joint.allowed_pairs(vocabulary.label_set, vocabulary.argument_types)


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


def read_threshold(model_dir: pathlib.Path, config: ModelConfig) -> float:
    """The calibrated threshold if there is one, else the configured.

    Raises:
      InputError: the file is damaged.
    """
    path = model_dir / THRESHOLD
    if not path.exists():
        return config.threshold
    record = files.read_json(path)
    value = record.get("threshold") if isinstance(record, dict) else None
    if not isinstance(value, float) or not 0 <= value <= 1:
        raise InputError(f"{path}: threshold is {value!r}, expected a number from 0 to 1")
    return value


def write_threshold(model_dir: pathlib.Path, threshold: float, source: str) -> None:
    """Writes theta_r in place of the configured one.

    Args:
      model_dir: of the model.
      threshold: from 0 to 1.
      source: what chose it.
    """
    record = {"threshold": threshold, "source": source}
    files.write_text(model_dir / THRESHOLD, json.dumps(record, indent=1) + "\n")


def save_weights(model: keras.Model, path: pathlib.Path) -> None:
    """Writes a model's weights, with their checksum, beside `path` and renames them into place."""
    with files.replacing(path) as new:
        model.save_weights(new)
        with h5py.File(new, "r+") as file:
            file.attrs[_CHECKSUM] = _weights_checksum(model)


def load_weights(model: keras.Model, path: pathlib.Path) -> None:
    """Reads weights into a model of the same config.

    Raises:
      InputError: the file is damaged or of another model.
    """
    try:
        with h5py.File(path, "r") as file:
            expected = file.attrs[_CHECKSUM]
        model.load_weights(path)
    except Exception as error:  # a damaged file can make h5py and Keras raise almost anything
        first_line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(f"{path}: not the weights of this model: {first_line}") from None
    if (found := _weights_checksum(model)) != expected:
        raise InputError(f"{path}: damaged: the checksum of the weights is {found}, expected {expected}")


def _weights_checksum(model: keras.Model) -> str:
    """SHA-256 of the shapes and values of all weights."""
    digest = hashlib.sha256()
    for value in model.get_weights():
        digest.update(str(value.shape).encode())
        digest.update(np.ascontiguousarray(value).tobytes())
    return digest.hexdigest()


def trainable_parameters(model: keras.Model) -> int:
    """The number of trained weights."""
    return int(sum(np.prod(weight.shape) for weight in model.trainable_weights))
