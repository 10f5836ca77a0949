"""The model that answers, and its successors."""

from __future__ import annotations

import logging
import pathlib
import threading
from typing import NamedTuple

from jner_re import files
from jner_re.errors import InputError
from jner_re.extraction import client
from jner_re.extraction.client import Client
from jner_re.models.model_files import VOCABULARY
from jner_re.models.model_vocabulary import ModelVocabulary

logger = logging.getLogger(__name__)
_CURRENT = "current.txt"  # in the folder of the trainings: which of them answers


class Model(NamedTuple):
    """A model that is loaded.

    Attributes:
      folder: its model directory.
      version: for Label Studio.
      types: of its entities.
      client: answers.
    """

    folder: pathlib.Path
    version: str
    types: frozenset[str]
    client: Client


class Models:
    """Which model answers, also after a restart: the one that was given until a training is not worse."""

    def __init__(self, given: pathlib.Path | None, runs_dir: pathlib.Path) -> None:
        """Loads it; raises InputError if it can't be."""
        self._runs_dir, self._changing = runs_dir, threading.Lock()
        self.current: Model | None = None
        folder = self._kept() or given
        if folder is not None:
            self.current = _load(folder)

    def replace(self, folder: pathlib.Path) -> None:
        """Lets another one answer from now on; raises InputError if it can't be loaded."""
        with self._changing:
            self.current = _load(folder)
            relative = folder.relative_to(self._runs_dir).as_posix()
            files.write_text(self._runs_dir / _CURRENT, relative + "\n")

    def _kept(self) -> pathlib.Path | None:
        path = self._runs_dir / _CURRENT
        if not path.is_file():
            return None
        folder = self._runs_dir / files.read_text(path).strip()
        logger.info("the model that was trained before answers: %s", folder)
        return folder


def _load(folder: pathlib.Path) -> Model:
    folder = client.local_folder(folder)
    if client.is_exported(folder):
        raise InputError(
            f"{folder}: is an exported model, expected a model directory, with which those that are trained "
            "can be compared"
        )
    absolute = folder.absolute()
    name = absolute.parent.name if absolute.name == "model" else absolute.name
    answering = client.load(folder)  # first: it says what is wrong with the folder
    types = ModelVocabulary.load(folder / VOCABULARY).entity_types
    return Model(absolute, f"jner_re {name}", frozenset(types), answering)
