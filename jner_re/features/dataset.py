"""Sentences to padded batches: arrays per sentence, and tf.data over length-sorted batches."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol

import numpy as np
import tensorflow as tf

from jner_re.features import tags
from jner_re.features.featurizer import Featurizer
from jner_re.features.passages import Passage
from jner_re.features.specs import gold_specs, numbered, soft_tag_specs, target_spec
from jner_re.schema import LabelSet, Sentence, cut_out

Arrays = dict[str, np.ndarray]
_CHUNK = 16  # batches among which sentences are sorted by length
_FEATURIZE = 256  # sentences looked up at once


class Layers(Protocol):
    """An encoder's layers of examples: `layers[i]` is float16 [T, L, D]."""

    def __getitem__(self, example: int, /) -> np.ndarray: ...


class Example(NamedTuple):
    """What the model reads at once: a sentence, or a passage of a document's.

    Attributes:
      sentence: its number in the corpus.
      start: the first token.
      end: the last token, exclusive.
      passage: its sentences; None for a sentence.
    """

    sentence: int
    start: int
    end: int
    passage: Passage | None = None


def whole(sentences: Sequence[Sentence]) -> list[Example]:
    """Each sentence as an example."""
    return [Example(i, 0, len(sentence.tokens)) for i, sentence in enumerate(sentences)]


@dataclasses.dataclass(frozen=True)
class FeaturizedCorpus:
    """Sentences with their features.

    Attributes:
      sentences: N sentences.
      examples: what the model reads of them, in their order.
      features: of each example, without padding: [T, ...].
      layers: of each encoder, its layers of each example.
      specs: of a batch of these features (`specs.feature_specs`).
    """

    sentences: Sequence[Sentence]
    examples: Sequence[Example]
    features: Sequence[Arrays]
    layers: Sequence[Layers]
    specs: dict[str, tf.TensorSpec]

    def arrays(self, i: int) -> Arrays:
        """All inputs of one example."""
        layers = {numbered("encoder_layers", k): each[i] for k, each in enumerate(self.layers)}
        return {**self.features[i], **layers, **self._structure(self.examples[i])}

    def _structure(self, example: Example) -> Arrays:
        """Of a passage, the sentence of each token, counted from 1, and those that it decides, from 0."""
        if example.passage is None:
            return {}
        start, first, last, _ = example.passage
        breaks = np.searchsorted(
            self.sentences[example.sentence].breaks, range(example.start, example.end), "right"
        )
        return {
            "sentence_ids": (breaks - start + 1).astype(np.int32),
            "decided": np.array([first - start, last - start], np.int32),
        }


def featurize(sentences: Sequence[Sentence], featurizer: Featurizer) -> list[Arrays]:
    """Looks the features of all sentences up."""
    features: list[Arrays] = [{} for _ in sentences]
    order = sorted(range(len(sentences)), key=lambda i: len(sentences[i].tokens))
    for at in range(0, len(order), _FEATURIZE):
        batch = order[at : at + _FEATURIZE]
        longest = max(len(sentences[i].tokens) for i in batch)
        tokens = [[*sentences[i].tokens, *[""] * (longest - len(sentences[i].tokens))] for i in batch]
        for name, values in featurizer(tf.constant(tokens)).items():
            array = values.numpy()
            for row, i in enumerate(batch):
                features[i][name] = _without_padding(name, array[row, : len(sentences[i].tokens)])
    return features


def _without_padding(name: str, array: np.ndarray) -> np.ndarray:
    """A copy; of characters and subwords, only as many columns as the word with most of them has."""
    if name in ("char_ids", "subword_ids"):
        array = array[:, : np.count_nonzero(array, axis=1).max(initial=0)]
    return array.copy()


def collate(examples: Sequence[Arrays], lengths: Sequence[int]) -> Arrays:
    """Pads the arrays of several examples to common sizes and stacks them.

    Args:
      examples: the arrays of each.
      lengths: their numbers of tokens, which the batch's `lengths` are.
    """
    batch = {"lengths": np.array(lengths, np.int32)}
    for name in examples[0]:
        arrays = [example[name] for example in examples]
        shape = np.max([array.shape for array in arrays], axis=0)
        stacked = np.zeros((len(arrays), *shape), arrays[0].dtype)
        for row, array in zip(stacked, arrays, strict=True):
            row[tuple(slice(size) for size in array.shape)] = array
        batch[name] = stacked
    if "sentence_ids" in batch:
        batch["sentence_ids"] -= 1  # of padding: -1
    return batch


def gold_arrays(sentence: Sentence, label_set: LabelSet) -> Arrays:
    """The gold annotation: `tag_ids` [T], `spans` [M, 2] and `relations` [M, M, R].

    What the label set can't express is left out.
    """
    sentence = label_set.known_part(sentence)
    count = len(sentence.entities)
    relations = np.zeros((count, count, len(label_set.relation_types)), np.uint8)
    for relation in sentence.relations:
        relations[relation.head, relation.tail, label_set.relation_types.index(relation.type)] = 1
    spans = np.array([(entity.start, entity.end) for entity in sentence.entities], np.int32).reshape(-1, 2)
    return {
        "tag_ids": np.array(tags.encode(sentence, label_set), np.int32),
        "spans": spans,
        "relations": relations,
    }


def batch_order(lengths: Sequence[int], batch_size: int, seed: int, epoch: int) -> list[list[int]]:
    """The batches of one epoch: sentences of similar length together, in an order that seed and epoch fix.

    All sentences are shuffled; runs of `_CHUNK` batches are sorted by length and cut; the batches are
    shuffled.
    """
    random = np.random.default_rng([seed, epoch])
    order = random.permutation(len(lengths))
    batches = []
    for at in range(0, len(order), batch_size * _CHUNK):
        chunk = sorted(order[at : at + batch_size * _CHUNK].tolist(), key=lambda i: lengths[i])
        batches += [chunk[k : k + batch_size] for k in range(0, len(chunk), batch_size)]
    return [batches[k] for k in random.permutation(len(batches))]


def known_entities(example: Example, sentence: Sentence) -> list[int]:
    """The indexes of the entities that an example has, of those of its sentence or document.

    A passage has those that it decides and those before them.
    """
    if example.passage is None:
        return list(range(len(sentence.entities)))
    end = [*sentence.breaks, len(sentence.tokens)][example.passage.last - 1]
    return [i for i, entity in enumerate(sentence.entities) if example.start <= entity.start < end]


def part_of(example: Example, sentence: Sentence) -> Sentence:
    """The tokens and the annotation that an example has of its sentence or document."""
    if example.passage is None:
        return sentence
    return cut_out(sentence, example.start, example.end, known_entities(example, sentence))


def soft_part_of(example: Example, sentence: Sentence, target: Arrays) -> Arrays:
    """Of a soft target, what an example has; a passage, the transitions of the sentences that it decides."""
    if example.passage is None:
        return target
    inside = known_entities(example, sentence)
    return {
        "relations": target["relations"][np.ix_(inside, inside)],
        "tag_probabilities": target["tag_probabilities"][example.start : example.end],
        "transition_counts": target["transition_counts"][example.passage.first : example.passage.last],
    }


def training_batches(
    corpus: FeaturizedCorpus,
    label_set: LabelSet,
    batch_size: int,
    seed: int,
    first_epoch: int,
    soft: Sequence[Arrays] | None = None,
) -> tuple[tf.data.Dataset, int]:
    """An endless dataset of (inputs, target) for `model.fit`, and the number of batches of an epoch.

    Args:
      corpus: sentences and features.
      label_set: the types to learn.
      batch_size: sentences, or passages, in a batch.
      seed: of the order.
      first_epoch: the epoch to begin with, from 0.
      soft: the soft target of each sentence (soft_targets.py), if these are learned.
    """
    gold = _gold(corpus, label_set, soft)
    lengths = _lengths(corpus, range(len(corpus.examples)))
    steps = len(batch_order(lengths, batch_size, seed, 0))

    def generate() -> Iterator[tuple[Arrays, np.ndarray]]:
        epoch = first_epoch
        while True:
            for batch in batch_order(lengths, batch_size, seed, epoch):
                yield training_batch(corpus, gold, batch)
            epoch += 1

    return _dataset(generate, corpus, label_set, soft is not None).prefetch(4), steps


def evaluation_batches(
    corpus: FeaturizedCorpus, label_set: LabelSet, batch_size: int, soft: Sequence[Arrays] | None = None
) -> tf.data.Dataset:
    """The same for validation losses: one pass in the order of the corpus."""
    gold = _gold(corpus, label_set, soft)
    count = len(corpus.examples)

    def generate() -> Iterator[tuple[Arrays, np.ndarray]]:
        for at in range(0, count, batch_size):
            yield training_batch(corpus, gold, range(at, min(at + batch_size, count)))

    return _dataset(generate, corpus, label_set, soft is not None).prefetch(2)


def _gold(corpus: FeaturizedCorpus, label_set: LabelSet, soft: Sequence[Arrays] | None) -> list[Arrays]:
    """The gold annotation of each example; soft targets, if given, have their own `relations`."""
    gold = []
    for example in corpus.examples:
        sentence = label_set.known_part(corpus.sentences[example.sentence])
        arrays = gold_arrays(part_of(example, sentence), label_set)
        if soft is not None:
            arrays |= soft_part_of(example, sentence, soft[example.sentence])
        gold.append(arrays)
    return gold


def training_batch(
    corpus: FeaturizedCorpus, gold: Sequence[Arrays], batch: Sequence[int]
) -> tuple[Arrays, np.ndarray]:
    """Features with gold tags and spans, and soft tags if there are any, and the target: the relations."""
    inputs = collate([{**gold[i], **corpus.arrays(i)} for i in batch], _lengths(corpus, batch))
    relations = inputs.pop("relations")
    return inputs, relations


def _dataset(
    generate: Callable[[], Iterator[tuple[Arrays, np.ndarray]]],
    corpus: FeaturizedCorpus,
    label_set: LabelSet,
    soft: bool,
) -> tf.data.Dataset:
    soft_specs = soft_tag_specs(len(label_set.tags)) if soft else {}
    inputs = {**corpus.specs, **gold_specs(), **soft_specs}
    signature = (inputs, target_spec(len(label_set.relation_types), soft))
    return tf.data.Dataset.from_generator(generate, output_signature=signature)


def inference_batches(corpus: FeaturizedCorpus, batch_size: int) -> Iterator[tuple[list[int], Arrays]]:
    """Inputs of all examples, with their indexes: length-sorted, the passages of a document together."""
    longest: dict[int, int] = {}
    for example in corpus.examples:
        longest[example.sentence] = max(longest.get(example.sentence, 0), example.end - example.start)
    owners = [example.sentence for example in corpus.examples]
    order = sorted(range(len(owners)), key=lambda i: (longest[owners[i]], owners[i]))
    for at in range(0, len(order), batch_size):
        batch = order[at : at + batch_size]
        yield batch, collate([corpus.arrays(i) for i in batch], _lengths(corpus, batch))


def _lengths(corpus: FeaturizedCorpus, batch: Sequence[int]) -> list[int]:
    return [corpus.examples[i].end - corpus.examples[i].start for i in batch]
