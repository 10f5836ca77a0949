"""A model without training, and its export."""

from __future__ import annotations

import dataclasses
import pathlib

import pytest
import untrained

from jner_re import extractor as extractors
from jner_re.encoders import checkpoint_source, saved_encoder
from jner_re.serving import saved_model

_CHECKPOINT = pathlib.Path(__file__).parents[1] / "fixtures" / "encoders" / "tiny_bert"


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A model directory with a small BERT as its encoder."""
    folder = tmp_path_factory.mktemp("model")
    encoder = folder / "encoder"
    saved_encoder.convert(checkpoint_source.find(str(_CHECKPOINT)), encoder, "tiny")
    return untrained.write(folder / "model", dataclasses.replace(untrained.WEIGHTED, encoder=str(encoder)))


@pytest.fixture(scope="session")
def extractor(model_folder: pathlib.Path) -> extractors.Extractor:
    return extractors.load(model_folder)


@pytest.fixture(scope="session")
def exported(extractor: extractors.Extractor, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A version of its export, which gives relations above 0.01."""
    folder = tmp_path_factory.mktemp("exported") / "1"
    saved_model.write(extractor, folder, 0.01)
    return folder
