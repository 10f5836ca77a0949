"""Random valid sentences, in what a format can represent."""

from __future__ import annotations

import itertools

from hypothesis import strategies as st

from jner_re.schema import EntitySpan, RelationPair, Sentence

ANY_TEXT = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=6)
SOLID_TEXT = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=6).filter(
    lambda text: text.split() == [text]
)


@st.composite
def sentences(
    draw: st.DrawFn,
    tokens: st.SearchStrategy[str] = ANY_TEXT,
    types: st.SearchStrategy[str] = ANY_TEXT,
    relation_types: st.SearchStrategy[str] = ANY_TEXT,
    ids: st.SearchStrategy[str] = ANY_TEXT,
    in_order: bool = False,
) -> Sentence:
    """A sentence with disjoint entities and different relations.

    Args:
      draw: hypothesis'.
      tokens: of the sentence.
      types: of the entities.
      relation_types: of the relations.
      ids: of the sentence.
      in_order: entities in the order of the text, relations in the order of their heads.
    """
    words = draw(st.lists(tokens, min_size=1, max_size=8))
    cuts = sorted(draw(st.sets(st.integers(0, len(words)), max_size=6)))
    spans = [span for span in itertools.pairwise(cuts) if draw(st.booleans())]
    if not in_order:
        spans = draw(st.permutations(spans))
    entities = [EntitySpan(start, end, draw(types)) for start, end in spans]
    relations: list[RelationPair] = []
    if len(entities) > 1:
        index = st.integers(0, len(entities) - 1)
        relation = st.builds(RelationPair, index, index, relation_types).filter(lambda r: r.head != r.tail)
        relations = draw(st.lists(relation, unique=True, max_size=4))
    if in_order:
        relations.sort(key=lambda relation: relation.head)
    return Sentence(tuple(words), tuple(entities), tuple(relations), draw(ids))
