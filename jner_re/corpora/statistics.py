"""Tables about a corpus: what is in it, and what was found wrong or dropped."""

from __future__ import annotations

import collections
import re
from collections.abc import Mapping, Sequence

import pandas as pd

from jner_re.corpora.corpus import Corpus, Finding, Loss
from jner_re.corpora.dropping import overlapping_pairs
from jner_re.corpora.tokenization_fit import bounded
from jner_re.document import Document
from jner_re.schema import EntitySpan, Sentence

_QUANTILES = {"min": 0.0, "25%": 0.25, "median": 0.5, "75%": 0.75, "95%": 0.95, "max": 1.0}


def size_table(sentences: Sequence[Sentence]) -> pd.DataFrame:
    """Counts of the whole corpus, one a row."""
    tokens = [token for sentence in sentences for token in sentence.tokens]
    rows = {
        "sentences": len(sentences),
        "sentences with the tokens of an earlier one": len(sentences) - len({s.tokens for s in sentences}),
        "sentences without entities": sum(not sentence.entities for sentence in sentences),
        "sentences without relations": sum(not sentence.relations for sentence in sentences),
        "tokens": len(tokens),
        "different tokens": len(set(tokens)),
        "entities": sum(len(sentence.entities) for sentence in sentences),
        "relations": sum(len(sentence.relations) for sentence in sentences),
    }
    return pd.DataFrame({"count": rows})


def entity_table(sentences: Sequence[Sentence]) -> pd.DataFrame:
    """Entities by type: how many, in how many sentences, of how many tokens, how many different texts."""
    rows = [
        (entity.type, record, entity.end - entity.start, sentence.entity_text(entity))
        for record, sentence in enumerate(sentences)
        for entity in sentence.entities
    ]
    frame = pd.DataFrame(rows, columns=["entity type", "record", "tokens", "text"])
    return frame.groupby("entity type").agg(
        count=("tokens", "size"),
        sentences=("record", "nunique"),
        different_texts=("text", "nunique"),
        mean_tokens=("tokens", "mean"),
        max_tokens=("tokens", "max"),
    )


def relation_table(sentences: Sequence[Sentence]) -> pd.DataFrame:
    """Relations by type and types of their arguments; relations without two arguments are left aside."""
    rows = []
    for record, sentence in enumerate(sentences):
        for relation in sentence.relations:
            if (
                0
                <= min(relation.head, relation.tail)
                <= max(relation.head, relation.tail)
                < len(sentence.entities)
            ):
                head, tail = sentence.entities[relation.head], sentence.entities[relation.tail]
                rows.append((relation.type, head.type, tail.type, record, _distance(head, tail)))
    names = ["relation type", "head", "tail"]
    frame = pd.DataFrame(rows, columns=[*names, "record", "distance"])
    return frame.groupby(names).agg(
        count=("record", "size"),
        sentences=("record", "nunique"),
        median_distance=("distance", "median"),
        max_distance=("distance", "max"),
    )


def _distance(a: EntitySpan, b: EntitySpan) -> int:
    """The number of tokens between two entities."""
    return max(0, a.start - b.end, b.start - a.end)


def distance_table(distances: Mapping[int, int]) -> pd.DataFrame:
    """Relations by the number of ends of sentences between their entities."""
    rows = {str(distance): sum(n for d, n in distances.items() if d == distance) for distance in (0, 1, 2)}
    rows["more"] = sum(count for distance, count in distances.items() if distance > 2)
    return pd.DataFrame({"relations": rows}).rename_axis("sentences between")


def length_table(sentences: Sequence[Sentence], of_documents: bool = False) -> pd.DataFrame:
    """Quantiles of lengths: tokens of sentences and entities, entities and relations of sentences.

    Args:
      sentences: of the corpus.
      of_documents: whether they are parts of documents, of which to tell how many they have.
    """
    columns = {
        "tokens a sentence": [len(sentence.tokens) for sentence in sentences],
        "characters a token": [len(token) for sentence in sentences for token in sentence.tokens],
        "entities a sentence": [len(sentence.entities) for sentence in sentences],
        "relations a sentence": [len(sentence.relations) for sentence in sentences],
        "tokens an entity": [e.end - e.start for sentence in sentences for e in sentence.entities],
    }
    if of_documents:
        columns["sentences a document"] = list(collections.Counter(s.document for s in sentences).values())
    rows = {name: _summary(pd.Series(values, dtype=float)) for name, values in columns.items()}
    return pd.DataFrame.from_dict(rows, orient="index")


def _summary(values: pd.Series) -> dict[str, float]:
    quantiles = {name: values.quantile(q, interpolation="lower") for name, q in _QUANTILES.items()}
    return {"mean": values.mean(), **quantiles}


def overlap_table(sentences: Sequence[Sentence]) -> pd.DataFrame:
    """Pairs of overlapping entities by their types (in the order of the text) and by how they overlap."""
    rows = []
    for sentence in sentences:
        for pair in overlapping_pairs(sentence):
            a, b = sorted(pair)
            rows.append((a.type, b.type, _kind_of_overlap(a, b)))
    names = ["entity type", "other type", "overlap"]
    return pd.DataFrame(rows, columns=names).groupby(names).size().to_frame("pairs")


def tokenization_table(corpora: Mapping[str, Corpus], language: str = "en") -> pd.DataFrame:
    """Entities that begin and end where tokens of a text do, by style of tokenization.

    Args:
      corpora: of text, as it is read in each style; of tokens, the same for each (then the text is the tokens
        put together by the usual rules of spacing).
      language: a key of `LANGUAGE_PATTERNS`.
    """
    rows: dict[str, tuple[int, int]] = {}
    for style, corpus in corpora.items():
        entities = sum(len(sentence.entities) for sentence in corpus.sentences)
        rows[style] = corpus.spans or (bounded(corpus.sentences, style, language), entities)
    return pd.DataFrame.from_dict(rows, orient="index", columns=["whole tokens", "entities"])


def _kind_of_overlap(a: EntitySpan, b: EntitySpan) -> str:
    if (a.start, a.end) == (b.start, b.end):
        return "same span"
    return "nested" if b.end <= a.end or a.start == b.start else "crossing"


def loss_table(
    sentences: Sequence[Sentence] | Sequence[Document], losses: Sequence[Loss], name: str = "sentences"
) -> pd.DataFrame:
    """What stands in the files, what of it was lost for each reason (below zero), and what is kept.

    Args:
      sentences: what is kept, or documents.
      losses: what is not, one a reason; the greatest come first.
      name: of the sentences.
    """
    kept = (len(sentences), sum(len(s.entities) for s in sentences), sum(len(s.relations) for s in sentences))
    lost = sorted(losses, key=lambda loss: loss.sentences + loss.entities + loss.relations, reverse=True)
    rows = {loss.reason: (-loss.sentences, -loss.entities, -loss.relations) for loss in lost}
    found = tuple(count - sum(row[i] for row in rows.values()) for i, count in enumerate(kept))
    columns = [name, "entities", "relations"]
    return pd.DataFrame.from_dict(
        {"in the files": found, **rows, "kept": kept}, orient="index", columns=columns
    )


def finding_table(findings: Sequence[Finding]) -> pd.DataFrame:
    """Findings of the same sort together: how many there are, what was done, and the first as an example."""
    rows = [
        (
            finding.kind,
            re.sub(r"\[\d+\]| \([^)]*\)", "", finding.field),
            re.sub(r"'.*'|\d+", "…", finding.action) or "nothing",
            f"{finding.record}: {finding.value}, expected {finding.expected}",
        )
        for finding in findings
    ]
    names = ["kind", "field", "done"]
    frame = pd.DataFrame(rows, columns=[*names, "example"])
    return frame.groupby(names).agg(count=("example", "size"), first=("example", "first"))
