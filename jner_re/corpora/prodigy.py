"""Prodigy's JSON lines, as `db-out` prints them and its recipes read them: a task a line.

    {"text": "Ann joined Acme", "tokens": [{"text": "Ann", "start": 0, "end": 3, "id": 0, "ws": true}, …],
     "spans": [{"start": 0, "end": 3, "token_start": 0, "token_end": 0, "label": "Peop"}, …],
     "relations": [{"head": 0, "child": 2, "label": "Work_For",
                    "head_span": {"start": 0, "end": 3, "token_start": 0, "token_end": 0, "label": "Peop"},
                    "child_span": {…}}],
     "meta": {"id": "mail-17"}, "answer": "accept"}

Places are code points. A relation leads from the head to the child: spans that are given, or else named by
their last tokens (`token_end` is inclusive). What was answered with "accept" counts, and a task to import,
which has no answer yet; of several with the same text and id the last, of answered ones if there are any.
Texts are split anew: tokens are read over. Further fields are kept but for those that begin with "_", in
which Prodigy keeps its records.
"""

from __future__ import annotations

import itertools
import math
import pathlib
from collections.abc import Sequence
from typing import Any

from jner_re import files, json_text
from jner_re.corpora import json_lines
from jner_re.corpora.annotated_text import AnnotatedText
from jner_re.corpora.corpus import Finding, Loss, shortened
from jner_re.corpora.prodigy_task import META, OWN, Task
from jner_re.document import Document, Entity
from jner_re.text.tokenization import tokenize


def texts(path: pathlib.Path) -> tuple[list[AnnotatedText], list[Finding]]:
    """Reads a file of tasks.

    Left out with a finding each: a line that is no JSON, or of a wrong shape; tasks that were not accepted,
    or that a later one of the same text replaces; spans outside of the text, unlike it or without a label;
    relations without two spans.

    Raises:
      InputError: the file is no UTF-8 text, or empty.
    """
    path = pathlib.Path(path)
    tasks, findings = json_lines.read(path, lambda record, place: Task(record, str(path), place))
    accepted = [task for task in tasks if task.answer == "accept"]
    later = _replacing(sorted(accepted, key=lambda task: task.is_answered))
    found = []
    for task in tasks:
        if task.answer != "accept":
            value, expected = task.answer or "none", "accept, or spans that nobody has answered"
            loss = Loss(
                f"task with the answer {task.answer}" if task.answer else "task without annotation", 1
            )
        elif task.place in later:
            value, expected = repr(shortened(task.text)), f"a text of its own, unlike {later[task.place]}"
            loss = Loss("replaced by a later task", 1)
        else:
            found.append(task.document())
            findings += task.findings
            continue
        field = "answer" if task.answer != "accept" else "text"
        findings.append(Finding(str(path), task.place, field, value, expected, "left out", "warning", loss))
    return found, findings


def write(documents: Sequence[Document], path: pathlib.Path, predicted: bool = False) -> None:
    """Writes a task a document: accepted, or to be answered.

    Tokens are those of "news", divided where entities begin or end.

    Args:
      documents: if any of them has scores, all are to be answered.
      path: the file.
      predicted: whether they are anyway.

    Raises:
      InputError: the file cannot be written.
    """
    answer = {} if predicted or any(map(_has_scores, documents)) else {"answer": "accept"}
    lines = (json_text.line({**_task(document), **answer}) for document in documents)
    files.write_text(pathlib.Path(path), "".join(f"{line}\n" for line in lines))


def unsupported(documents: Sequence[Document], path: pathlib.Path) -> list[Finding]:
    """What the format cannot represent of valid documents.

    Fields that it has itself, "broken_at", and relations of an entity that is like another one. Two documents
    of one text and id are a warning: Prodigy asks one of them.
    """
    findings = []
    first: dict[tuple[str, str], int] = {}
    for i, document in enumerate(documents):
        for name, value, expected in _not_held(document):
            findings.append(Finding(str(path), f"record {i}", name, shortened(repr(value)), expected))
        same = first.setdefault((document.text, document.id), i)
        if same != i:
            value, expected = repr(shortened(document.text)), f"another text or id than record {same}"
            findings.append(Finding(str(path), f"record {i}", "text", value, expected, "", "warning"))
    return findings


def _replacing(tasks: Sequence[Task]) -> dict[str, str]:
    """For tasks, by place, that have a later one of the same id and text (or hash): the place of the last."""
    last: dict[tuple[str | int, str], str] = {}
    later = {}
    for task in reversed(tasks):
        keys = [(key, task.id) for key in (task.text, task.hash) if key is not None]
        replacing = next((last[key] for key in keys if key in last), None)
        if replacing is not None:
            later[task.place] = replacing
        for key in keys:
            last.setdefault(key, replacing or task.place)
    return later


def _not_held(document: Document) -> list[tuple[str, Any, str]]:
    """Field, value and what is expected."""
    fields = document.fields
    found: list[tuple[str, Any, str]] = [
        (name, value, "another name")
        for name, value in fields.items()
        if name in OWN or name.startswith("_") or (name == "id" and not document.id)
    ]
    if META in fields and not (isinstance(fields[META], dict) and fields[META] and "id" not in fields[META]):
        found.append((META, fields[META], "an object that says more than an id, and no id"))
    if document.broken_at:
        found.append(("broken_at", list(document.broken_at), "none (the format has no such field)"))
    first: dict[tuple[str, int, int], int] = {}
    related = {end for relation in document.relations for end in (relation.head, relation.tail)}
    for i, entity in enumerate(document.entities):
        same = first.setdefault((entity.type, entity.start, entity.end), i)
        if same != i and i in related:
            found.append((f"entities[{i}]", entity.text, f"another place or type than entities[{same}]"))
    return found


def _task(document: Document) -> dict[str, Any]:
    tokens = _tokens(document)
    starts = {token["start"]: token["id"] for token in tokens}
    ends = {token["end"]: token["id"] for token in tokens}

    def span(entity: Entity) -> dict[str, Any]:
        place = {"start": entity.start, "end": entity.end}
        numbers = {"token_start": starts[entity.start], "token_end": ends[entity.end]}
        return {**place, **numbers, "label": entity.type}

    spans = [span(entity) for entity in document.entities]
    relations = [
        {
            "head": spans[r.head]["token_end"],
            "child": spans[r.tail]["token_end"],
            "head_span": spans[r.head],
            "child_span": spans[r.tail],
            "label": r.type,
            **_score(r.score),
        }
        for r in document.relations
    ]
    meta = {**({"id": document.id} if document.id else {}), **document.fields.get(META, {})}
    return {
        **{name: value for name, value in document.fields.items() if name != META},
        "text": document.text,
        "tokens": tokens,
        "spans": [{**s, **_score(e.score)} for s, e in zip(spans, document.entities, strict=True)],
        "relations": relations,
        **({META: meta} if meta else {}),
    }


def _tokens(document: Document) -> list[dict[str, Any]]:
    """The tokens, divided so that every entity is whole ones, white space at its ends a token of its own."""
    text = document.text
    starts, ends = {e.start for e in document.entities}, {e.end for e in document.entities}
    words = tokenize(text, "news")
    edges = sorted({*starts, *ends, *(w.start for w in words), *(w.end for w in words)})
    spans = [
        (start, end)
        for start, end in itertools.pairwise(edges)
        if start in starts or end in ends or not text[start:end].isspace()
    ]
    touched = {*(start for start, _ in spans), len(text)}  # what no white space is before
    return [
        {"text": text[start:end], "start": start, "end": end, "id": i, "ws": end not in touched}
        for i, (start, end) in enumerate(spans)
    ]


def _has_scores(document: Document) -> bool:
    scores = [*(e.score for e in document.entities), *(r.score for r in document.relations)]
    return not all(map(math.isnan, scores))


def _score(score: float) -> dict[str, float]:
    return {} if math.isnan(score) else {"score": round(score, 4)}
