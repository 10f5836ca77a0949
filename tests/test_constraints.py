"""Files of declared constraints: what they may say, and what one clear line refuses."""

from __future__ import annotations

import json
import pathlib
import re
from typing import Any

import pytest

from jner_re import constraints
from jner_re.constraints import NONE, Constraints
from jner_re.errors import InputError
from jner_re.schema import LabelSet

ALL = {
    "argument_types": {"Live_In": {"head": ["Peop"], "tail": ["Loc", "Org"]}, "Part_Of": {"head": ["Loc"]}},
    "at_most": {"Live_In": {"per_head": 1}, "Part_Of": {"per_head": 2}, "Knows": {"per_head": 3}},
    "symmetric": {"Knows": "both", "Or": "once"},
    "inverse": [["Part_Of", "Has_Part"]],
}
LABELS = LabelSet(("Loc", "Org", "Peop"), ("Has_Part", "Knows", "Live_In", "Or", "Part_Of"))


def test_what_is_said_of_one_direction_holds_of_the_other() -> None:
    found = constraints.of_json(ALL, "c.json")
    assert found.argument_types == {
        "Live_In": {"head": ("Peop",), "tail": ("Loc", "Org")},
        "Part_Of": {"head": ("Loc",)},
        "Has_Part": {"tail": ("Loc",)},
    }
    assert found.at_most == {
        "Live_In": {"head": 1},
        "Part_Of": {"head": 2},
        "Has_Part": {"tail": 2},
        "Knows": {"head": 3, "tail": 3},
    }
    assert [found.partner(type) for type in LABELS.relation_types] == [
        "Part_Of",
        "Knows",
        None,
        None,
        "Has_Part",
    ]
    assert found.allows("Peop", "Loc", "Live_In") and found.allows("Org", "Peop", "Or")
    assert not found.allows("Loc", "Peop", "Live_In") and not found.allows("Peop", "Org", "Has_Part")
    both = constraints.of_json(
        {"symmetric": {"A": "both"}, "at_most": {"A": {"per_head": 3, "per_tail": 2}}}, "c"
    )
    assert both.at_most == {"A": {"head": 2, "tail": 2}}


def test_a_model_directory_keeps_what_concerns_its_types(tmp_path: pathlib.Path) -> None:
    declared = constraints.of_json(ALL, "c.json")
    declared.check_types(LABELS)
    constraints.save(declared, tmp_path)
    assert constraints.load_if_there(tmp_path) == declared
    some = declared.known_part(LabelSet(("Loc", "Peop"), ("Live_In", "Part_Of")))
    assert some.to_json() == {
        "argument_types": {"Live_In": {"head": ["Peop"], "tail": ["Loc"]}, "Part_Of": {"head": ["Loc"]}},
        "at_most": {"Live_In": {"per_head": 1}, "Part_Of": {"per_head": 2}},
    }
    constraints.save(NONE, tmp_path)
    assert list(tmp_path.iterdir()) == [] and constraints.load_if_there(tmp_path) == NONE and not NONE


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ([], "c.json is [], expected an object with the keys argument_types, at_most, symmetric and inverse"),
        ({"at_least": {}}, "c.json: 'at_least' is unknown, expected an object with the keys argument_types"),
        ({"argument_types": ["A"]}, 'c.json: argument_types is ["A"], expected an object with head and tail'),
        (
            {"argument_types": {"A": {"heads": ["B"]}}},
            "c.json: argument_types: A: 'heads' is unknown, expected",
        ),
        (
            {"argument_types": {"A": {"head": "B"}}},
            'argument_types: A: head is "B", expected a list of entity',
        ),
        (
            {"argument_types": {"A": {"tail": []}}},
            "argument_types: A: tail is [], expected a list of entity types",
        ),
        ({"at_most": {"A": 1}}, 'at_most: A is 1, expected an object with "per_head" and "per_tail"'),
        ({"at_most": {"A": {"per_head": 0}}}, "at_most: A: per_head is 0, expected a whole number above 0"),
        (
            {"at_most": {"A": {"per_tail": True}}},
            "at_most: A: per_tail is true, expected a whole number above",
        ),
        (
            {"at_most": {"A": {"per_tail": 1.5}}},
            "at_most: A: per_tail is 1.5, expected a whole number above 0",
        ),
        (
            {"symmetric": ["A"]},
            'symmetric is ["A"], expected an object with "both" or "once" by relation type',
        ),
        ({"symmetric": {"A": "twice"}}, 'symmetric: A is "twice", expected "both" or "once"'),
        ({"symmetric": {"A": ["both"]}}, 'symmetric: A is ["both"], expected "both" or "once"'),
        (
            {"inverse": {"A": "B"}},
            'inverse is {"A": "B"}, expected a list of pairs of two different relation',
        ),
        ({"inverse": [["A", "A"]]}, 'inverse is ["A", "A"], expected pairs of two different relation types'),
        ({"inverse": [["A", 1]]}, 'inverse is ["A", 1], expected pairs of two different relation types'),
        ({"inverse": [["A", "B"], ["C", "A"]]}, "expected one inverse of 'A', which has 'B' already"),
        (
            {"inverse": [["A", "B"]], "symmetric": {"B": "once"}},
            "expected no symmetric type: 'B' is declared",
        ),
        (
            {"symmetric": {"A": "both"}, "argument_types": {"A": {"head": ["B"], "tail": ["C"]}}},
            'argument_types: A: head is ["B"], expected ["C"] as the tail of \'A\': it is given, too',
        ),
    ],
)
def test_what_is_refused(record: Any, message: str, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "c.json"
    path.write_text(json.dumps(record))
    with pytest.raises(InputError, match=re.escape(message)) as error:
        constraints.load(path)
    assert str(error.value).startswith(str(path)) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (
            {"symmetric": {"Or": "once", "Nor": "once"}},
            "c: symmetric: 'Nor' is unknown, expected one of the relation",
        ),
        (
            {"inverse": [["Or", "Nor"]]},
            "c: inverse: 'Nor' is unknown, expected one of the relation types: Has_Part",
        ),
        (
            {"argument_types": {"Or": {"tail": ["Lock"]}}},
            "c: argument_types: 'Or': tail is 'Lock', expected one of",
        ),
    ],
)
def test_types_that_there_are_not(record: Any, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        constraints.of_json(record, "c").check_types(LABELS)


def test_for_people() -> None:
    assert constraints.of_json(ALL, "c").sentences() == [
        "Live_In: head Peop, tail Loc or Org",
        "Part_Of: head Loc",
        "Has_Part: tail Loc",
        "Live_In: at most 1 per head",
        "Part_Of: at most 2 per head",
        "Knows: at most 3 per head, at most 3 per tail",
        "Has_Part: at most 2 per tail",
        "Knows: symmetric, given in both directions",
        "Or: symmetric, given once",
        "Part_Of: inverse of Has_Part",
        "Has_Part: inverse of Part_Of",
    ]
    assert Constraints().sentences() == []
