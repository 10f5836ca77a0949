"""The confusion matrix of entity types, and its picture."""

from __future__ import annotations

import numpy as np
from random_annotation import ENTITY_TYPES, random_annotation

from jner_re.evaluation.confusion import confusion
from jner_re.models.decode import without_scores
from jner_re.schema import EntitySpan, Sentence
from jner_re.training.confusion_image import confusion_image


def test_by_hand() -> None:
    tokens = tuple("abcdef")
    gold = Sentence(tokens, (EntitySpan(0, 1, "Loc"), EntitySpan(1, 3, "Org"), EntitySpan(4, 5, "Org")))
    predicted = Sentence(tokens, (EntitySpan(4, 5, "Loc"), EntitySpan(0, 1, "Loc"), EntitySpan(1, 2, "Org")))
    other = Sentence(tokens, (EntitySpan(4, 5, "Peop"),))  # a span means nothing in another sentence
    counts = confusion([gold, other], [predicted, Sentence(tokens)], ENTITY_TYPES)
    assert counts.tolist() == [[1, 0, 0, 0], [1, 0, 0, 1], [0, 0, 0, 1], [0, 1, 0, 0]]


def test_its_sums_are_the_entities_of_each_type() -> None:
    gold, scored = random_annotation(np.random.default_rng(0), 50)
    predicted = without_scores(gold, scored)
    counts = confusion(gold, predicted, ENTITY_TYPES)
    for i, name in enumerate(ENTITY_TYPES):
        for axis, sentences in ((1, gold), (0, predicted)):
            entities = [entity for sentence in sentences for entity in sentence.entities]
            assert counts.sum(axis=axis)[i] == sum(entity.type == name for entity in entities)
    right = sum(len({*a.entities} & {*b.entities}) for a, b in zip(gold, predicted, strict=True))
    assert np.trace(counts) == right and counts[-1, -1] == 0


def test_the_picture_has_a_cell_for_each_count_and_room_for_the_labels() -> None:
    names = ("Loc", "A_type_with_a_very_long_name")
    none = np.zeros([3, 3], int)
    empty = confusion_image(none, names)
    assert empty.dtype == np.uint8 and empty.shape[2] == 3
    assert (empty[:, [0, -1]] >= 240).all() and (empty[[0, -1]] >= 240).all()  # no label is cut
    changed = []
    for row, column in np.ndindex(3, 3):
        counts = none.copy()
        counts[row, column] = 7
        if (row, column) != (2, 2):
            places = np.argwhere((confusion_image(counts, names) != empty).any(axis=2))
            changed.append((*places.min(axis=0), *places.max(axis=0)))
    for i, (top, left, bottom, right) in enumerate(changed):  # cells do not touch
        for other_top, other_left, other_bottom, other_right in changed[i + 1 :]:
            assert other_top > bottom or other_left > right or top > other_bottom or left > other_right
    wide = np.full([3, 3], 1_000_000)
    assert confusion_image(wide, ("Loc", "Org")).shape[1] > confusion_image(none, ("Loc", "Org")).shape[1]
