"""An answer as TensorFlow Serving's REST API gives it: for every row of a request a dict of lists.

They may be padded with "" and -1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from jner_re.corpora.tokenization import Token
from jner_re.document import Document, Entity, Relation
from jner_re.errors import InputError

Row = dict[str, list[Any]]


class RefusedInputError(InputError):
    """A text or a sentence of a request is refused; nothing of the request is answered."""


def rows_of(outputs: dict[str, np.ndarray]) -> list[Row]:
    """The outputs of a signature, each with the batch first, as rows without padding; strings decoded."""
    count = len(outputs["token"])
    rows: list[Row] = [{} for _ in range(count)]
    for name, values in outputs.items():
        if values.dtype == object:
            for row, found in zip(rows, values.tolist(), strict=True):
                row[name] = [value.decode() for value in found if value]
    for name, values in outputs.items():
        if values.dtype != object:
            of_type = f"{name.split('_')[0]}_type"
            for row, found in zip(rows, values, strict=True):
                row[name] = found[: len(row[of_type])].tolist()
    return rows


def document(text: str, row: Row, threshold: float | None = None) -> Document:
    """What an answer to signature `serving_default` says of `text`; relations above `threshold` alone."""
    count = sum(kind != "" for kind in row["entity_type"])
    columns = ("entity_type", "entity_start", "entity_end", "entity_score")
    entities = [
        Entity(kind, start, end, text[start:end], score)
        for kind, start, end, score in zip(*(row[name][:count] for name in columns), strict=True)
    ]
    relations = [Relation(*found) for found in relations_of(row, threshold)]
    return Document(text, tuple(_tokens(text, row["token"])), tuple(entities), tuple(relations))


def relations_of(row: Row, threshold: float | None) -> list[tuple[str, int, int, float]]:
    """Type, head, tail and score of a row's relations above `threshold`."""
    columns = ("relation_type", "relation_head", "relation_tail", "relation_score")
    return [
        relation
        for relation in zip(*(row[name] for name in columns), strict=True)
        if relation[0] != "" and (threshold is None or relation[3] > threshold)
    ]


def _tokens(text: str, words: Iterable[str]) -> Iterable[Token]:
    """Finds each token's place: nothing but white space is between two."""
    end = 0
    for word in words:
        if word:
            start = text.index(word, end)
            end = start + len(word)
            yield Token(word, start, end)


def refusal(message: str, first: int = 0) -> RefusedInputError | None:
    """The error that an extractor's graph means by the message of a failed request; None if it is another's.

    Args:
      message: of TensorFlow.
      first: the place in the user's request of the failed request's first row.
    """
    found = re.search(r"assertion failed: \[(text|sentence) (\d+)(.*?)\]", message, re.DOTALL)
    return RefusedInputError(f"{found[1]} {first + int(found[2])}{found[3]}") if found else None


def check_texts(texts: Sequence[str]) -> None:
    """Raises RefusedInputError if one of the texts is not a string of Unicode characters."""
    for number, text in enumerate(texts):
        if not isinstance(text, str):
            raise RefusedInputError(f"text {number}: is {text!r:.100}, expected a string")
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise RefusedInputError(
                f"text {number}: character {error.start} is {text[error.start]!r}, half of a pair, "
                "expected Unicode"
            ) from None


def check_sentences(sentences: Sequence[Sequence[str]]) -> None:
    """Raises RefusedInputError if a sentence has an empty token, which would be taken for padding."""
    for number, tokens in enumerate(sentences):
        if "" in tokens:
            raise RefusedInputError(
                f"sentence {number}: token {tokens.index('')} is '', expected a non-empty string"
            )
