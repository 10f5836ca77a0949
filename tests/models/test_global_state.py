"""What a program around has set for its own models, in the whole process, changes nothing here."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras
import untrained

from jner_re.config import TrainConfig
from jner_re.errors import InputError
from jner_re.models import model_dir
from jner_re.models.joint import JointModel
from jner_re.models.model_dir import TrainedModel
from jner_re.training import fit


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return untrained.write(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def usual(folder: pathlib.Path) -> TrainedModel:
    return model_dir.load(folder)


@pytest.fixture(params=["mixed_float16", "floatx float64"])
def global_state(request: pytest.FixtureRequest) -> Iterator[None]:
    policy, floatx = keras.mixed_precision.global_policy(), keras.backend.floatx()
    if request.param == "mixed_float16":
        keras.mixed_precision.set_global_policy("mixed_float16")
    else:
        keras.backend.set_floatx("float64")
    yield
    keras.backend.set_floatx(floatx)
    keras.mixed_precision.set_global_policy(policy)


def found(trained: TrainedModel) -> dict[str, np.ndarray]:
    tokens = tf.constant([["Ann", "lives", "in", "Rome"], ["Bob", "killed", "Ann", ""]])
    features = {**trained.inputs.featurizer.features(tokens), "lengths": tf.constant([4, 3])}
    return {name: value.numpy() for name, value in trained.model(features).items()}


def test_a_model_is_what_it_is(usual: TrainedModel, folder: pathlib.Path, global_state: None) -> None:
    loaded = model_dir.load(folder)
    assert {w.dtype for w in loaded.model.weights if w.dtype.is_floating} == {tf.float32}
    for name, expected in found(usual).items():
        np.testing.assert_array_equal(found(loaded)[name], expected, strict=True)


@pytest.mark.parametrize("optimizer", ["adam", "nadam"])
def test_a_step_of_the_optimizer(optimizer: str, folder: pathlib.Path, global_state: None) -> None:
    (member,) = model_dir.load(folder).members
    assert isinstance(member, JointModel)
    fit.compile_model(member.training, TrainConfig(optimizer=optimizer, learning_rate=0.5), 2)
    weight = member.training.trainable_weights[0]
    before = weight.numpy()
    member.training.optimizer.apply_gradients([(tf.ones_like(weight), weight)])
    np.testing.assert_allclose(weight.numpy(), before - 0.5, atol=0.05)  # Nadam: 0.47


def test_numpy_behaviour_is_refused(folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It can't be switched off again: here is only what it is known by."""
    monkeypatch.setattr(tf.Tensor, "ravel", None, raising=False)
    with pytest.raises(InputError, match="NumPy behaviour is on"):
        model_dir.load(folder)
