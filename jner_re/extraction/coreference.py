"""Clusters of mentions that somebody else has found, for the entities that a model finds.

The package has no model of coreference: any tool's clusters can be given, as "clusters" of annotated
documents. What a model finds is not always what the tool calls a mention, so the two are matched by place.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from jner_re.document import Document

Span = tuple[int, int]  # characters, end exclusive


@dataclasses.dataclass(frozen=True)
class ClusterRelation:
    """A relation between two clusters of coreferent entities, or entities in no cluster.

    Attributes:
      type: e.g. "Live_In".
      head: indexes of the entities that it leads from.
      tail: indexes of the entities that it leads to.
      score: the highest of the relations between them.
      relation: index of the relation that has it.
    """

    type: str
    head: tuple[int, ...]
    tail: tuple[int, ...]
    score: float
    relation: int


def with_clusters(document: Document, mentions: Sequence[Sequence[Span]]) -> Document:
    """The document with its entities in the clusters of the mentions that stand where they do.

    An entity is in the cluster of the mention that shares most characters with it, of several the shortest,
    then the first. Entities without such a mention are in no cluster.

    Args:
      document: as a model gives it.
      mentions: of each cluster, where its mentions are.
    """
    spans = [(span, number) for number, cluster in enumerate(mentions) for span in cluster]
    clusters: list[list[int]] = [[] for _ in mentions]
    for i, entity in enumerate(document.entities):
        shared = [
            (min(end, entity.end) - max(start, entity.start), start - end, -place)
            for place, ((start, end), _) in enumerate(spans)
        ]
        most, _, place = max(shared, default=(0, 0, 0))
        if most > 0:
            clusters[spans[-place][1]].append(i)
    return dataclasses.replace(document, clusters=tuple(tuple(cluster) for cluster in clusters if cluster))


def cluster_relations(document: Document) -> list[ClusterRelation]:
    """The relations between clusters, in the order of the first relation between their entities.

    Of all relations of one type from one cluster to another, the one with the highest score is the
    evidence. An entity in no cluster stands for itself; a relation inside a cluster is none.
    """
    of_entity: dict[int, tuple[int, ...]] = {i: (i,) for i in range(len(document.entities))}
    of_entity |= {i: cluster for cluster in document.clusters for i in cluster}
    found: dict[tuple[str, tuple[int, ...], tuple[int, ...]], ClusterRelation] = {}
    for i, relation in enumerate(document.relations):
        key = relation.type, of_entity[relation.head], of_entity[relation.tail]
        if key[1] != key[2] and (key not in found or relation.score > found[key].score):
            found[key] = ClusterRelation(*key, relation.score, i)
    return list(found.values())
