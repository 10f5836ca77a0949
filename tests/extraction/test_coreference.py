"""Somebody else's clusters of mentions, and the relations between them."""

from __future__ import annotations

import documents
from hypothesis import given
from hypothesis import strategies as st

from jner_re.document import Document, Entity, Relation
from jner_re.extraction.coreference import ClusterRelation, cluster_relations, with_clusters

TEXT = "the mayor of Oslo met Ann; she lives in Oslo"


def entity(text: str, start: int) -> Entity:
    return Entity("X", start, start + len(text), text)


def test_entities_are_in_the_cluster_that_shares_most_of_them() -> None:
    found = (entity("Oslo", 13), entity("mayor of Oslo", 4), entity("Ann", 22), entity("Oslo", 40))
    mentions = [[(0, 17), (27, 30)], [(13, 17), (40, 44)], [(5, 6)], []]
    document = with_clusters(Document(TEXT, (), found), mentions)
    assert document.clusters == ((1,), (0, 3))
    assert with_clusters(document, []).clusters == ()


def test_the_strongest_pair_of_mentions_is_the_evidence() -> None:
    found = (entity("Ann", 22), entity("she", 27), entity("Oslo", 13), entity("Oslo", 40), entity("mayor", 4))
    relations = (
        Relation("In", 0, 2, 0.5),
        Relation("Met", 4, 0, 0.75),
        Relation("In", 1, 3, 0.9),
        Relation("In", 0, 3, 0.6),
        Relation("Same", 0, 1, 0.8),
        Relation("In", 2, 0, 0.7),
    )
    document = Document(TEXT, (), found, relations, clusters=((0, 1), (2, 3)))
    assert cluster_relations(document) == [
        ClusterRelation("In", (0, 1), (2, 3), 0.9, 2),
        ClusterRelation("Met", (4,), (0, 1), 0.75, 1),
        ClusterRelation("In", (2, 3), (0, 1), 0.7, 5),
    ]


@given(documents.documents(), st.data())
def test_every_relation_between_two_clusters_counts(document: Document, data: st.DataObject) -> None:
    count = len(document.entities)
    numbers = data.draw(st.lists(st.integers(0, 3), min_size=count, max_size=count))
    mentions = [
        [(e.start, e.end) for e, n in zip(document.entities, numbers, strict=True) if n == k]
        for k in range(3)
    ]
    document = with_clusters(document, mentions)
    assert sorted(i for cluster in document.clusters for i in cluster) == [
        i for i, number in enumerate(numbers) if number < 3
    ]
    keys = [n if n < 3 else (i,) for i, n in enumerate(numbers)]
    best: dict[object, float] = {}
    for r in document.relations:
        if keys[r.head] != keys[r.tail]:
            key = r.type, keys[r.head], keys[r.tail]
            best[key] = max(best.get(key, 0.0), r.score)
    lifted = cluster_relations(document)
    found = {(r.type, keys[r.head[0]], keys[r.tail[0]]): r.score for r in lifted}
    assert found == best and len(found) == len(lifted)
    assert all(document.relations[r.relation].score == r.score for r in lifted)
