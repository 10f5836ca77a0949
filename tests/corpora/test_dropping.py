from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from jner_re.corpora.corpus import Loss
from jner_re.corpora.dropping import drop_invalid, overlapping_pairs, resolve_overlaps
from jner_re.schema import EntitySpan, RelationPair, Sentence, find_problems

TOKENS = tuple("abcdefgh")


@st.composite
def overlapping(draw: st.DrawFn) -> Sentence:
    """Possible spans and arguments, but overlaps anywhere."""
    span = st.tuples(st.integers(0, 7), st.integers(1, 4)).map(lambda s: (s[0], min(s[0] + s[1], 8)))
    entities = draw(
        st.lists(
            st.builds(lambda s, t: EntitySpan(*s, t), span, st.sampled_from("AB")), unique=True, max_size=6
        )
    )
    index = st.integers(0, max(0, len(entities) - 1))
    pairs = st.tuples(index, index).filter(lambda pair: pair[0] != pair[1])
    drawn = draw(st.lists(pairs, unique=True, max_size=5)) if len(entities) > 1 else []
    return Sentence(TOKENS, tuple(entities), tuple(RelationPair(*pair, "R") for pair in drawn))


@st.composite
def invalid(draw: st.DrawFn) -> Sentence:
    """Anything of the right types."""
    number, name = st.integers(-1, 6), st.sampled_from(["", "A", "B"])
    return Sentence(
        tuple(draw(st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=6))),
        tuple(draw(st.lists(st.builds(EntitySpan, number, number, name), max_size=5))),
        tuple(draw(st.lists(st.builds(RelationPair, number, number, name), max_size=5))),
    )


@settings(deadline=None)
@given(overlapping())
def test_shorter_ones_go_with_their_relations(sentence: Sentence) -> None:
    resolved, removals = resolve_overlaps(sentence)
    removed = [removal.entity for removal in removals]
    assert resolved.entities == tuple(entity for entity in sentence.entities if entity not in removed)
    assert overlapping_pairs(resolved) == []
    for removal in removals:
        index = sentence.entities.index(removal.entity)
        assert removal.kept in resolved.entities
        assert set(range(removal.kept.start, removal.kept.end)) & set(
            range(removal.entity.start, removal.entity.end)
        )
        assert removal.kept.end - removal.kept.start >= removal.entity.end - removal.entity.start
        assert removal.relations == sum(index in (r.head, r.tail) for r in sentence.relations)
    want = [(sentence.entities[r.head], sentence.entities[r.tail]) for r in sentence.relations]
    want = [pair for pair in want if set(pair) <= set(resolved.entities)]
    assert [(resolved.entities[r.head], resolved.entities[r.tail]) for r in resolved.relations] == want


@settings(deadline=None)
@given(overlapping())
def test_pairs_by_brute_force(sentence: Sentence) -> None:
    cover = [set(range(entity.start, entity.end)) for entity in sentence.entities]
    pairs = [(a, b) for a, b in itertools.combinations(range(len(cover)), 2) if cover[a] & cover[b]]
    assert overlapping_pairs(sentence) == [(sentence.entities[a], sentence.entities[b]) for a, b in pairs]


def test_first_of_two_equal_lengths_stays() -> None:
    sentence = Sentence(TOKENS, (EntitySpan(1, 3, "A"), EntitySpan(2, 4, "B"), EntitySpan(2, 4, "A")))
    assert resolve_overlaps(sentence)[0].entities == (EntitySpan(1, 3, "A"),)


@settings(deadline=None)
@given(invalid())
def test_what_is_left_is_valid(sentence: Sentence) -> None:
    left, losses = drop_invalid(sentence)
    assert sum(loss.sentences for loss in losses) == (left is None)
    for kind in ("entities", "relations"):
        kept = len(getattr(left, kind)) if left else 0
        assert sum(getattr(loss, kind) for loss in losses) == len(getattr(sentence, kind)) - kept
    if not sentence.tokens or "" in sentence.tokens:
        assert left is None
    else:
        assert left is not None and find_problems(left) == []
        assert set(left.entities) <= set(sentence.entities)
        if not find_problems(sentence):
            assert left == sentence


def test_relations_of_a_second_mention_move_to_the_first() -> None:
    peop, org = EntitySpan(0, 1, "Peop"), EntitySpan(2, 3, "Org")
    sentence = Sentence(
        TOKENS, (peop, org, peop), (RelationPair(2, 1, "Work_For"), RelationPair(0, 2, "Kill"))
    )
    left, losses = drop_invalid(sentence)
    assert left == Sentence(TOKENS, (peop, org), (RelationPair(0, 1, "Work_For"),))
    assert losses == [Loss("of an entity with itself", relations=1), Loss("given twice", entities=1)]
