"""One way to ask a model, wherever it runs."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Sequence
from typing import Protocol, overload

from jner_re.document import Document
from jner_re.errors import InputError
from jner_re.schema import Entity, Relation, Scored
from jner_re.serving.rows import Row, check_sentences, check_texts, document, relations_of

_CONFIG, _SAVED_MODEL = "config.json", "saved_model.pb"


class Backend(Protocol):
    """What answers: rows as TensorFlow Serving gives them; relations may be left out below `threshold`."""

    def texts(self, texts: Sequence[str], threshold: float | None) -> list[Row]:
        """A row for each text."""

    def sentences(self, sentences: Sequence[Sequence[str]], threshold: float | None) -> list[Row]:
        """A row for each tokenized sentence."""


class Client:
    """Finds entities and relations.

    Calling it on a text gives a `Document`, on a list of texts a list of them. A text of several sentences is
    split, since the model reads a sentence at a time; relations join entities of one sentence.
    """

    def __init__(self, backend: Backend) -> None:
        """Takes what answers; `load` finds it."""
        self._backend = backend

    @overload
    def __call__(self, texts: str, threshold: float | None = None) -> Document: ...

    @overload
    def __call__(self, texts: list[str], threshold: float | None = None) -> list[Document]: ...

    def __call__(self, texts: str | list[str], threshold: float | None = None) -> Document | list[Document]:
        """Entities and relations of a text, or of each of several texts.

        Args:
          texts: any text; an empty one gives nothing.
          threshold: of relations, in place of the model's; an exported model has none below the score that it
            was exported with.

        Raises:
          RefusedInputError: a sentence is too long, or a text is not Unicode.
          InputError: the endpoint can't be reached, or is none.
        """
        if isinstance(texts, str):
            return self([texts], threshold)[0]
        check_texts(texts)
        rows = self._backend.texts(texts, threshold) if texts else []
        return [document(text, row, threshold) for text, row in zip(texts, rows, strict=True)]

    def predict(self, sentences: Sequence[Sequence[str]], threshold: float | None = None) -> list[Scored]:
        """Entities (of tokens) and relations of tokenized sentences, each with its score.

        Args:
          sentences: tokens of each; it is not split further.
          threshold: as above.

        Raises:
          RefusedInputError: a sentence is too long or has an empty token.
          InputError: the endpoint can't be reached, or is none.
        """
        check_sentences(sentences)
        rows = self._backend.sentences(sentences, threshold) if sentences else []
        return [_scored(row, threshold) for row in rows]


def _scored(row: Row, threshold: float | None) -> Scored:
    columns = ("entity_type", "entity_start", "entity_end", "entity_score")
    entities = [
        (Entity(int(start), int(end), kind), score)
        for kind, start, end, score in zip(*(row[name] for name in columns), strict=True)
        if kind
    ]
    relations = [
        (Relation(head, tail, kind), score) for kind, head, tail, score in relations_of(row, threshold)
    ]
    return entities, relations


def load(path_or_url: str | os.PathLike[str]) -> Client:
    """Opens a model.

    Args:
      path_or_url: a model directory; an exported folder, or one version of it; or the URL of a model behind
        TensorFlow Serving's REST API, e.g. http://localhost:8501/v1/models/jner_re.

    Raises:
      InputError: it is none of these, it is damaged, or what it needs can't be had.
    """
    if "://" in str(path_or_url):
        from jner_re.serving.endpoint import Endpoint

        return Client(Endpoint(str(path_or_url)))
    folder = pathlib.Path(path_or_url).expanduser()
    exported = _exported(folder)
    if exported is None and not (folder / _CONFIG).is_file():
        raise InputError(
            f"{folder}: no {_CONFIG} and no {_SAVED_MODEL}, expected a model directory written by "
            "training, or an exported folder"
        )
    from jner_re import program

    program.import_tensorflow_quietly()  # it takes seconds
    from jner_re.serving.in_process import ModelDirectory, SavedModel

    return Client(ModelDirectory(folder) if exported is None else SavedModel(exported))


def _exported(folder: pathlib.Path) -> pathlib.Path | None:
    """The version to load of an exported folder: the folder itself if it is one, or the newest in it."""
    if (folder / _SAVED_MODEL).is_file():
        return folder
    versions = [path.parent for path in folder.glob(f"*/{_SAVED_MODEL}") if path.parent.name.isdecimal()]
    return max(versions, key=lambda version: int(version.name), default=None)
