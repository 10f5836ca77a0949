"""Fixtures that several test folders use."""

from __future__ import annotations

import pathlib

import pytest

from jner_re import program

program.import_tensorflow_quietly()


@pytest.fixture(scope="session")
def shared() -> pathlib.Path:
    """The folder of real corpora beside the checkout."""
    folder = pathlib.Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip("the shared corpora are not beside the checkout")
    return folder
