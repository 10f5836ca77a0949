"""SpERT's JSON, the package's interchange format (Eberts and Ulges, 2019).

A list of {"tokens": [str], "entities": [{"type", "start", "end"}], "relations": [{"type", "head", "tail"}],
"orig_id": int or str (optional)}. `end` is exclusive; head and tail index the sentence's entities.
"""

from __future__ import annotations

import collections
import json
import pathlib
from collections.abc import Sequence
from typing import Any

from jner_re import files
from jner_re.corpora import json_records
from jner_re.corpora.corpus import (
    Corpus,
    Finding,
    check_corpus,
    check_sentence,
    require_valid,
)
from jner_re.corpora.text_files import read_text
from jner_re.errors import InputError
from jner_re.schema import Sentence

_RECORD_KEYS = ("tokens", "entities", "relations", "orig_id")
_ENTITY_KEYS = ("type", "start", "end")
_RELATION_KEYS = ("type", "head", "tail")
_ONE_LIST = (
    "one list of sentences with tokens, entities and relations "
    "(JSON lines, as of SciERC or DyGIE++, are another format: dygie)"
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
        except json_records.WrongShapeError as wrong:
            loss = json_records.loss_of(record)
            findings.append(wrong.finding(path, place, "the record is left out", loss))
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


def _records(text: str, path: pathlib.Path) -> list[Any]:
    try:
        data = json_records.loads(text)
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


def _sentence(record: Any) -> Sentence:
    if not isinstance(record, dict):
        expected = "an object with tokens, entities and relations"
        raise json_records.WrongShapeError("sentence", record, expected)
    tokens = json_records.list_of(record, "tokens")
    for i, token in enumerate(tokens):
        json_records.check_text(token, f"tokens[{i}]")
    entities, relations = json_records.entities(record), json_records.relations(record)
    id = json_records.check_id(record.get("orig_id"), "orig_id")
    return Sentence(tuple(tokens), tuple(entities), tuple(relations), id)


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
