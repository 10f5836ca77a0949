"""One way to ask a model, wherever it runs."""

from __future__ import annotations

import os
import pathlib
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from typing import Protocol, TypeVar, overload

import numpy as np

from jner_re.document import Document
from jner_re.errors import InputError, system_cause
from jner_re.extraction.precision import FLOAT32, check
from jner_re.extraction.rows import (
    MAX_SIZE,
    RefusedInputError,
    Row,
    checked_sentences,
    checked_texts,
    document,
    entities_of,
    listed,
    relations_of,
)
from jner_re.extraction.version_folders import SAVED_MODEL, loadable
from jner_re.models import hub_model
from jner_re.models.model_files import CONFIG
from jner_re.schema import EntitySpan, RelationPair, Scored

_IMPORTING = threading.Lock()  # a second thread could see modules that import each other half made
_Item = TypeVar("_Item", bound=Sized)


class Backend(Protocol):
    """What answers: rows as TensorFlow Serving gives them; relations may be left out below `threshold`.

    Attributes:
      rows_at_once: at most so many are asked for in one call.
    """

    rows_at_once: int

    def texts(self, texts: Sequence[str], threshold: float | None) -> list[Row]:
        """A row for each text."""

    def sentences(self, sentences: Sequence[Sequence[str]], threshold: float | None) -> list[Row]:
        """A row for each tokenized sentence."""


class Client:
    """Finds entities and relations.

    Calling it on a text gives a `Document`, on several texts a list of them. A text of several sentences is
    split; relations join entities of one sentence, or of as many as the model reads together. Pickled, it is
    the path or URL, which is opened again where it is asked.
    """

    def __init__(self, backend: Backend) -> None:
        """Takes what answers; `load` finds it."""
        self._backend = backend

    def __repr__(self) -> str:
        return f"<jner_re.load: {self._backend!r}>"

    @overload  # a string is an iterable of strings, too
    def __call__(self, texts: str, threshold: float | None = None) -> Document: ...  # type: ignore[overload-overlap]

    @overload
    def __call__(self, texts: Iterable[str], threshold: float | None = None) -> list[Document]: ...

    def __call__(
        self, texts: str | Iterable[str], threshold: float | None = None
    ) -> Document | list[Document]:
        """Entities and relations of a text, or of each of several texts.

        Args:
          texts: any text; an empty one gives nothing.
          threshold: of relations, from 0 to 1, in place of the model's; an exported model has none below the
            score that it was exported with.

        Raises:
          RefusedInputError: a text is not Unicode, or an encoder's output for it doesn't fit float16;
            nothing is answered.
          InputError: the endpoint can't be reached, or is none; the threshold is out of range.
        """
        if isinstance(texts, str):
            return self([texts], threshold)[0]
        checked, threshold = checked_texts(texts), _checked(threshold)
        for text in checked:
            if isinstance(text, RefusedInputError):
                raise text
        return self._documents([text for text in checked if isinstance(text, str)], threshold)

    def documents_or_errors(
        self, texts: Iterable[str], threshold: float | None = None
    ) -> list[Document | RefusedInputError]:
        """As calling it with several texts, but one that is refused has its error in place of a document.

        Raises:
          InputError: a single text; the endpoint can't be reached, or is none; the threshold is out of range.
        """
        checked, threshold = checked_texts(listed(texts)), _checked(threshold)
        answers: dict[int, Document | RefusedInputError] = {}
        asked = [i for i, text in enumerate(checked) if isinstance(text, str)]
        rows = self._backend.rows_at_once
        for first in range(0, len(asked), rows):  # what the others have been answered is not lost
            left = asked[first : first + rows]
            while left:
                try:
                    documents = self._documents([str(checked[i]) for i in left], threshold)
                    answers.update(zip(left, documents, strict=True))
                    left = []
                except RefusedInputError as error:  # it has what float16 can't hold: the rest is asked again
                    refused = left.pop(error.number)
                    answers[refused] = RefusedInputError(error.kind, refused, error.problem)
        return [text if isinstance(text, RefusedInputError) else answers[i] for i, text in enumerate(checked)]

    def _documents(self, texts: list[str], threshold: float | None) -> list[Document]:
        rows = self._rows(lambda part: self._backend.texts(part, threshold), texts)
        return [document(text, row, threshold) for text, row in zip(texts, rows, strict=True)]

    def predict(self, sentences: Iterable[Iterable[str]], threshold: float | None = None) -> list[Scored]:
        """Entities (of tokens) and relations of tokenized sentences, each with its score.

        Args:
          sentences: tokens of each; it is not split further.
          threshold: of relations, from 0 to 1, in place of the model's.

        Raises:
          RefusedInputError: a sentence is too long or has an empty token.
          InputError: the endpoint can't be reached, or is none; the threshold is out of range.
        """
        tokens, threshold = checked_sentences(sentences), _checked(threshold)
        rows = self._rows(lambda part: self._backend.sentences(part, threshold), tokens)
        return [_scored(row, threshold) for row in rows]

    def _rows(self, ask: Callable[[list[_Item]], list[Row]], items: list[_Item]) -> list[Row]:
        """The rows of texts or sentences, asked for a bounded number at a time."""
        rows: list[Row] = []
        for first, end in _parts([len(item) for item in items], self._backend.rows_at_once):
            try:
                rows += ask(items[first:end])
            except RefusedInputError as error:
                raise RefusedInputError(error.kind, first + error.number, error.problem) from None
        return rows


def _parts(lengths: Sequence[int], rows: int) -> Iterator[tuple[int, int]]:
    """Begin and end of runs of at most `rows` whose number times the longest is at most MAX_SIZE."""
    begin = longest = 0
    for i, length in enumerate(lengths):
        longest = max(longest, length)
        if i > begin and (i - begin == rows or (i + 1 - begin) * longest > MAX_SIZE):
            yield begin, i
            begin, longest = i, length
    if lengths:
        yield begin, len(lengths)


def _checked(threshold: float | None) -> float | None:
    if threshold is None:
        return None
    if isinstance(threshold, (int, float, np.number)) and 0 <= threshold <= 1:
        return float(threshold)
    raise InputError(f"threshold is {threshold!r}, expected a number from 0 to 1")


def _scored(row: Row, threshold: float | None) -> Scored:
    entities = [(EntitySpan(start, end, kind), score) for kind, start, end, score in entities_of(row)]
    relations = [
        (RelationPair(head, tail, kind), score) for kind, head, tail, score in relations_of(row, threshold)
    ]
    return entities, relations


def load(path_or_url: str | os.PathLike[str], precision: str = FLOAT32) -> Client:
    """Opens a model.

    Nothing of the process changes but that TensorFlow is imported, and not for a URL.

    Args:
      path_or_url: a model directory; an exported folder, or one version of it; the id of either on the
        Hugging Face hub, "owner/name" or "owner/name@revision", which is fetched into the cache; or the URL
        of a model behind TensorFlow Serving's REST API, e.g. http://localhost:8501/v1/models/jner_re.
      precision: "float32", or "bfloat16" on a processor with instructions for it, which can be faster for
        many long texts and changes scores by up to a few hundredths (docs/performance.md); not for a URL,
        whose server decides.

    Raises:
      InputError: it is none of these, it is damaged, what it needs isn't available, the processor has no
        instructions for the precision, or this process was forked from one in which TensorFlow ran.
    """
    if "://" in str(path_or_url):
        from jner_re.extraction.endpoint import Endpoint

        if precision != FLOAT32:
            raise InputError(
                f"precision is {precision!r}, expected {FLOAT32!r} with a URL: its server decides "
                "(TensorFlow Serving's --mixed_precision=bfloat16)"
            )
        return Client(Endpoint(str(path_or_url)))
    check(precision)
    folder = local_folder(path_or_url)
    with _IMPORTING:  # of TensorFlow, too, which takes seconds
        from jner_re.extraction.in_process import ModelDirectory, SavedModel
    return Client((SavedModel if is_exported(folder) else ModelDirectory)(folder, precision))


def local_folder(path: str | os.PathLike[str]) -> pathlib.Path:
    """The model directory, or the version to load of an exported folder; one of the hub is fetched.

    Raises:
      InputError: it is neither, or the hub doesn't give it.
    """
    try:
        pathlib.Path(path).expanduser()  # which says if there is no such home
        folder = hub_model.find(path)
        if (folder / CONFIG).is_file():  # also if exports are in it
            return folder
        exported = _exported(folder)
        inner = sorted(path.parent.name for path in folder.glob(f"*/{CONFIG}"))  # as in an experiment's run
    except (OSError, RuntimeError) as error:  # the latter where "~name" is nobody's home
        raise InputError(f"{path}: can't be opened: {system_cause(error)}") from None
    if exported is None:
        hint = f"; model directories in it: {', '.join(inner)}" if inner else ""
        raise InputError(
            f"{folder}: no {CONFIG} and no {SAVED_MODEL}, expected a model directory of training, an "
            f"exported folder, one of the Hugging Face hub (owner/name), or a URL such as "
            f"http://localhost:8501/v1/models/jner_re{hint}"
        )
    return exported


def is_exported(folder: pathlib.Path) -> bool:
    """Whether a folder is an exported model, not a model directory."""
    return (folder / SAVED_MODEL).is_file()


def _exported(folder: pathlib.Path) -> pathlib.Path | None:
    """The version to load of an exported folder: the folder itself if it is one, or the newest in it."""
    if is_exported(folder):
        return folder
    newest = max(loadable(folder), default=None)
    return None if newest is None else folder / str(newest)
