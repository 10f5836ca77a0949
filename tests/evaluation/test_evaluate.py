"""Choosing the threshold; evaluation itself is seen in tests/experiments."""

from __future__ import annotations

import dataclasses

import numpy as np

from jner_re.corpora import data_dir
from jner_re.evaluation.evaluate import best_threshold


def test_the_best_threshold() -> None:
    dev = [sentence for sentence in data_dir.read_sample("train") if sentence.relations][:3]
    random = np.random.default_rng(0)
    scored = [
        (
            [(entity, 1.0) for entity in sentence.entities],
            [(relation, float(random.uniform(0.6, 0.9))) for relation in sentence.relations]
            + [
                (dataclasses.replace(relation, head=relation.tail, tail=relation.head), 0.52)
                for relation in sentence.relations
            ],
        )
        for sentence in dev
    ]
    # The first that leaves the wrong ones out, and none of the right ones.
    assert best_threshold(dev, scored, 0.9) == (0.55, "best strict micro F1 of relations on dev")
    nothing = [(entities, []) for entities, _ in scored]
    assert best_threshold(dev, nothing, 0.9) == (0.9, "as configured: no relation was right on dev")
