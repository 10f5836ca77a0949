"""A model directory: what it holds besides the state of training, and the trained model in it."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Collection

import tf_keras as keras

from jner_re import config as configs
from jner_re import constraints as constraint_files
from jner_re import files
from jner_re.config import ModelConfig
from jner_re.constraints import NONE, Constraints
from jner_re.encoders import fine_tuning
from jner_re.errors import InputError
from jner_re.features.inputs import Inputs, make_inputs, open_frozen
from jner_re.models import declared, ensemble, joint, model_files, weights
from jner_re.models.best_relations import Limits
from jner_re.models.declared import Declared
from jner_re.models.fine_tuned_encoder import FineTunedEncoder
from jner_re.models.model_files import CONFIG, MEMBER_WEIGHTS, MEMBERS, THRESHOLD, VOCABULARY, WEIGHTS
from jner_re.models.model_vocabulary import ModelVocabulary
from jner_re.models.temperatures import Temperatures, with_temperatures

_FEW = 100_000  # weights that any machine has memory for


@dataclasses.dataclass(frozen=True)
class TrainedModel:
    """A model directory, opened.

    Attributes:
      config: the architecture.
      vocabulary: types and characters.
      threshold: theta_r, as configured or calibrated.
      inputs: encoders and look-ups.
      model: the Keras model with the trained weights (`JointModel.inference`, or `ensemble.build`'s) and
        temperatures.
      members: the joint models that it is made of: one, or an ensemble's.
      constraints: declared, which the model respects; their numbers of relations hold for what is found with
        it in whole documents (`limits`).
    """

    config: ModelConfig
    vocabulary: ModelVocabulary
    threshold: float
    inputs: Inputs
    model: keras.Model
    members: tuple[joint.JointModel, ...]
    constraints: Constraints = NONE

    @property
    def limits(self) -> Limits | None:
        """The declared numbers of relations; None if there are none."""
        return Declared(self.vocabulary.label_set, self.constraints).limits()


def load(
    model_dir: pathlib.Path, words: Collection[str] | None = None, constraints: Constraints | None = None
) -> TrainedModel:
    """Opens a model directory.

    Args:
      model_dir: written by training.
      words: keep the word vectors of these words alone.
      constraints: declared, in place of the model's own.

    Raises:
      InputError: it isn't one, a file of it is damaged, one of its encoders or its word vectors are not
        those that it was trained with, or a type of the constraints is not the model's.
    """
    if not (model_dir / CONFIG).is_file():
        raise InputError(f"{model_dir}: no {CONFIG}, expected a model directory written by training")
    paths = model_files.weights(model_dir)
    if not paths:
        raise InputError(
            f"{model_dir}: no {WEIGHTS}: its training has not finished an epoch yet, or it was deleted"
        )
    is_ensemble = paths != [model_dir / WEIGHTS]
    if is_ensemble and len(paths) != len(files.read_json(model_dir / MEMBERS)):
        raise InputError(
            f"{model_dir}: {len(paths)} files {MEMBER_WEIGHTS.format('*')}, expected one each of {MEMBERS}"
        )
    config, train_config = configs.load(model_dir / CONFIG)
    _check_sizes(config, model_dir / CONFIG, paths[0])
    vocabulary = ModelVocabulary.load(model_dir / VOCABULARY)
    if train_config.calibrate and not (model_dir / THRESHOLD).exists():
        raise InputError(f"{model_dir}: no {THRESHOLD}: its training has not reached the calibration yet")
    threshold = model_files.read_threshold(model_dir, config)
    if constraints is None:
        constraints = constraint_files.load_if_there(model_dir)
    constraints.check_types(vocabulary.label_set)
    frozen = open_frozen(config, words, vocabulary.origins)
    sources = frozen.sources()
    for name, fingerprint in vocabulary.fingerprints.items():
        if frozen.fingerprints.get(name) != fingerprint:
            raise InputError(
                f"{model_dir}: {name} {sources.get(name)!r} is {frozen.fingerprints.get(name)}, expected "
                f"{fingerprint}, with which the model was trained: it is another one, or damaged"
            )
    inputs = make_inputs(config, frozen, vocabulary.characters)
    built = []
    for path in paths:
        built.append(build(config, inputs, vocabulary, constraints=constraints))
        weights.load(built[-1].inference, path)
    model = built[0].inference
    if is_ensemble:
        respected = Declared(vocabulary.label_set, constraints)
        model = ensemble.build(config, inputs.sizes, allowed(vocabulary), built, respected)
    model = with_temperatures(model, Temperatures.load(model_dir))
    return TrainedModel(config, vocabulary, threshold, inputs, model, tuple(built), constraints)


def _check_sizes(config: ModelConfig, path: pathlib.Path, weights_file: pathlib.Path) -> None:
    """Raises InputError for sizes that the weights can't have: to build them would fill the memory."""
    count = max(weights_file.stat().st_size // 4, _FEW)  # of float32 at most
    layers = config.shared_layers + config.ner_layers + config.re_layers
    needed = {name: value for name, value in vars(config).items() if name.endswith("_size")}
    needed |= {"rnn_size": layers * config.rnn_size**2, "char_rnn_size": config.char_rnn_size**2}
    for name, least in needed.items():
        if least > count:
            raise InputError(
                f"{path}: {name} is {getattr(config, name)}, which takes more weights than {weights_file} has"
            )


def build(
    config: ModelConfig,
    inputs: Inputs,
    vocabulary: ModelVocabulary,
    jit_compile: bool = False,
    soft: bool = False,
    recompute_gradients: bool = False,
    constraints: Constraints = NONE,
) -> joint.JointModel:
    """The joint model with weights from Python's, NumPy's and TensorFlow's current random states.

    Raises:
      InputError: the weights that fine-tuning starts from can't be read.
    """
    encoder = None
    if inputs.fine_tuned:
        trainable = fine_tuning.read(inputs.fine_tuned, config.frozen_encoder_layers)
        encoder = FineTunedEncoder(trainable, recompute_gradients)
    pairs = allowed(vocabulary)
    return joint.build(
        config, inputs.sizes, vocabulary.label_set, pairs, jit_compile, soft, encoder, constraints
    )


def allowed(vocabulary: ModelVocabulary) -> joint.AllowedPairs:
    """The argument types of relations that were seen together in training."""
    return declared.allowed_pairs(vocabulary.label_set, vocabulary.argument_types)
