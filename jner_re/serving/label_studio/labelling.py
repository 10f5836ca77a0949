"""A labelling configuration of Label Studio: which text is read, and which labels its tags have."""

from __future__ import annotations

import dataclasses
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Any

from jner_re.corpora import label_studio
from jner_re.document import Document
from jner_re.errors import InputError

_FIELD = re.compile(r"\$(\w+)")


@dataclasses.dataclass(frozen=True)
class Labelling:
    """What predictions are written for.

    Attributes:
      field: of a task's data, the text.
      text_tag: the name of the tag that shows it.
      labels_tag: the name of the tag of its labels.
      labels: what results have for an entity type: its alias, or itself. Aliases are types, too.
      relations: the types of relations; None for any.
    """

    field: str
    text_tag: str
    labels_tag: str
    labels: Mapping[str, str]
    relations: frozenset[str] | None

    def prediction(self, document: Document, version: str) -> dict[str, Any]:
        """What was found, without entities and relations of types that the configuration lacks."""
        kept = [i for i, entity in enumerate(document.entities) if entity.type in self.labels]
        index = {old: new for new, old in enumerate(kept)}
        entities = tuple(
            dataclasses.replace(document.entities[i], type=self.labels[document.entities[i].type])
            for i in kept
        )
        relations = tuple(
            dataclasses.replace(relation, head=index[relation.head], tail=index[relation.tail])
            for relation in document.relations
            if relation.head in index
            and relation.tail in index
            and (self.relations is None or relation.type in self.relations)
        )
        known = dataclasses.replace(document, entities=entities, relations=relations)
        return label_studio.prediction(known, version, self.labels_tag, self.text_tag)


def with_text(tasks: Any, field: str) -> Any:
    """Tasks with the text under the name by which the reader finds it, whatever else their data has."""
    if not isinstance(tasks, list):
        return tasks
    found = []
    for task in tasks:
        data = task.get("data") if isinstance(task, dict) else None
        if isinstance(data, dict) and isinstance(data.get(field), str):
            others = {name: value for name, value in data.items() if name not in (field, label_studio.TEXT)}
            task = {**task, "data": {**others, label_studio.TEXT: data[field]}}
        found.append(task)
    return found


def parse(config: str) -> Labelling:
    """Reads a configuration.

    Args:
      config: XML, such as <View><Labels name="label" toName="text"><Label value="Peop"/></Labels>
        <Text name="text" value="$text"/><Relations/></View>.

    Raises:
      InputError: it is none, or has not one Text of a field and one Labels for it.
    """
    if "<!DOCTYPE" in config or "<!ENTITY" in config:
        raise InputError("the labelling configuration declares a document type, expected none")
    try:
        root = ET.fromstring(config)
    except (ET.ParseError, ValueError) as error:
        raise InputError(f"the labelling configuration is no XML: {error}") from None
    text, labels = (_only(root, tag) for tag in ("Text", "Labels"))
    field = _FIELD.fullmatch(text.get("value", ""))
    if field is None:
        raise InputError(f'Text has the value {text.get("value")!r}, expected a field such as "$text"')
    if labels.get("toName") != text.get("name"):
        raise InputError(
            f"Labels is for {labels.get('toName')!r}, expected {text.get('name')!r}, the name of Text"
        )
    names = {name: each.get("alias") or name for each in labels.iter("Label") if (name := each.get("value"))}
    names = {alias: alias for alias in names.values()} | names  # what was annotated has the alias
    if not names:
        raise InputError("Labels has no Label with a value, expected one for each entity type")
    relations = frozenset(name for each in root.iter("Relation") if (name := each.get("value")))
    tags = (text.get("name", ""), labels.get("name", ""))
    return Labelling(field[1], *tags, names, relations or None)


def _only(root: ET.Element, tag: str) -> ET.Element:
    found = list(root.iter(tag))
    if len(found) != 1:
        raise InputError(f"the labelling configuration has {len(found)} tags {tag}, expected one")
    return found[0]
