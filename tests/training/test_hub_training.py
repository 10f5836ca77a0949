"""A model on an encoder of the Hugging Face hub keeps the encoder's commit, wherever its branch goes."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import pathlib

import pytest
import untrained
from hub_stand_in import Hub

from jner_re.config import TrainConfig
from jner_re.corpora import data_dir
from jner_re.models.model_vocabulary import ModelVocabulary
from jner_re.training import fit

_TINY = pathlib.Path(__file__).resolve().parents[1] / "fixtures" / "encoders" / "tiny_bert"


def test_an_interrupted_run_goes_on_with_its_commit(
    hub: Hub, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The branch moves in between; a new run takes what it is now."""
    monkeypatch.setattr(fit, "_train", lambda *arguments: {})  # interrupted as soon as the directory is its
    files = {path.name: path.read_bytes() for path in _TINY.iterdir()}
    commit = hub.publish("someone/tiny", files)
    config = dataclasses.replace(untrained.SMALL, encoder="someone/tiny", char_rnn_size=0)
    sentences = [sentence for sentence in data_dir.read_sample("train") if sentence.relations][:2]
    folder = tmp_path / "model"
    fit.train(config, TrainConfig(), sentences, [], folder)
    sha256 = hashlib.sha256(files["model.safetensors"]).hexdigest()
    written = (folder / "vocabulary.json").read_bytes()
    assert json.loads(written)["origins"] == {"encoder": {"commit": commit, "sha256": sha256}}

    settings = json.loads(files["config.json"])
    files["config.json"] = json.dumps({**settings, "layer_norm_eps": 0.1}).encode()
    moved = hub.publish("someone/tiny", files)
    hub.requests.clear()
    fit.train(config, TrainConfig(), sentences, [], folder)
    assert (folder / "vocabulary.json").read_bytes() == written
    assert not hub.requests

    fit.train(config, TrainConfig(), sentences, [], tmp_path / "new")
    origins = ModelVocabulary.load(tmp_path / "new" / "vocabulary.json").origins
    assert origins["encoder"].commit == moved
