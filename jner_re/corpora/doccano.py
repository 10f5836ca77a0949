"""doccano's JSON lines: an example a line, a text with spans and, if the project has them, relations.

    {"id": 7, "text": "Ann joined Acme",
     "entities": [{"id": 41, "label": "Peop", "start_offset": 0, "end_offset": 3}, …],
     "relations": [{"id": 3, "from_id": 41, "to_id": 42, "type": "Work_For"}], "Comments": []}

Projects without relations have "label": [[0, 3, "Peop"], …] in place of both lists (older or other tools
"labels"), and in older versions the text is "data". What doccano counts is said in `doccano_offsets`. Further
fields, which doccano imports, shows and exports again as metadata, are kept; comments if there are any.
"""

from __future__ import annotations

import itertools
import math
import pathlib
from collections.abc import Sequence
from typing import Any

from jner_re import files, json_text
from jner_re.corpora import doccano_offsets, json_lines
from jner_re.corpora.annotated_text import AnnotatedText
from jner_re.corpora.corpus import Finding, shortened
from jner_re.corpora.doccano_example import Example
from jner_re.document import Document
from jner_re.errors import InputError

_OWN = ("id", "text", "entities", "relations")


def texts(path: pathlib.Path, offsets: str | None = None) -> tuple[list[AnnotatedText], list[Finding]]:
    """Reads an export.

    A line that is no JSON, or of a wrong shape, is left out whole; so are spans outside of the text, and
    relations without two spans. Each has a finding. So has the file if spans would be whole words more often
    under another of `doccano_offsets.UNITS`, unless `offsets` says which it is.

    Args:
      path: the file.
      offsets: one of `doccano_offsets.UNITS`; by default UTF-16 units.

    Raises:
      InputError: the file is no UTF-8 text, or empty; `offsets` is none of them, or the package that finds
        grapheme clusters is missing.
    """
    path = pathlib.Path(path)
    if offsets not in (None, *doccano_offsets.UNITS):
        raise InputError(f"offsets is {offsets!r}, expected one of {', '.join(doccano_offsets.UNITS)}")
    examples, findings = json_lines.read(path, lambda record, place: Example(record, str(path), place))
    if offsets is None:
        findings += _better_units(examples, path)
    found = []
    for example in examples:
        found.append(example.document(offsets or doccano_offsets.DEFAULT))
        findings += example.findings
    return found, findings


def write(documents: Sequence[Document], path: pathlib.Path) -> None:
    """Writes an example a document, places in UTF-16 units, ids unique in the file; scores are left out.

    Raises:
      InputError: the file cannot be written.
    """
    entity_ids, relation_ids = itertools.count(1), itertools.count(1)
    lines = (json_text.line(_example(document, entity_ids, relation_ids)) for document in documents)
    files.write_text(pathlib.Path(path), "".join(f"{line}\n" for line in lines))


def unsupported(documents: Sequence[Document], path: pathlib.Path) -> list[Finding]:
    """What the format cannot represent of valid documents: fields named as its own, "broken_at", scores.

    Scores are a warning, one for all: predictions are written to be corrected, without them.
    """
    findings = []
    for i, document in enumerate(documents):
        found = [(name, document.fields[name], "another name") for name in _OWN if name in document.fields]
        if document.broken_at:
            found.append(("broken_at", list(document.broken_at), "none (the format has no such field)"))
        for name, value, expected in found:
            findings.append(Finding(str(path), f"record {i}", name, shortened(repr(value)), expected))
    scores = [e.score for document in documents for e in document.entities]
    scores += [r.score for document in documents for r in document.relations]
    scores = [score for score in scores if not math.isnan(score)]
    if scores:
        given = f"{len(scores)} scores of entities and relations"
        findings.append(Finding(str(path), "all records", "score", given, "none", "left out", "warning"))
    return findings


def _better_units(examples: Sequence[Example], path: pathlib.Path) -> list[Finding]:
    """A problem if another reading of the offsets than the default one has more whole words."""
    examples = [example for example in examples if doccano_offsets.differ(example.text)]
    misfits = {
        units: [example.count_misfits(units) for example in examples] for units in doccano_offsets.usable()
    }
    used, best = doccano_offsets.DEFAULT, min(misfits, key=lambda units: sum(misfits[units]))
    if sum(misfits[best]) == sum(misfits[used]):
        return []
    first = next(i for i, (a, b) in enumerate(zip(misfits[used], misfits[best], strict=True)) if a > b)
    spans = sum(example.count_spans() for example in examples)
    value = (
        f"{used}, under which {sum(misfits[used])} of {spans} entities (the first here) are no whole words"
    )
    expected = f"--offsets={best}, under which {sum(misfits[best])} are not, or --offsets={used} to keep it"
    return [Finding(str(path), examples[first].place, "unit of offsets", value, expected)]


def _example(
    document: Document, entity_ids: itertools.count[int], relation_ids: itertools.count[int]
) -> dict[str, Any]:
    offsets = doccano_offsets.utf16_offsets(document.text)
    entities = [
        {
            "id": next(entity_ids),
            "label": e.type,
            "start_offset": offsets[e.start],
            "end_offset": offsets[e.end],
        }
        for e in document.entities
    ]
    relations = [
        {
            "id": next(relation_ids),
            "from_id": entities[r.head]["id"],
            "to_id": entities[r.tail]["id"],
            "type": r.type,
        }
        for r in document.relations
    ]
    annotation = {"text": document.text, "entities": entities, "relations": relations}
    return {**({"id": document.id} if document.id else {}), **document.fields, **annotation}
