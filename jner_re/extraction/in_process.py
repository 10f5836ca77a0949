"""A model in this process: a model directory, or an exported SavedModel."""

from __future__ import annotations

import functools
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from jner_re import files
from jner_re.encoders import graph_check
from jner_re.errors import InputError
from jner_re.extraction import forks
from jner_re.extraction import precision as precisions
from jner_re.extraction.outputs import BOTH, OUTPUTS
from jner_re.extraction.rows import Row, padded, refusal, rows_of

ROWS = 1024  # that are answered together: the graph puts sentences of similar length together


class ModelDirectory:
    """The extractor of a model directory."""

    rows_at_once = ROWS

    def __init__(self, folder: pathlib.Path, precision: str = precisions.FLOAT32) -> None:
        """Raises InputError as `extractor.load`; the precision is one that `precision.check` allows."""
        from jner_re.extraction import extractor  # with Keras, which an export does without

        forks.check()
        self.extractor = extractor.load(folder)
        self._folder, self._precision = folder.absolute(), precision

    def __repr__(self) -> str:
        return f"ModelDirectory({str(self._folder)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Unopened, (ModelDirectory, self._folder, self._precision)

    def texts(self, texts: Sequence[str], threshold: float | None) -> list[Row]:
        """A row for each text."""
        text = tf.constant(list(texts), tf.string)
        return _run(self._precision, self.extractor.from_text, text, self._score(threshold))

    def sentences(self, sentences: Sequence[Sequence[str]], threshold: float | None) -> list[Row]:
        """A row for each tokenized sentence."""
        tokens = _tensor(sentences)
        return _run(self._precision, self.extractor.from_tokens, tokens, self._score(threshold))

    def _score(self, threshold: float | None) -> tf.Tensor:
        return tf.constant(self.extractor.threshold if threshold is None else threshold, tf.float32)


class SavedModel:
    """An exported model. It gives no relation below the score that it was exported with."""

    rows_at_once = ROWS

    def __init__(self, folder: pathlib.Path, precision: str = precisions.FLOAT32) -> None:
        """Loads it.

        Args:
          folder: with a saved_model.pb.
          precision: one that `precision.check` allows.

        Raises:
          InputError: it can't be loaded, is no exported model, or its graph does more than compute.
        """
        import tensorflow_text  # noqa: F401  (registers the ops that the model uses)

        forks.check()
        graph_check.check(folder)
        try:
            self._model = tf.saved_model.load(str(files.without_pattern(folder)))
        except Exception as error:  # a damaged file can make TensorFlow raise almost anything
            line = " ".join(str(error).split())
            raise InputError(f"{folder}: can't be loaded as a SavedModel: {line}") from None
        found = set(self._model.signatures)
        if not found.issuperset({"serving_default", "tokens"}):
            raise InputError(
                f"{folder}: its signatures are {', '.join(sorted(found)) or 'none'}, expected "
                "'serving_default' and 'tokens' of an exported model"
            )
        for signature in ("serving_default", "tokens"):
            names = set(self._model.signatures[signature].structured_outputs)
            if not {output.name for output in BOTH} <= names <= OUTPUTS.keys():
                raise InputError(
                    f"{folder}: the outputs of its signature {signature!r} are {', '.join(sorted(names))}, "
                    "expected those of an exported model"
                )
        self._folder, self._precision = folder.absolute(), precision

    def __repr__(self) -> str:
        return f"SavedModel({str(self._folder)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Unopened, (SavedModel, self._folder, self._precision)

    def texts(self, texts: Sequence[str | bytes], threshold: float | None) -> list[Row]:
        """A row for each text."""
        signature = self._model.signatures["serving_default"]
        return _run(self._precision, lambda text: signature(text=text), tf.constant(list(texts), tf.string))

    def sentences(self, sentences: Sequence[Sequence[str | bytes]], threshold: float | None) -> list[Row]:
        """A row for each tokenized sentence."""
        signature = self._model.signatures["tokens"]
        return _run(self._precision, lambda tokens: signature(tokens=tokens), _tensor(sentences))


class Unopened:
    """Stands for a model of a folder until it is first asked, as what was pickled elsewhere does.

    An error of opening it is raised by the first question, not where it is unpickled: there, a pool of
    processes would begin another one for ever.
    """

    def __init__(self, opening: Callable[..., Any], folder: pathlib.Path, precision: str) -> None:
        """Opens nothing yet: `opening(folder, precision)` will."""
        self._opening, self._folder, self._precision = opening, folder, precision

    def __repr__(self) -> str:
        return f"{self._opening.__name__}({str(self._folder)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Unopened, (self._opening, self._folder, self._precision)

    @functools.cached_property
    def _opened(self) -> Any:
        return self._opening(self._folder, self._precision)

    @property
    def rows_at_once(self) -> int:
        """Of the opened one."""
        return self._opened.rows_at_once

    def texts(self, texts: Sequence[str], threshold: float | None) -> list[Row]:
        """A row for each text."""
        return self._opened.texts(texts, threshold)

    def sentences(self, sentences: Sequence[Sequence[str]], threshold: float | None) -> list[Row]:
        """A row for each tokenized sentence."""
        return self._opened.sentences(sentences, threshold)


def _tensor(sentences: Sequence[Sequence[str | bytes]]) -> tf.Tensor:
    """string [B, T], padded with ""."""
    rows = padded(sentences)
    return tf.reshape(tf.constant(rows, tf.string), [len(rows), len(rows[0]) if rows else 0])


def _run(precision: str, graph: Callable[..., dict[str, tf.Tensor]], *arguments: Any) -> list[Row]:
    """Raises RefusedInputError if the graph refuses what it is given, InputError after a fork."""
    forks.check()
    try:
        with precisions.calls_in(precision):
            return rows_of({name: value.numpy() for name, value in graph(*arguments).items()})
    except tf.errors.InvalidArgumentError as error:
        raise refusal(error.message) or error from None
