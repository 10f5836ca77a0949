from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jner_re.schema import EntitySpan, LabelSet, RelationPair, Sentence, find_problems

TOKENS = ("Ann", "Lee", "works", "for", "Acme")
ANN, ACME = EntitySpan(0, 2, "Peop"), EntitySpan(4, 5, "Org")
WORKS_BACK = RelationPair(1, 0, "Work_For")
WORKS = RelationPair(0, 1, "Work_For")


@st.composite
def valid_sentences(draw: st.DrawFn) -> Sentence:
    """Entities in any order that do not overlap and often touch; relations between any two of them."""
    cuts = sorted(draw(st.sets(st.integers(0, 10), min_size=2)))
    spans = [span for span in itertools.pairwise(cuts) if draw(st.booleans())]
    entities = draw(st.permutations([EntitySpan(*span, draw(st.text(min_size=1))) for span in spans]))
    pairs = list(itertools.permutations(range(len(entities)), 2))
    relations = [RelationPair(*pair, kind) for pair in pairs for kind in draw(st.sets(st.sampled_from("ab")))]
    tokens = draw(st.lists(st.text(min_size=1), min_size=cuts[-1], max_size=cuts[-1] + 2))
    return Sentence(tuple(tokens), tuple(entities), tuple(relations))


@settings(deadline=None)
@given(valid_sentences())
def test_valid_sentences_have_no_problems(sentence: Sentence) -> None:
    assert find_problems(sentence) == []


FAULTS = {
    "no tokens": (Sentence(()), "tokens is [], expected at least one token"),
    "empty token": (Sentence(("a", "", "b")), "tokens[1] is '', expected a non-empty string"),
    "entity without type": (
        Sentence(TOKENS, (ANN, EntitySpan(4, 5, ""))),
        "entities[1].type is '', expected a non-empty string",
    ),
    "negative start": (
        Sentence(TOKENS, (EntitySpan(-1, 2, "Peop"),)),
        "entities[0].start is -1, expected a token index from 0 to 4",
    ),
    "start past the end": (
        Sentence(TOKENS, (ANN, EntitySpan(5, 6, "Org"))),
        "entities[1].start is 5, expected a token index from 0 to 4",
    ),
    "end past the end": (
        Sentence(TOKENS, (EntitySpan(4, 6, "Org"),)),
        "entities[0].end is 6, expected an exclusive end from 5 to 5",
    ),
    "empty span": (
        Sentence(TOKENS, (EntitySpan(2, 2, "Org"),)),
        "entities[0].end is 2, expected an exclusive end from 3 to 5",
    ),
    "backwards": (
        Sentence(TOKENS, (EntitySpan(2, 1, "Org"),)),
        "entities[0].end is 1, expected an exclusive end from 3 to 5",
    ),
    "twice": (
        Sentence(TOKENS, (ANN, ACME, ANN)),
        "entities[2] is 'Peop [0, 2)', expected no entity twice (the same as entities[0])",
    ),
    "same span": (
        Sentence(TOKENS, (ANN, EntitySpan(0, 2, "Org"))),
        "entities[1] is 'Org [0, 2)', expected no overlap with entities[0] Peop [0, 2)",
    ),
    "nested": (
        Sentence(TOKENS, (EntitySpan(1, 2, "Org"), ACME, EntitySpan(0, 3, "Peop"))),
        "entities[2] is 'Peop [0, 3)', expected no overlap with entities[0] Org [1, 2)",
    ),
    "crossing": (
        Sentence(TOKENS, (ANN, EntitySpan(1, 3, "Org"))),
        "entities[1] is 'Org [1, 3)', expected no overlap with entities[0] Peop [0, 2)",
    ),
    "relation without type": (
        Sentence(TOKENS, (ANN, ACME), (RelationPair(0, 1, ""),)),
        "relations[0].type is '', expected a non-empty string",
    ),
    "head out of range": (
        Sentence(TOKENS, (ANN, ACME), (WORKS, RelationPair(2, 0, "x"))),
        "relations[1].head is 2, expected an index of one of the 2 entities, from 0",
    ),
    "negative tail": (
        Sentence(TOKENS, (ANN, ACME), (RelationPair(0, -1, "x"),)),
        "relations[0].tail is -1, expected an index of one of the 2 entities, from 0",
    ),
    "with itself": (
        Sentence(TOKENS, (ANN, ACME), (RelationPair(1, 1, "x"),)),
        "relations[0].tail is 1, expected another entity than the head",
    ),
    "relation twice": (
        Sentence(TOKENS, (ANN, ACME), (WORKS, RelationPair(1, 0, "x"), WORKS)),
        "relations[2] is 'Work_For', expected no second relations[0]",
    ),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_each_fault(fault: tuple[Sentence, str]) -> None:
    sentence, expected = fault
    (problem,) = find_problems(sentence, record=7)
    assert str(problem) == f"record 7: {expected}"
    assert problem.record == 7


def test_all_faults_are_found_at_once() -> None:
    sentence = Sentence(
        ("a", ""),
        (EntitySpan(0, 3, "x"), EntitySpan(0, 1, "")),
        (RelationPair(0, 5, "y"), RelationPair(1, 1, "y")),
    )
    fields = [problem.field for problem in find_problems(sentence)]
    assert fields == [
        "tokens[1]",
        "entities[0].end",
        "entities[1].type",
        "relations[0].tail",
        "relations[1].tail",
    ]


def test_both_directions_and_several_types_are_allowed() -> None:
    relations = (WORKS, RelationPair(1, 0, "Work_For"), RelationPair(0, 1, "Other"))
    assert find_problems(Sentence(TOKENS, (ANN, ACME), relations)) == []


def test_entity_text() -> None:
    assert Sentence(TOKENS).entity_text(ANN) == "Ann Lee"


def test_label_set_of_a_corpus() -> None:
    labels = LabelSet.of([Sentence(TOKENS, (ACME,)), Sentence(TOKENS, (ANN, ACME), (WORKS,))])
    assert labels == LabelSet(("Org", "Peop"), ("Work_For",))
    assert labels.tags == ("O", "B-Org", "I-Org", "B-Peop", "I-Peop")
    assert LabelSet.of([]).tags == ("O",)


def test_unknown_types_are_counted_and_left_out() -> None:
    sentences = [Sentence(TOKENS), Sentence(TOKENS, (ACME, ANN), (WORKS_BACK,))]
    assert LabelSet.of(sentences).unknown(sentences) == {}
    assert LabelSet.of(sentences).known_part(sentences[1]) == sentences[1]
    labels = LabelSet(("Peop",), ("Work_For",))
    assert labels.unknown([*sentences, sentences[1]]) == {"entity type 'Org'": 2}
    assert labels.known_part(sentences[1]) == Sentence(TOKENS, (ANN,))
    labels = LabelSet(("Org", "Peop"), ("Kill",))
    assert labels.unknown(sentences) == {"relation type 'Work_For'": 1}
    assert labels.known_part(sentences[1]) == Sentence(TOKENS, (ACME, ANN))


def test_relations_follow_their_entities_when_others_are_left_out() -> None:
    other = EntitySpan(0, 1, "Misc")
    sentence = Sentence(
        TOKENS, (other, ACME, ANN), (RelationPair(2, 1, "Work_For"), RelationPair(0, 1, "Work_For"))
    )
    labels = LabelSet(("Org", "Peop"), ("Work_For",))
    assert labels.known_part(sentence) == Sentence(TOKENS, (ACME, ANN), (RelationPair(1, 0, "Work_For"),))


def test_a_covering_set_has_all_types_and_warns_once(caplog: pytest.LogCaptureFixture) -> None:
    sentences = [Sentence(TOKENS, (ACME, ANN), (WORKS_BACK,))] * 2
    assert LabelSet(("Org", "Other"), ("Kill",)).extended_with(sentences, "dev") == LabelSet(
        ("Org", "Other", "Peop"), ("Kill", "Work_For")
    )
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert record.getMessage() == (
        "dev: not in the training sentences, so scored as missed: entity type 'Peop' (2), "
        "relation type 'Work_For' (2)"
    )
    caplog.clear()
    labels = LabelSet.of(sentences)
    assert labels.extended_with(sentences, "dev") == labels
    assert not caplog.records
