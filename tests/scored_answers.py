"""What a model finds in sentences, in one form whoever is asked."""

from __future__ import annotations

import pathlib

import numpy as np

from jner_re.extraction.in_process import ModelDirectory, SavedModel
from jner_re.models import model_dir
from jner_re.models.predictor import Predictor
from jner_re.schema import Sentence

# Entities, relations, and the scores of both, of a sentence.
Answer = tuple[list[tuple[str, int, int]], list[tuple[str, int, int]], list[float]]


# Scores of one text in other batches: the processor's kernels round otherwise for other shapes, and scores of
# random weights differ by up to 2e-5, where encoders' layers are rounded to float16 between by more.
OTHER_BATCH = 1e-4


def predicted(folder: pathlib.Path, sentences: list[Sentence], cache: pathlib.Path) -> list[Answer]:
    """As training evaluates, with the encoders' layers kept in `cache`."""
    trained = model_dir.load(folder)
    corpus = trained.inputs.corpus(sentences, cache)
    predictor = Predictor(trained.model, corpus.specs, trained.vocabulary.label_set, 5)
    return [
        (
            [(entity.type, entity.start, entity.end) for entity, _ in entities],
            [(relation.type, relation.head, relation.tail) for relation, _ in relations],
            [score for _, score in [*entities, *relations]],
        )
        for entities, relations in predictor.scored(corpus, 0.0)
    ]


def answered(model: ModelDirectory | SavedModel, sentences: list[Sentence]) -> list[Answer]:
    """The same from a model that clients ask."""
    answers = []
    for row in model.sentences([sentence.tokens for sentence in sentences], 0.0):
        entities = zip(*(row[f"entity_{name}"] for name in ("type", "start", "end")), strict=True)
        relations = zip(*(row[f"relation_{name}"] for name in ("type", "head", "tail")), strict=True)
        answers.append((list(entities), list(relations), [*row["entity_score"], *row["relation_score"]]))
    return answers


def assert_alike(some: list[Answer], others: list[Answer], atol: float = 1e-5) -> None:
    """The same entities and relations; scores that differ by at most `atol`."""
    assert [answer[:2] for answer in some] == [answer[:2] for answer in others]
    for one, other in zip(some, others, strict=True):
        np.testing.assert_allclose(one[2], other[2], atol=atol)
