"""An answer as TensorFlow Serving's REST API gives it: for every row of a request a dict of lists.

They may be padded; `outputs.py` says what they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from jner_re.document import Document, Entity, Relation, Token
from jner_re.errors import InputError
from jner_re.extraction.outputs import BREAKS, OUTPUTS
from jner_re.text.long_sentences import MAX_TOKENS

Row = dict[str, list[Any]]

BATCH_SIZE = 32  # rows of a request to a server: what it is warmed up with and batches
MAX_SIZE = 2**20  # rows that are put together times the longest one's length: `token` is padded to it


class RefusedInputError(InputError):
    """A text or a sentence of a request is refused.

    Attributes:
      kind: "text" or "sentence".
      number: its place in the request.
      problem: what is wrong with it.
    """

    def __init__(self, kind: str, number: int, problem: str) -> None:
        super().__init__(f"{kind} {number}: {problem}")
        self.kind, self.number, self.problem = kind, number, problem


def rows_of(outputs: dict[str, np.ndarray]) -> list[Row]:
    """The outputs of a signature, each with the batch first, as rows without padding; strings decoded."""
    rows: list[Row] = [{} for _ in outputs["token"]]
    for name, values in outputs.items():
        for row, found in zip(rows, values, strict=True):
            if OUTPUTS[name].dtype == "string":
                row[name] = [value.decode() for value in found if value]
            else:
                row[name] = _numbers(found[found != OUTPUTS[name].padding])
    return rows


def _numbers(values: np.ndarray) -> list[Any]:
    """As JSON has them: a float32 with as many digits as it needs."""
    return [float(str(value)) for value in values] if values.dtype == np.float32 else values.tolist()


def document(text: str, row: Row, threshold: float | None = None) -> Document:
    """What an answer to signature `serving_default` says of `text`; relations above `threshold` alone."""
    entities = [
        Entity(kind, start, end, text[start:end], score) for kind, start, end, score in entities_of(row)
    ]
    relations = [Relation(*found) for found in relations_of(row, threshold)]
    breaks = tuple(place for place in row.get(BREAKS.name, ()) if place != BREAKS.padding)
    return Document(text, tuple(_tokens(text, row["token"])), tuple(entities), tuple(relations), breaks)


def entities_of(row: Row) -> list[tuple[str, int, int, float]]:
    """Type, start, end and score of a row's entities."""
    return _without_padding(row, "entity_type", "entity_start", "entity_end", "entity_score")


def relations_of(row: Row, threshold: float | None) -> list[tuple[str, int, int, float]]:
    """Type, head, tail and score of a row's relations above `threshold`."""
    found = _without_padding(row, "relation_type", "relation_head", "relation_tail", "relation_score")
    return [relation for relation in found if threshold is None or relation[3] > threshold]


def _without_padding(row: Row, *names: str) -> list[Any]:
    found = zip(*(row[name] for name in names), strict=True)
    return [values for values in found if values[0] != OUTPUTS[names[0]].padding]


def _tokens(text: str, words: Iterable[str]) -> Iterable[Token]:
    """Finds each token's place: nothing but white space is between two."""
    end = 0
    for word in words:
        if word:
            start = text.index(word, end)
            end = start + len(word)
            yield Token(word, start, end)


def refusal(message: str) -> RefusedInputError | None:
    """The error that an extractor's graph means by TensorFlow's message; None if it is another's."""
    found = re.search(r"assertion failed: \[(text|sentence) (\d+): (.*?)\]", message, re.DOTALL)
    return RefusedInputError(found[1], int(found[2]), found[3]) if found else None


def padded(sentences: Sequence[Sequence[Any]], padding: Any = "") -> list[list[Any]]:
    """The sentences, or other lists, made equally long."""
    longest = max(map(len, sentences), default=0)
    return [[*tokens, *[padding] * (longest - len(tokens))] for tokens in sentences]


def listed(texts: Iterable[str], expected: str = "a list of strings") -> list[str]:
    """The texts as a list; what each is is not looked at.

    Raises:
      InputError: it is no collection of texts.
    """
    found = _members(texts)
    if found is None:
        raise InputError(f"texts are {_shown(texts)}, expected {expected}")
    return found


def checked_texts(texts: Iterable[str]) -> list[str | RefusedInputError]:
    """The texts as a list; one that is not a string of Unicode characters has its error in its place.

    Raises:
      InputError: it is no collection of texts.
    """
    found = listed(texts, "a string or a list of strings")
    return [_refused_string("text", number, "", text) or text for number, text in enumerate(found)]


def checked_sentences(sentences: Iterable[Iterable[str]]) -> list[list[str]]:
    """The sentences as lists of tokens.

    Raises:
      InputError: it is no collection of sentences.
      RefusedInputError: one of them is no collection of non-empty strings of Unicode characters, or too long.
    """
    found = _members(sentences)
    if found is None:
        raise InputError(f"sentences are {_shown(sentences)}, expected a list of lists of tokens")
    checked = []
    for number, sentence in enumerate(found):
        tokens = _members(sentence)
        if tokens is None:
            raise RefusedInputError("sentence", number, f"{_shown(sentence)}, expected a list of tokens")
        for i, token in enumerate(tokens):
            if refused := _refused_string("sentence", number, f"token {i} is ", token):
                raise refused
            if not token:
                raise RefusedInputError("sentence", number, f"token {i} is '', expected a non-empty string")
        if len(tokens) > MAX_TOKENS:
            problem = f"{len(tokens)} tokens, expected at most {MAX_TOKENS}: break it into shorter ones"
            raise RefusedInputError("sentence", number, problem)
        checked.append(tokens)
    return checked


def _members(values: Any) -> list[Any] | None:
    """What a collection has; None for what is none, or has keys or names of columns for members."""
    if isinstance(values, (str, bytes, bytearray, Mapping)) or hasattr(values, "columns"):
        return None
    try:
        iterator = iter(values)
    except TypeError:  # NumPy's arrays without dimensions say that they are iterable
        return None
    return list(iterator)


def _shown(values: Any) -> str:
    """A value on one line."""
    return f"{' '.join(repr(values).split()):.100}"


def _refused_string(kind: str, number: int, place: str, value: object) -> RefusedInputError | None:
    if not isinstance(value, str):
        return RefusedInputError(kind, number, f"{place}{value!r:.100}, expected a string")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        problem = f"character {error.start} is {value[error.start]!r}, half of a pair, expected Unicode"
        return RefusedInputError(kind, number, f"{place and place.replace(' is', ':')}{problem}")
    return None
