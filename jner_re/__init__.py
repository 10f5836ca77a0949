"""Joint named entity recognition and relation extraction.

import jner_re
extractor = jner_re.load("runs/mine")
document = extractor("Ada Berg, who lives in Oslo, works for Statkraft.")
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from jner_re.document import Document, Entity, Relation, Token
from jner_re.errors import InputError
from jner_re.extraction import forks as _forks  # noqa: F401  (looks at forks from here on)

if TYPE_CHECKING:
    from jner_re.extraction.client import Client

__all__ = ["Document", "Entity", "InputError", "Relation", "Token", "load"]


def load(path_or_url: str | os.PathLike[str], precision: str = "float32") -> Client:
    """Opens a model: a model directory, an exported folder, or the URL of one behind TensorFlow Serving.

    Args:
      path_or_url: of the model; or "owner/name" or "owner/name@revision", its id on the Hugging Face hub.
      precision: "float32", or "bfloat16" where the processor has instructions for it; not for a URL.

    Raises:
      InputError: it is none of these, it is damaged, what it needs isn't available, or the processor has no
        instructions for the precision.
    """
    from jner_re.extraction import client

    return client.load(path_or_url, precision)
