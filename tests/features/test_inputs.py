from __future__ import annotations

import dataclasses
import pathlib
from typing import Any

import pytest
import tensorflow as tf
from lengths_encoder import save_encoder

from jner_re.config import ModelConfig
from jner_re.errors import InputError
from jner_re.features.dataset import collate
from jner_re.features.inputs import Inputs, make_inputs, open_frozen
from jner_re.features.specs import InputSizes, feature_specs
from jner_re.schema import Sentence

SENTENCES = [Sentence(("Rome", "is", "far")), Sentence(("Ann",))]
CHARACTERS = "AREaefimnorst"


def open_inputs(config: ModelConfig, characters: str) -> Inputs:
    return make_inputs(config, open_frozen(config), characters)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return save_encoder(tmp_path_factory.mktemp("encoder"), 1.0)


@pytest.fixture
def glove(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("JNER_RE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "glove.tiny.txt").write_text("rome 1 2 3\nis 4 5 6\n")
    return str(tmp_path / "glove.tiny.txt")


def test_everything(encoder: str, glove: str, tmp_path: pathlib.Path) -> None:
    inputs = open_inputs(ModelConfig(encoder=encoder, glove=glove), CHARACTERS)
    assert inputs.sizes == InputSizes(((2, 4),), 3, len(CHARACTERS) + 2)
    corpus = inputs.corpus(SENTENCES, tmp_path / "features")
    arrays = corpus.arrays(0)
    assert set(arrays) == {"encoder_layers", "word_vectors", "char_ids", "casing_ids"}
    assert arrays["word_vectors"].tolist() == [[1, 2, 3], [4, 5, 6], [0, 0, 0]]
    assert arrays["encoder_layers"][:, :, 0].tolist() == [[4, 8], [2, 4], [3, 6]]
    assert corpus.arrays(1)["encoder_layers"].shape == (1, 2, 4)
    assert (tmp_path / "features").is_dir()


@pytest.mark.parametrize(
    ("options", "sizes", "names"),
    [
        ({}, InputSizes(num_chars=15), {"char_ids", "casing_ids"}),
        ({"casing": False}, InputSizes(num_chars=15, casing=False), {"char_ids"}),
        ({"char_rnn_size": 0, "glove": "glove"}, InputSizes(word_width=3), {"word_vectors", "casing_ids"}),
    ],
)
def test_only_what_the_config_names(
    options: dict[str, Any], sizes: InputSizes, names: set[str], glove: str, tmp_path: pathlib.Path
) -> None:
    config = ModelConfig(**{"encoder": "", "glove": "", **options})
    if config.glove:
        config = dataclasses.replace(config, glove=glove)
    inputs = open_inputs(config, CHARACTERS)
    assert inputs.sizes == sizes
    assert not inputs.encoders
    assert set(open_frozen(config).fingerprints) == ({"glove"} if config.glove else set())
    assert set(inputs.corpus(SENTENCES, tmp_path / "features").arrays(0)) == names
    assert not (tmp_path / "features").exists()


def test_fingerprints_follow_the_content(encoder: str, glove: str, tmp_path: pathlib.Path) -> None:
    config = ModelConfig(encoder=encoder, glove=glove)
    one = open_frozen(config).fingerprints
    assert set(one) == {"encoder", "glove"}
    assert open_frozen(config).fingerprints == one
    other_glove = tmp_path / "glove.other.txt"
    for content in ("rome 1 2 3\nis 4 5 7\n", "rome 1 2 3\nit 4 5 6\n", "rome 1 2 3\n"):
        other_glove.write_text(content)
        fingerprints = open_frozen(ModelConfig(encoder="", glove=str(other_glove))).fingerprints
        assert fingerprints["glove"] != one["glove"]
    other_encoder = save_encoder(tmp_path / "encoder", 2.0)
    assert open_frozen(ModelConfig(encoder=other_encoder, glove="")).fingerprints["encoder"] != one["encoder"]


def test_max_word_chars(tmp_path: pathlib.Path) -> None:
    config = ModelConfig(encoder="", glove="", max_word_chars=4)
    corpus = open_inputs(config, "abcdef").corpus([Sentence(("abcdef",))], tmp_path)
    assert corpus.arrays(0)["char_ids"].tolist() == [[2, 3, 6, 7]]


def test_nothing_to_read() -> None:
    with pytest.raises(InputError, match="encoder and glove are empty and char_rnn_size is 0"):
        open_inputs(ModelConfig(encoder="", glove="", char_rnn_size=0), "abc")


@pytest.mark.parametrize("option", ["encoder", "glove"])
def test_what_cannot_be_had(option: str, glove: str) -> None:
    sources: dict[str, Any] = {"encoder": "", "glove": "", option: "no such thing"}
    config = ModelConfig(**sources)
    with pytest.raises(InputError, match="no such thing"):
        open_inputs(config, "abc")


def test_arrays_are_what_the_specs_declare(encoder: str, glove: str, tmp_path: pathlib.Path) -> None:
    inputs = open_inputs(ModelConfig(encoder=encoder, glove=glove), CHARACTERS)
    corpus = inputs.corpus(SENTENCES, tmp_path / "features")
    specs = feature_specs(inputs.sizes)
    assert corpus.specs == specs
    batch = collate([corpus.arrays(0), corpus.arrays(1)], [3, 1])
    assert batch.keys() == specs.keys()
    for name, spec in specs.items():
        assert spec.is_compatible_with(tf.TensorSpec(batch[name].shape, batch[name].dtype)), name


def test_what_is_frozen_is_opened_once_for_many_models(glove: str) -> None:
    config = ModelConfig(encoder="", glove=glove)
    frozen = open_frozen(config)
    one, other = (make_inputs(config, frozen, characters) for characters in ("abc", "abcdef"))
    assert one.featurizer.words is other.featurizer.words
    assert (one.sizes.num_chars, other.sizes.num_chars) == (5, 8)
