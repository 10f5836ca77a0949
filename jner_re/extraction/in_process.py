"""A model in this process: a model directory, or an exported SavedModel."""

from __future__ import annotations

import contextlib
import functools
import pathlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from jner_re.constraints import Constraints
from jner_re.encoders import graph_check
from jner_re.errors import InputError
from jner_re.extraction import forks, serving_session
from jner_re.extraction import precision as precisions
from jner_re.extraction.outputs import BOTH, OUTPUTS
from jner_re.extraction.rows import Row, padded, refusal, rows_of

ROWS = 1024  # that are answered together: the graph puts sentences of similar length together


class ModelDirectory:
    """The extractor of a model directory."""

    rows_at_once = ROWS

    def __init__(
        self,
        folder: pathlib.Path,
        precision: str = precisions.FLOAT32,
        constraints: Constraints | None = None,
    ) -> None:
        """Raises InputError as `extractor.load`; the precision is one that `precision.check` allows."""
        from jner_re.extraction import extractor  # with Keras, which an export does without

        forks.check()
        self.extractor = extractor.load(folder, constraints=constraints)
        self._folder, self._precision, self._constraints = folder.absolute(), precision, constraints

    def __repr__(self) -> str:
        return f"ModelDirectory({str(self._folder)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Unopened, (ModelDirectory, self._folder, self._precision, self._constraints)

    def texts(self, texts: Sequence[str], threshold: float | None) -> list[Row]:
        """A row for each text."""
        return self._answer(self.extractor.from_text, np.array(texts, object), threshold)

    def sentences(self, sentences: Sequence[Sequence[str]], threshold: float | None) -> list[Row]:
        """A row for each tokenized sentence."""
        return self._answer(self.extractor.from_tokens, _tokens(sentences), threshold)

    def _answer(
        self, graph: Callable[..., dict[str, tf.Tensor]], value: np.ndarray, threshold: float | None
    ) -> list[Row]:
        score = tf.constant(self.extractor.threshold if threshold is None else threshold, tf.float32)
        with _asking(), precisions.calls_in(self._precision):
            outputs = graph(tf.constant(value, tf.string), score)
            return rows_of({name: tensor.numpy() for name, tensor in outputs.items()})


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
        forks.check()
        serving_session.register_text_ops()  # else the check doesn't know them
        graph_check.check(folder)
        try:
            self._session = serving_session.ServingSession(folder, precision)
        except Exception as error:  # a damaged file can make TensorFlow raise almost anything
            line = " ".join(str(error).split())
            raise InputError(f"{folder}: can't be loaded as a SavedModel: {line}") from None
        found = self._session.outputs
        if not found.keys() >= {"serving_default", "tokens"}:
            raise InputError(
                f"{folder}: its signatures are {', '.join(sorted(found)) or 'none'}, expected "
                "'serving_default' and 'tokens' of an exported model"
            )
        for signature in ("serving_default", "tokens"):
            names = set(found[signature])
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
        return self._answer("serving_default", "text", np.array(texts, object))

    def sentences(self, sentences: Sequence[Sequence[str | bytes]], threshold: float | None) -> list[Row]:
        """A row for each tokenized sentence."""
        return self._answer("tokens", "tokens", _tokens(sentences))

    def _answer(self, signature: str, name: str, value: np.ndarray) -> list[Row]:
        with _asking():
            return rows_of(self._session(signature, {name: value}))


class Unopened:
    """Stands for a model of a folder until it is first asked, as what was pickled elsewhere does.

    An error of opening it is raised by the first question, not where it is unpickled: there, a pool of
    processes would begin another one for ever.
    """

    def __init__(self, opening: Callable[..., Any], folder: pathlib.Path, *more: Any) -> None:
        """Opens nothing yet: `opening(folder, *more)` will."""
        self._opening, self._folder, self._more = opening, folder, more

    def __repr__(self) -> str:
        return f"{self._opening.__name__}({str(self._folder)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Unopened, (self._opening, self._folder, *self._more)

    @functools.cached_property
    def _opened(self) -> Any:
        return self._opening(self._folder, *self._more)

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


def _tokens(sentences: Sequence[Sequence[str | bytes]]) -> np.ndarray:
    """Of strings, [B, T], padded with ""."""
    rows = padded(sentences)
    return np.array(rows, object).reshape(len(rows), len(rows[0]) if rows else 0)


@contextlib.contextmanager
def _asking() -> Iterator[None]:
    """Raises RefusedInputError if the graph refuses what it is given, InputError after a fork."""
    forks.check()
    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        raise refusal(error.message) or error from None
