from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jner_re.errors import InputError
from jner_re.features import tags
from jner_re.schema import EntitySpan, LabelSet, Sentence, find_problems

LABELS = LabelSet(("Loc", "Org", "Peop"), ())


@st.composite
def sentences(draw: st.DrawFn) -> Sentence:
    """Sentences of up to 12 tokens whose entities, in random order, do not overlap and often touch."""
    cuts = sorted(draw(st.sets(st.integers(0, 12), min_size=2)))
    spans = [span for span in itertools.pairwise(cuts) if draw(st.booleans())]
    entities = [EntitySpan(start, end, draw(st.sampled_from(LABELS.entity_types))) for start, end in spans]
    return Sentence(("a",) * cuts[-1], tuple(draw(st.permutations(entities))))


@given(sentences())
def test_decoding_inverts_encoding(sentence: Sentence) -> None:
    tag_ids = tags.encode(sentence, LABELS)
    assert len(tag_ids) == len(sentence.tokens)
    assert tags.decode(tag_ids, LABELS) == tuple(sorted(sentence.entities))


@given(st.lists(st.integers(0, 6), min_size=1, max_size=12))
def test_any_sequence_gives_valid_spans_over_all_tagged_tokens(tag_ids: list[int]) -> None:
    entities = tags.decode(tag_ids, LABELS)
    assert find_problems(Sentence(("a",) * len(tag_ids), entities)) == []
    assert entities == tuple(sorted(entities))
    covered = {i: entity.type for entity in entities for i in range(entity.start, entity.end)}
    names = [LABELS.tags[tag_id] for tag_id in tag_ids]
    assert covered == {i: name[2:] for i, name in enumerate(names) if name != "O"}
    assert {i for i, name in enumerate(names) if name[0] == "B"} <= {entity.start for entity in entities}


@given(st.lists(st.integers(0, 6), max_size=12))
def test_reencoding_changes_ill_formed_tags_only(tag_ids: list[int]) -> None:
    again = tags.encode(Sentence(("a",) * len(tag_ids), tags.decode(tag_ids, LABELS)), LABELS)
    for i, (old, new) in enumerate(zip(tag_ids, again, strict=True)):
        name = LABELS.tags[old]
        ill_formed = name[0] == "I" and (i == 0 or LABELS.tags[tag_ids[i - 1]][1:] != name[1:])
        assert LABELS.tags[new] == (f"B{name[1:]}" if ill_formed else name)


def test_ids_are_those_of_the_label_set() -> None:
    sentence = Sentence(
        tuple("abcdef"), (EntitySpan(4, 6, "Peop"), EntitySpan(0, 1, "Loc"), EntitySpan(1, 3, "Loc"))
    )
    names = [LABELS.tags[tag_id] for tag_id in tags.encode(sentence, LABELS)]
    assert names == ["B-Loc", "B-Loc", "I-Loc", "O", "B-Peop", "I-Peop"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("I-Loc I-Loc", [(0, 2, "Loc")]),
        ("O I-Loc O", [(1, 2, "Loc")]),
        ("B-Loc I-Org I-Org", [(0, 1, "Loc"), (1, 3, "Org")]),
        ("I-Loc B-Loc I-Loc", [(0, 1, "Loc"), (1, 3, "Loc")]),
        ("O O", []),
        ("", []),
    ],
)
def test_inside_without_beginning_opens_a_span(names: str, expected: list[tuple[int, int, str]]) -> None:
    tag_ids = [LABELS.tags.index(name) for name in names.split()]
    assert tags.decode(tag_ids, LABELS) == tuple(EntitySpan(*span) for span in expected)


@pytest.mark.parametrize(
    ("entities", "message"),
    [
        (
            (EntitySpan(0, 2, "Loc"), EntitySpan(1, 3, "Org")),
            r"s1: entities\[1\] is \[1, 3\), expected no overlap",
        ),
        ((EntitySpan(0, 1, "Drug"),), r"s1: entities\[0\].type is 'Drug', expected one of Loc, Org, Peop"),
        ((EntitySpan(2, 5, "Loc"),), r"s1: entities\[0\] is \[2, 5\), expected a span within 4 tokens"),
        ((EntitySpan(-1, 2, "Loc"),), r"s1: entities\[0\] is \[-1, 2\), expected a span within 4 tokens"),
        ((EntitySpan(2, 2, "Loc"),), r"s1: entities\[0\] is \[2, 2\), expected a span within 4 tokens"),
    ],
)
def test_what_tags_cannot_express_is_refused(entities: tuple[EntitySpan, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        tags.encode(Sentence(tuple("abcd"), entities, id="s1"), LABELS)
