"""Which layers of UIMA CAS documents are entities and relations, as INCEpTION and WebAnno name them."""

from __future__ import annotations

import pathlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from jner_re.errors import InputError

NAMED_ENTITY = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity"
SPAN, RELATION, LABEL = "custom.Span", "custom.Relation", "label"  # of INCEpTION's basic project
_CUSTOM = ("custom.", "webanno.custom.")
_USUAL = (LABEL, "value")  # features that are the type, whatever others there are
HEAD, TAIL = "Governor", "Dependent"  # the features of a relation
ANNOTATION = "uima.tcas.Annotation"
_STRING = "uima.cas.String"


class Layer(NamedTuple):
    """Annotations of one kind.

    Attributes:
      name: of their type.
      feature: whose value is the type of the entity or relation; "" if that is the layer's own short name.
    """

    name: str
    feature: str

    @property
    def short_name(self) -> str:
        """The last part of the name."""
        return self.name.rpartition(".")[2]


class Layers:
    """The layers of documents.

    Attributes:
      spans: those of entities.
      relations: those of relations.
    """

    def __init__(
        self, cases: Sequence[Any], span: str | None, relation: str | None, path: pathlib.Path
    ) -> None:
        """Finds them.

        Args:
          cases: the documents, each a `cassis.Cas`.
          span: names of layers of spans, TYPE or TYPE:FEATURE, with commas between; by default the one that
            there is.
          relation: likewise.
          path: quoted in errors.

        Raises:
          InputError: there are several, or none of a given name.
        """
        self._path = path
        self._counts = Counter(fs.type.name for cas in cases for fs in cas.select(ANNOTATION))
        self._features: dict[str, list[str]] = {}  # of each layer, those that are strings
        own: dict[str, list[str]] = {}
        relations = set()
        for type in _annotation_types(cases):
            features = {feature.name: feature.rangeType.name for feature in type.all_features}
            self._features[type.name] = [name for name, range in features.items() if range == _STRING]
            own[type.name] = [f.name for f in type.features if f.rangeType.name == _STRING]
            for usual in _USUAL:
                if usual in own[type.name]:
                    own[type.name] = [usual]
            if {HEAD, TAIL} <= features.keys():
                relations.add(type.name)
        layers = [name for name in self._features if name.startswith(_CUSTOM) or name == NAMED_ENTITY]
        self.spans = self._choose("span", span, [n for n in layers if n not in relations], own)
        self.relations = self._choose("relation", relation, [n for n in layers if n in relations], own)

    def _choose(
        self, kind: str, given: str | None, names: list[str], own: dict[str, list[str]]
    ) -> list[Layer]:
        """The layers that are given, or the only one that has annotation, or that is there at all."""
        if given:
            return [self._given(kind, each, names, own) for each in given.split(",")]
        used = [name for name in names if self._counts[name]] or names
        choices = [Layer(name, feature) for name in used for feature in own[name] or [""]]
        if len(choices) > 1 and any(self._counts[layer.name] for layer in choices):
            listed = ", ".join(
                f"{_flag(layer)} ({self._counts[layer.name]} annotations)" for layer in choices
            )
            raise InputError(
                f"{self._path}: has several {kind} layers, expected --{kind}_layer with one of {listed}"
            )
        return choices if len(choices) == 1 else []

    def _given(self, kind: str, given: str, names: list[str], own: dict[str, list[str]]) -> Layer:
        wanted, _, feature = given.strip().partition(":")
        found = [n for n in self._features if n == wanted] or [
            n for n in self._features if n.endswith(f".{wanted}")
        ]
        if len(found) != 1:
            listed = ", ".join(found or names) or "none"
            raise InputError(
                f"{self._path}: --{kind}_layer is {given!r}, expected one of the layers {listed}"
            )
        [name] = found
        features = own[name] if not feature else self._features[name]
        if (feature and feature not in features) or (not feature and len(features) > 1):
            listed = ", ".join(f"{name}:{each}" for each in features) or f"{name} (it has no strings)"
            raise InputError(f"{self._path}: --{kind}_layer is {given!r}, expected {listed}")
        return Layer(name, feature or (features[0] if features else ""))


def _annotation_types(cases: Sequence[Any]) -> Iterable[Any]:
    """The types of annotations of all documents, each type system once."""
    systems = {id(cas.typesystem): cas.typesystem for cas in cases}
    for system in systems.values():
        for type in system.get_types():
            if system.is_instance_of(type, ANNOTATION):
                yield type


def _flag(layer: Layer) -> str:
    return f"{layer.name}:{layer.feature}" if layer.feature else layer.name
