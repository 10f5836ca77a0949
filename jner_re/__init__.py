"""Joint named entity recognition and relation extraction.

import jner_re
extractor = jner_re.load("runs/mine")
document = extractor("Ada Berg, who lives in Oslo, works for Statkraft.")
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from jner_re.corpora.tokenization import Token
from jner_re.document import Document, Entity, Relation
from jner_re.errors import InputError

if TYPE_CHECKING:
    from jner_re.extractor import Extractor

__all__ = ["Document", "Entity", "InputError", "Relation", "Token", "load"]


def load(model_dir: str | os.PathLike[str]) -> Extractor:
    """Opens a model directory for extraction (see `jner_re.extractor.Extractor`).

    Raises:
      InputError: it isn't one, it is damaged, or its encoder or word vectors can't be had.
    """
    from jner_re import program

    program.import_tensorflow_quietly()  # it takes seconds
    from jner_re import extractor

    return extractor.load(model_dir)
