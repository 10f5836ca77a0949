"""Soft targets: what is learned in place of a sentence's annotation, as probabilities instead of 0 and 1.

The soft target of a sentence with T tokens and M gold entities is

- `tag_probabilities` float32 [T, K], the probability of each tag at each token,
- `transition_counts` float32 [S, K, K], how often each tag is expected to be followed by each, of each of its
  S sentences: of one but for documents,
- `relations` float32 [M, M, R], the probability of each relation between the gold entities.

The losses are linear in these three, so that a target mixed of two gives the two losses' mixture, and the
annotation itself is the special case of zeros and ones (`hard`).
"""

from __future__ import annotations

import hashlib
import itertools
import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from jner_re import files
from jner_re.errors import InputError
from jner_re.features.dataset import Arrays, gold_arrays
from jner_re.schema import LabelSet, Sentence

SoftTargets = Mapping[Sentence, Arrays]
NAMES = ("tag_probabilities", "transition_counts", "relations")
_FACTS = "made_from"  # in a file: JSON


def hard(sentence: Sentence, label_set: LabelSet) -> Arrays:
    """The annotation as a soft target; what the label set can't express is left out."""
    gold = gold_arrays(sentence, label_set)
    tag_ids, num_tags = gold["tag_ids"], len(label_set.tags)
    bounds = (0, *sentence.breaks, len(tag_ids))
    counts = np.zeros([len(bounds) - 1, num_tags, num_tags], np.float32)
    for number, (begin, end) in enumerate(itertools.pairwise(bounds)):
        np.add.at(counts[number], (tag_ids[begin : end - 1], tag_ids[begin + 1 : end]), 1)
    return {
        "tag_probabilities": np.eye(num_tags, dtype=np.float32)[tag_ids],
        "transition_counts": counts,
        "relations": gold["relations"].astype(np.float32),
    }


def mixed(targets: SoftTargets, weight: float, label_set: LabelSet) -> SoftTargets:
    """(1 - weight) times the annotation plus weight times the soft targets.

    Args:
      targets: a teacher's (distillation.py).
      weight: from 0 to 1.
      label_set: of the teacher; it has all types of the sentences.
    """
    mixtures = {}
    for sentence, soft in targets.items():
        gold = hard(sentence, label_set)
        mixtures[sentence] = {
            name: ((1 - weight) * gold[name] + weight * soft[name]).astype(np.float32) for name in NAMES
        }
    return mixtures


def of_sentences(targets: SoftTargets, sentences: Sequence[Sentence]) -> list[Arrays]:
    """The target of each sentence.

    Raises:
      InputError: some have none.
    """
    if missing := sum(sentence not in targets for sentence in sentences):
        raise InputError(f"{missing} of {len(sentences)} sentences have no soft target, expected one each")
    return [targets[sentence] for sentence in sentences]


def checksum(targets: Sequence[Arrays]) -> str:
    """SHA-256 of the values, by which targets are known again."""
    digest = hashlib.sha256()
    for target in targets:
        for name in NAMES:
            digest.update(target[name].tobytes())
    return digest.hexdigest()


def write(
    path: pathlib.Path, targets: SoftTargets, sentences: Sequence[Sentence], facts: dict[str, Any]
) -> None:
    """Writes the targets of some sentences as one .npz file.

    Args:
      path: to be written.
      targets: of all sentences.
      sentences: in the order of the file.
      facts: what the targets were made from: JSON values by name.

    Raises:
      InputError: a sentence has no target, or the file can't be written.
    """
    found = of_sentences(targets, sentences)
    num_relations = found[0]["relations"].shape[-1]
    with files.atomic_write(path) as new:
        np.savez_compressed(
            new,
            tag_probabilities=np.concatenate([target["tag_probabilities"] for target in found]),
            transition_counts=np.concatenate([target["transition_counts"] for target in found]),
            relations=np.concatenate([target["relations"].reshape(-1, num_relations) for target in found]),
            **{_FACTS: np.array(json.dumps(facts))},
        )


def read(path: pathlib.Path, sentences: Sequence[Sentence], facts: dict[str, Any]) -> SoftTargets:
    """Reads what `write` wrote for the same sentences.

    Raises:
      InputError: the file is damaged, or was made from something else.
    """
    try:
        with np.load(path) as file:
            arrays = {name: file[name] for name in NAMES}
            made_from = json.loads(file[_FACTS].item())
    except Exception as error:  # a damaged file can make NumPy raise almost anything
        raise InputError(
            f"{path}: {error}, expected soft targets; remove the file to make it again"
        ) from None
    for name in {**facts, **made_from}:
        if made_from.get(name) != facts.get(name):
            raise InputError(
                f"{path}: {name} is {made_from.get(name)!r}, expected {facts.get(name)!r}: these are soft "
                "targets of another run; choose another --output_dir"
            )
    targets = {}
    token = pair = part = 0
    for sentence in sentences:
        parts = len(sentence.breaks) + 1
        length, entities = len(sentence.tokens), len(sentence.entities)
        relations = arrays["relations"][pair : pair + entities**2]
        targets[sentence] = {
            "tag_probabilities": arrays["tag_probabilities"][token : token + length],
            "transition_counts": arrays["transition_counts"][part : part + parts],
            "relations": relations.reshape(entities, entities, relations.shape[-1]),
        }
        token, pair, part = token + length, pair + entities**2, part + parts
    return targets
