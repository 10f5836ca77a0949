"""SpERT's JSON, the package's interchange format (Eberts and Ulges, 2019).

A list of {"tokens": [str], "entities": [{"type", "start", "end"}], "relations": [{"type", "head", "tail"}],
"orig_id": int or str (optional)}. `end` is exclusive; head and tail index the sentence's entities.
"""

from __future__ import annotations

import collections
import dataclasses
import json
import pathlib
from collections.abc import Sequence
from typing import Any

from jner_re import files, json_numbers
from jner_re.corpora.corpus import (
    Corpus,
    Finding,
    Loss,
    check_corpus,
    check_sentence,
    has_surrogate,
    require_valid,
)
from jner_re.corpora.text_files import read_text
from jner_re.errors import InputError
from jner_re.schema import EntitySpan, RelationPair, Sentence

_RECORD_KEYS = ("tokens", "entities", "relations", "orig_id")
_ENTITY_KEYS = ("type", "start", "end")
_RELATION_KEYS = ("type", "head", "tail")
_ONE_LIST = (
    "one list of sentences with tokens, entities and relations "
    "(JSON lines, as of SciERC or DyGIE++, are another format)"
)


def read(path: pathlib.Path) -> list[Sentence]:
    """The sentences of a valid corpus; raises InputError that quotes the first problems otherwise."""
    return load(path).valid_sentences()


def load(path: pathlib.Path) -> Corpus:
    """Reads a corpus with everything found about it.

    A record of a wrong shape is left out whole; records of the right shape are kept as they are, even where
    their spans or arguments are impossible. Keys that SpERT's format does not have are warnings.

    Raises:
      InputError: the file is no UTF-8 JSON list.
    """
    path = pathlib.Path(path)
    content = read_text(path)
    sentences, places, findings = [], [], content.warnings(str(path))
    extra: dict[str, list[int]] = collections.defaultdict(list)
    for i, record in enumerate(_records(content.text, path)):
        place = f"record {i}"
        try:
            sentence = _sentence(record)
        except _WrongShapeError as wrong:
            action = "the record is left out"
            finding = Finding(str(path), place, wrong.field, wrong.value, wrong.expected, action)
            findings.append(dataclasses.replace(finding, loss=_loss(record)))
            continue
        sentences.append(sentence)
        places.append(place)
        findings += check_sentence(sentence, path, place)
        for key in _extra_keys(record):
            extra[key].append(i)
    for key, indices in extra.items():
        place = f"record {indices[0]}" + (f" and {len(indices) - 1} more" if len(indices) > 1 else "")
        expected = "no other key than SpERT's"
        field = key if key.isprintable() else repr(key)
        findings.append(Finding(str(path), place, field, "given", expected, "left out", kind="warning"))
    return Corpus(sentences, findings + check_corpus(sentences, path, places))


def write(sentences: Sequence[Sentence], path: pathlib.Path) -> None:
    """Writes the sentences, one a line, so that `read` gives them back exactly.

    An id that is a plain number becomes an integer, as in the distributed CoNLL04.

    Raises:
      InputError: a sentence is not valid, or the file cannot be written.
    """
    path = pathlib.Path(path)
    require_valid(sentences, path)
    lines = [json.dumps(_record(sentence), ensure_ascii=False) for sentence in sentences]
    files.write_text(path, "[\n" + ",\n".join(lines) + "\n]\n")


def unsupported(sentences: Sequence[Sentence], path: pathlib.Path) -> list[Finding]:
    """What the format cannot represent of valid sentences: nothing."""
    return []


class _WrongShapeError(Exception):
    """A record that cannot be a sentence; carries the field, its value and what was expected."""

    def __init__(self, field: str, value: object, expected: str) -> None:
        super().__init__(field)
        self.field, self.value, self.expected = field, _quote(value), expected


def _quote(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _records(text: str, path: pathlib.Path) -> list[Any]:
    try:
        data = json.loads(text, object_pairs_hook=_unique_keys, parse_int=json_numbers.integer)
    except json.JSONDecodeError as error:
        place = f"{path}: line {error.lineno} column {error.colno}"
        if error.msg == "Extra data":
            raise InputError(f"{place}: more JSON after the first value, expected {_ONE_LIST}") from None
        raise InputError(f"{place}: not JSON: {error.msg}") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not JSON of sentences: {error}") from None
    if not isinstance(data, list):
        keys = f" with {', '.join(map(repr, [*data][:4])):.80}" if isinstance(data, dict) else ""
        raise InputError(f"{path}: is {_JSON_NAMES[type(data)]}{keys}, expected {_ONE_LIST}")
    return data


_JSON_NAMES = {dict: "an object", str: "a string", int: "a number", float: "a number", bool: "a boolean"}
_JSON_NAMES[type(None)] = "null"


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    unique = dict(pairs)
    if len(unique) < len(pairs):
        key = collections.Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"an object has the key {key!r} twice")
    return unique


def _sentence(record: Any) -> Sentence:
    if not isinstance(record, dict):
        raise _WrongShapeError("sentence", record, "an object with tokens, entities and relations")
    tokens = _list(record, "tokens")
    for i, token in enumerate(tokens):
        _check_text(token, f"tokens[{i}]")
    entities = [
        EntitySpan(start=_int(item, "start", field), end=_int(item, "end", field), type=_type(item, field))
        for field, item in _objects(record, "entities")
    ]
    relations = [
        RelationPair(head=_int(item, "head", field), tail=_int(item, "tail", field), type=_type(item, field))
        for field, item in _objects(record, "relations")
    ]
    return Sentence(tuple(tokens), tuple(entities), tuple(relations), _id(record.get("orig_id")))


def _loss(record: Any) -> Loss:
    """What a record of a wrong shape holds, as far as it can be counted."""
    lists = record if isinstance(record, dict) else {}
    counts = (len(lists[key]) if isinstance(lists.get(key), list) else 0 for key in ("entities", "relations"))
    return Loss("record of a wrong shape", 1, *counts)


def _list(record: dict[str, Any], key: str) -> list[Any]:
    if key not in record:
        raise _WrongShapeError(key, None, "a list (the key is missing)")
    if not isinstance(record[key], list):
        raise _WrongShapeError(key, record[key], "a list")
    return record[key]


def _objects(record: dict[str, Any], key: str) -> list[tuple[str, dict[str, Any]]]:
    items = [(f"{key}[{i}]", item) for i, item in enumerate(_list(record, key))]
    for field, item in items:
        if not isinstance(item, dict):
            raise _WrongShapeError(field, item, "an object")
    return items


def _int(item: dict[str, Any], key: str, field: str) -> int:
    value = item.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        missing = "" if key in item else " (the key is missing)"
        raise _WrongShapeError(f"{field}.{key}", value, "an integer" + missing)
    return value


def _type(item: dict[str, Any], field: str) -> str:
    if "type" not in item:
        raise _WrongShapeError(f"{field}.type", None, "a string (the key is missing)")
    return _check_text(item["type"], f"{field}.type")


def _check_text(value: Any, field: str) -> str:
    if not isinstance(value, str):
        raise _WrongShapeError(field, value, "a string")
    if has_surrogate(value):
        raise _WrongShapeError(field, value, "Unicode text (it has half a surrogate pair)")
    return value


def _id(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return _check_text(value, "orig_id")


def _extra_keys(record: dict[str, Any]) -> list[str]:
    keys = [key for key in record if key not in _RECORD_KEYS]
    for name, known in (("entities", _ENTITY_KEYS), ("relations", _RELATION_KEYS)):
        keys += [f"{name}[].{key}" for item in record[name] for key in item if key not in known]
    return list(dict.fromkeys(keys))


def _record(sentence: Sentence) -> dict[str, Any]:
    record = sentence.to_spert()
    if sentence.id:
        record["orig_id"] = int(sentence.id) if _is_plain_number(sentence.id) else sentence.id
    return record


def _is_plain_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19 and str(int(text)) == text
