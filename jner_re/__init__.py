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
    from jner_re.serving.client import Client

__all__ = ["Document", "Entity", "InputError", "Relation", "Token", "load"]


def load(path_or_url: str | os.PathLike[str]) -> Client:
    """Opens a model: a model directory, an exported folder, or the URL of one behind TensorFlow Serving.

    Raises:
      InputError: it is none of these, it is damaged, or what it needs can't be had.
    """
    from jner_re.serving import client

    return client.load(path_or_url)
