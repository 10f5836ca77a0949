"""Constraints on relations that the user of a corpus declares: constraints.json, beside what is learned.

{
 "argument_types": {"Live_In": {"head": ["Peop"], "tail": ["Loc"]}},
 "at_most": {"Live_In": {"per_head": 1}},
 "symmetric": {"Married_To": "both", "Or": "once"},
 "inverse": [["Part_Of", "Has_Part"]]
}

Each key may be missing. What is declared of a relation type that is given in both directions holds of the
other direction, too: in the attributes of `Constraints` it is there for both.
"""

from __future__ import annotations

import dataclasses
import json
import pathlib
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from jner_re import files
from jner_re.errors import InputError
from jner_re.schema import LabelSet

FILE = "constraints.json"  # in a data directory, and in a model directory
BOTH, ONCE = "both", "once"
_ENDS = ("head", "tail")
_LIMITS = {"head": "per_head", "tail": "per_tail"}
_KEYS = ("argument_types", "at_most", "symmetric", "inverse")

Ends = Mapping[str, tuple[str, ...]]  # by "head" and "tail"; a missing one may be of any type
Limits = Mapping[str, int]  # by "head" and "tail"; of a missing one there may be any number


@dataclasses.dataclass(frozen=True)
class Constraints:
    """What is declared, by relation type. False if nothing is.

    Attributes:
      argument_types: entity types of head and tail.
      at_most: how many relations of the type an entity may be the head of, or the tail of.
      symmetric: whether those that hold in both directions are given in BOTH, or ONCE, in either.
      inverse: of each type that has one its inverse; both are given.
      source: where this was declared, for messages.
    """

    argument_types: Mapping[str, Ends] = dataclasses.field(default_factory=dict)
    at_most: Mapping[str, Limits] = dataclasses.field(default_factory=dict)
    symmetric: Mapping[str, str] = dataclasses.field(default_factory=dict)
    inverse: Mapping[str, str] = dataclasses.field(default_factory=dict)
    source: str = dataclasses.field(default=FILE, compare=False)

    def __bool__(self) -> bool:
        return any((self.argument_types, self.at_most, self.symmetric, self.inverse))

    def partner(self, type: str) -> str | None:
        """The type in which a relation of this one is given in the other direction as well."""
        return type if self.symmetric.get(type) == BOTH else self.inverse.get(type)

    def relation_types(self) -> list[str]:
        """All that something is declared of, sorted."""
        return sorted({*self.argument_types, *self.at_most, *self.symmetric, *self.inverse})

    def allows(self, head: str, tail: str, type: str) -> bool:
        """Whether entities of these types may be so related."""
        ends = self.argument_types.get(type, {})
        return all(kind in ends.get(end, (kind,)) for end, kind in (("head", head), ("tail", tail)))

    def check_types(self, label_set: LabelSet) -> None:
        """Raises InputError for a type that is not in the set."""
        known = set(label_set.relation_types)
        for key in _KEYS:
            for type in getattr(self, key):
                if type not in known:
                    expected = f"one of the relation types: {', '.join(label_set.relation_types)}"
                    raise InputError(f"{self.source}: {key}: {type!r} is unknown, expected {expected}")
        for type, ends in self.argument_types.items():
            for end, kinds in ends.items():
                for kind in kinds:
                    if kind not in label_set.entity_types:
                        expected = f"one of the entity types: {', '.join(label_set.entity_types)}"
                        raise InputError(
                            f"{self.source}: argument_types: {type!r}: {end} is {kind!r}, expected {expected}"
                        )

    def known_part(self, label_set: LabelSet) -> Constraints:
        """What concerns relation types of the set; of head and tail, the types that are in it."""
        known = set(label_set.relation_types)
        return Constraints(
            {
                type: {
                    end: tuple(kind for kind in kinds if kind in label_set.entity_types)
                    for end, kinds in ends.items()
                }
                for type, ends in self.argument_types.items()
                if type in known
            },
            {type: limits for type, limits in self.at_most.items() if type in known},
            {type: given for type, given in self.symmetric.items() if type in known},
            {type: other for type, other in self.inverse.items() if {type, other} <= known},
            self.source,
        )

    def sentences(self) -> list[str]:
        """What is declared, of each type and key one, for people."""
        found = []
        for type, ends in self.argument_types.items():
            kinds = ", ".join(f"{end} {' or '.join(kinds)}" for end, kinds in ends.items())
            found.append(f"{type}: {kinds}")
        for type, limits in self.at_most.items():
            found.append(f"{type}: " + ", ".join(f"at most {n} per {end}" for end, n in limits.items()))
        for type, given in self.symmetric.items():
            found.append(f"{type}: symmetric, given {'in both directions' if given == BOTH else 'once'}")
        return found + [f"{type}: inverse of {other}" for type, other in self.inverse.items()]

    def to_json(self) -> dict[str, Any]:
        """As the file has it; what nothing is declared of is left out."""
        at_most = {
            type: {_LIMITS[end]: number for end, number in limits.items()}
            for type, limits in self.at_most.items()
        }
        types = {
            type: {end: list(kinds) for end, kinds in ends.items()}
            for type, ends in self.argument_types.items()
        }
        inverse = sorted({tuple(sorted(pair)) for pair in self.inverse.items()})
        record = {
            "argument_types": types,
            "at_most": at_most,
            "symmetric": dict(self.symmetric),
            "inverse": [list(pair) for pair in inverse],
        }
        return {key: value for key, value in record.items() if value}


NONE = Constraints()


def load(path: pathlib.Path) -> Constraints:
    """Reads a file.

    Raises:
      InputError: it can't be read, isn't of the form above, or contradicts itself.
    """
    return of_json(files.read_json(path), str(path))


def load_if_there(folder: pathlib.Path) -> Constraints:
    """Those of a data or model directory; none if it has no such file."""
    path = folder / FILE
    return load(path) if path.exists() else NONE


def save(constraints: Constraints, folder: pathlib.Path) -> None:
    """Writes the file of a model directory, or removes it if nothing is declared."""
    path = folder / FILE
    if constraints:
        files.write_text(path, json.dumps(constraints.to_json(), indent=1, ensure_ascii=False) + "\n")
        return
    try:
        path.unlink(missing_ok=True)  # of a run that ended before it began
    except OSError as error:
        raise InputError(f"{path}: can't be removed: {error.strerror}") from None


def of_json(record: Any, source: str) -> Constraints:
    """The constraints of a file's content; `source` is quoted in messages."""
    keys = " and ".join((", ".join(_KEYS[:-1]), _KEYS[-1]))
    _Place(source).entries(record, f"an object with the keys {keys}", _KEYS)
    top = _Place(source)
    types = _argument_types(top.under("argument_types"), record.get("argument_types", {}))
    at_most = _at_most(top.under("at_most"), record.get("at_most", {}))
    symmetric = top.under("symmetric").entries(
        record.get("symmetric", {}), f'an object with "{BOTH}" or "{ONCE}" by relation type'
    )
    for type, given in symmetric.items():
        if given not in (BOTH, ONCE):
            top.under("symmetric").under(type).refuse(given, f'"{BOTH}" or "{ONCE}"')
    inverse = _inverse(top.under("inverse"), record.get("inverse", []), symmetric)
    found = Constraints(types, at_most, dict(symmetric), inverse, source)
    return dataclasses.replace(
        found, argument_types=_completed_types(found), at_most=_completed_limits(found)
    )


@dataclasses.dataclass(frozen=True)
class _Place:
    """Where a value is in a file."""

    path: str

    def under(self, key: str) -> _Place:
        return _Place(f"{self.path}: {key}")

    def refuse(self, value: Any, expected: str) -> NoReturn:
        shown = json.dumps(value, ensure_ascii=False)
        raise InputError(f"{self.path} is {shown[:80]}{'…' * (len(shown) > 80)}, expected {expected}")

    def entries(self, value: Any, expected: str, keys: tuple[str, ...] = ()) -> dict[str, Any]:
        """The value, which has to be an object, with no keys but these if some are given."""
        if not isinstance(value, dict):
            self.refuse(value, expected)
        for key in value:
            if keys and key not in keys:
                raise InputError(f"{self.path}: {key!r} is unknown, expected {expected}")
        return value


def _argument_types(place: _Place, value: Any) -> dict[str, Ends]:
    found: dict[str, Ends] = {}
    for type, ends in place.entries(value, "an object with head and tail by relation type").items():
        at = place.under(type)
        for end, kinds in at.entries(ends, 'an object with the keys "head" and "tail"', _ENDS).items():
            if not isinstance(kinds, list) or not kinds or not all(isinstance(kind, str) for kind in kinds):
                at.under(end).refuse(kinds, "a list of entity types")
        found[type] = {end: tuple(sorted(set(ends[end]))) for end in _ENDS if end in ends}
    return found


def _at_most(place: _Place, value: Any) -> dict[str, Limits]:
    keys = tuple(_LIMITS.values())
    found: dict[str, Limits] = {}
    for type, limits in place.entries(value, "an object with per_head and per_tail by relation type").items():
        at = place.under(type)
        for key, number in at.entries(limits, 'an object with "per_head" and "per_tail"', keys).items():
            if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number < 2**31:
                at.under(key).refuse(number, "a whole number above 0")
        found[type] = {end: limits[key] for end, key in _LIMITS.items() if key in limits}
    return found


def _inverse(place: _Place, value: Any, symmetric: Mapping[str, str]) -> dict[str, str]:
    expected = "pairs of two different relation types"
    if not isinstance(value, list):
        place.refuse(value, f"a list of {expected}")
    found: dict[str, str] = {}
    for pair in value:
        is_pair = isinstance(pair, list) and len(pair) == 2 and all(isinstance(type, str) for type in pair)
        if not is_pair or pair[0] == pair[1]:
            place.refuse(pair, expected)
        for type, other in (pair, reversed(pair)):
            if type in symmetric:
                place.refuse(pair, f"no symmetric type: {type!r} is declared as one")
            if type in found:
                place.refuse(pair, f"one inverse of {type!r}, which has {found[type]!r} already")
            found[type] = other
    return found


def _completed(
    constraints: Constraints,
    declared: Mapping[str, Mapping[str, Any]],
    join: Callable[[str, str, Any, Any], Any],
) -> dict[str, Any]:
    """What is declared of types, and through those of the other direction."""
    found = {type: dict(ends) for type, ends in declared.items()}
    for type, ends in declared.items():
        if (other := constraints.partner(type)) is None:
            continue
        for end, value in ends.items():
            opposite = found.setdefault(other, {})
            away = "tail" if end == "head" else "head"
            opposite[away] = join(type, end, value, opposite[away]) if away in opposite else value
    return found


def _completed_types(constraints: Constraints) -> dict[str, Ends]:
    def same(type: str, end: str, one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
        if one != other:
            place = _Place(constraints.source).under("argument_types").under(type).under(end)
            partner = constraints.partner(type)
            away = "tail" if end == "head" else "head"
            place.refuse(
                list(one), f"{json.dumps(list(other))} as the {away} of {partner!r}: it is given, too"
            )
        return one

    return _completed(constraints, constraints.argument_types, same)


def _completed_limits(constraints: Constraints) -> dict[str, Limits]:
    return _completed(constraints, constraints.at_most, lambda type, end, one, other: min(one, other))
