"""Label Studio's JSON: a list of tasks, each a text with the results of its annotators.

    [{"id": 7, "data": {"text": "Ann joined Acme"},
      "annotations": [{"result": [
        {"id": "x", "type": "labels", "value": {"start": 0, "end": 3, "text": "Ann", "labels": ["Peop"]}}, …,
        {"type": "relation", "from_id": "x", "to_id": "y", "direction": "right", "labels": ["Work_For"]}]}]}]

Of several annotations of a task, the newest that was not cancelled counts. A region with several labels is an
entity for each; relations are of the first. A relation leads from `from_id` to `to_id`, with the direction
"left" the other way, with "bi" both ways. Places are code points, or UTF-16 units as older versions counted:
the reading under which the quoted texts fit is taken (`character_offsets`). What an annotator accepted of a
prediction is annotation: its scores are read over.
"""

from __future__ import annotations

import json
import math
import pathlib
from collections.abc import Sequence
from typing import Any

from jner_re import files, json_text
from jner_re.corpora import json_records
from jner_re.corpora.annotated_text import AnnotatedText
from jner_re.corpora.corpus import Finding, Loss, shortened
from jner_re.corpora.json_records import WrongShapeError
from jner_re.corpora.label_studio_task import TEXT, Task
from jner_re.corpora.text_files import read_text
from jner_re.document import Document
from jner_re.errors import InputError

_EXPECTED = "a list of tasks, as Label Studio exports it as JSON"
_LABELS = "label"  # the name of the tag that is written
_MODEL = "jner_re"


def texts(path: pathlib.Path, annotator: str | None = None) -> tuple[list[AnnotatedText], list[Finding]]:
    """Reads an export.

    Left out with a finding each: a task of a wrong shape, or that nobody annotated; regions outside of the
    text or unlike it; relations without two entities or without a label; results of other kinds.

    Args:
      path: the file.
      annotator: whose annotations count, as `completed_by` has it (an id or an e-mail address); by default
        anybody's.

    Raises:
      InputError: the file is no UTF-8 JSON list of tasks.
    """
    path = pathlib.Path(path)
    content = read_text(path)
    findings = content.warnings(str(path))
    found = []
    for number, task in enumerate(_tasks(content.text, path)):
        place = _place(task, number)
        try:
            reading = Task(task, str(path), place, annotator)
            text = reading.text()
        except WrongShapeError as wrong:
            loss = Loss("task of a wrong shape", 1)
            findings.append(wrong.finding(path, place, "the task is left out", loss))
            continue
        if reading.is_annotated:
            found.append(text)
        findings += reading.findings
    return found, findings


def write(documents: Sequence[Document], path: pathlib.Path, predicted: bool = False) -> None:
    """Writes a task a document, with annotations or with predictions.

    Args:
      documents: if any of them has scores, all are predictions.
      path: the file.
      predicted: whether they are anyway.

    Raises:
      InputError: the file cannot be written.
    """
    predicted = predicted or any(map(_has_scores, documents))
    tasks = ",\n".join(json_text.line(_task(document, predicted)) for document in documents)
    files.write_text(pathlib.Path(path), f"[\n{tasks}\n]\n")


def unsupported(documents: Sequence[Document], path: pathlib.Path) -> list[Finding]:
    """What the format cannot represent of valid documents: further fields "text" and "id", "broken_at"."""
    findings = []
    for i, document in enumerate(documents):
        found = [
            (name, document.fields[name], "another name") for name in (TEXT, "id") if name in document.fields
        ]
        if document.broken_at:
            found.append(("broken_at", list(document.broken_at), "none (the format has no such field)"))
        for name, value, expected in found:
            findings.append(Finding(str(path), f"record {i}", name, shortened(repr(value)), expected))
    return findings


def _tasks(text: str, path: pathlib.Path) -> list[Any]:
    try:
        tasks = json_records.loads(text, only_finite=True)
    except json.JSONDecodeError as error:
        place = f"{path}: line {error.lineno} column {error.colno}"
        raise InputError(
            f"{place}: not JSON: {error.msg}, expected {_EXPECTED} (CSV and CoNLL have no relations)"
        ) from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not JSON: {error}, expected {_EXPECTED}") from None
    if not isinstance(tasks, list):
        raise InputError(f"{path}: is no list, expected {_EXPECTED}")
    if tasks and all(isinstance(task, dict) and "data" not in task for task in tasks):
        raise InputError(f"{path}: tasks have no data, expected {_EXPECTED} (JSON_MIN has no relations)")
    return tasks


def _place(task: Any, number: int) -> str:
    """By the number of the task, or as the data names it."""
    if not isinstance(task, dict):
        return f"record {number}"
    if "id" in task:
        return f"task {task['id']}"
    data = task.get("data")
    id = data.get("id") if isinstance(data, dict) else None
    return f"record {number}" + (f" (id {shortened(str(id))})" if id is not None else "")


def _task(document: Document, predicted: bool) -> dict[str, Any]:
    """A task to import."""
    data = {**({"id": document.id} if document.id else {}), TEXT: document.text, **document.fields}
    found = prediction(document, _MODEL, _LABELS, TEXT)
    if predicted:
        return {"data": data, "predictions": [found]}
    return {"data": data, "annotations": [{"result": found["result"]}]}


def prediction(document: Document, version: str, labels_tag: str, text_tag: str) -> dict[str, Any]:
    """What a model has found in a task's text, as Label Studio has it.

    Args:
      document: with the text of the task.
      version: of the model.
      labels_tag: the name of the labelling configuration's Labels.
      text_tag: the name of its Text.

    Returns:
      "result", "model_version", and, if anything was found, the "score" of the least certain entity or
      relation, by which tasks can be ordered.
    """
    names = {"from_name": labels_tag, "to_name": text_tag}
    result: list[dict[str, Any]] = [
        {
            "id": f"T{i}",
            "type": "labels",
            **names,
            "value": {"start": e.start, "end": e.end, "text": e.text, "labels": [e.type]},
            **_score(e.score),
        }
        for i, e in enumerate(document.entities, 1)
    ]
    for r in document.relations:
        ends = {"from_id": f"T{r.head + 1}", "to_id": f"T{r.tail + 1}"}
        result.append(
            {"type": "relation", **ends, "direction": "right", "labels": [r.type], **_score(r.score)}
        )
    scores = [item["score"] for item in result if "score" in item]
    return {"model_version": version, **({"score": min(scores)} if scores else {}), "result": result}


def _has_scores(document: Document) -> bool:
    scores = [e.score for e in document.entities] + [r.score for r in document.relations]
    return not all(map(math.isnan, scores))


def _score(score: float) -> dict[str, float]:
    return {} if math.isnan(score) else {"score": round(score, 4)}
