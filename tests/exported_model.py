"""Fixtures: a model directory without training, its extractor, and its export."""

from __future__ import annotations

import dataclasses
import pathlib
import shutil

import pytest
import untrained

from jner_re.extraction.extractor import Extractor, load
from jner_re.extraction.in_process import SavedModel
from jner_re.serving import saved_model

MIN_SCORE = 0.13  # above which the export gives relations
_CHECKPOINT = pathlib.Path(__file__).parent / "fixtures" / "encoders" / "tiny_bert"


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A model directory with all kinds of inputs: a small BERT, word vectors, characters, casing."""
    from jner_re.encoders import checkpoint_source, saved_encoder

    folder = tmp_path_factory.mktemp("model")
    saved_encoder.convert(checkpoint_source.find(str(_CHECKPOINT)), folder / "encoder", "tiny")
    words = folder / "glove.tiny.txt"
    words.write_text("ann 1 -1 2\nrome 0.5 1 -2\nlives -1 0 1\nunused 9 9 9\n")
    config = dataclasses.replace(untrained.WEIGHTED, encoder=str(folder / "encoder"), glove=str(words))
    return untrained.write(folder / "model", config)


@pytest.fixture(scope="session")
def extractor(model_folder: pathlib.Path) -> Extractor:
    return load(model_folder)


@pytest.fixture(scope="session")
def loaded(exported: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> SavedModel:
    """Without its folder: all is read when it is loaded."""
    copy = shutil.copytree(exported, tmp_path_factory.mktemp("loaded") / "1")
    model = SavedModel(copy)
    shutil.rmtree(copy)
    return model


@pytest.fixture(scope="session")
def exported(extractor: Extractor, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A version of the model, which gives relations above MIN_SCORE."""
    folder = tmp_path_factory.mktemp("exported") / "1"
    saved_model.write(extractor, folder, MIN_SCORE)
    return folder
