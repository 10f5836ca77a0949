"""What an extractor does where the model reads sentences of a document together (features/passages.py).

Documents are read in the order of their longest passage, so that passages of similar length go through the
model together, and those of one document follow each other, which the model counts on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from jner_re.extraction import found_arrays
from jner_re.features.passages import MAX_TOKENS
from jner_re.models.decode import Found, gather_found

TOKENS_AT_ONCE = 4096  # padded tokens of passages that go through the model together

Encode = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], dict[str, tf.Tensor]]


class Passages(NamedTuple):
    """The passages of documents, in their order: int32 [P] each, of sentences counted over all documents.

    Attributes:
      start: the first sentence that is read.
      first: the first that is decided.
      last: the last that is decided, exclusive.
      end: the last that is read, exclusive.
      document: the number of the document.
    """

    start: tf.Tensor
    first: tf.Tensor
    last: tf.Tensor
    end: tf.Tensor
    document: tf.Tensor


def cut(lengths: tf.Tensor, counts: tf.Tensor, window: int, step: int) -> Passages:
    """`features.passages.cut` of many documents, in the graph.

    Args:
      lengths: int32 [S], of all sentences, in tokens, a document's together.
      counts: int32 [D], sentences of each document, at least one.
      window: K.
      step: sentences that a passage decides.
    """
    longest = _longest(_cut(counts, window, tf.fill(tf.shape(counts), step)), lengths)
    return _cut(counts, window, tf.where(longest > MAX_TOKENS, 1, step))


def _cut(counts: tf.Tensor, window: int, steps: tf.Tensor) -> Passages:
    """The passages of documents with their own steps, int32 [D]."""
    margin = window - 1
    numbers = 1 + tf.maximum(-(-(counts - steps - 2 * margin) // steps), 0)
    document = tf.repeat(tf.range(tf.size(counts)), numbers)
    place = tf.range(tf.size(document)) - tf.gather(tf.cumsum(numbers, exclusive=True), document)
    step, number, count = (tf.gather(values, document) for values in (steps, numbers, counts))
    begin = tf.gather(tf.cumsum(counts, exclusive=True), document)
    start = place * step
    first = tf.where(place > 0, start + margin, 0)
    last = tf.where(place + 1 < number, start + margin + step, count)
    end = tf.minimum(start + step + 2 * margin, count)
    return Passages(begin + start, begin + first, begin + last, begin + end, document)


class _Documents(NamedTuple):
    """Documents, those with the longest passage first.

    Attributes:
      tokens: string [T], of all.
      starts: int32 [S + 1], where sentences begin among them, and the end.
      numbers: int32 [S], of each sentence, its place among those that were given.
      names: string [S], what begins a message about each.
      passages: of the documents.
      bounds: int32 [P], the tokens of the longest passage of the document that a passage is of.
    """

    tokens: tf.Tensor
    starts: tf.Tensor
    numbers: tf.Tensor
    names: tf.Tensor
    passages: Passages
    bounds: tf.Tensor


def _documents(
    sentences: tf.RaggedTensor, document_ids: tf.Tensor, names: tf.Tensor, window: int, step: int
) -> _Documents:
    lengths = tf.cast(sentences.row_lengths(), tf.int32)
    real = tf.cast(tf.where(lengths > 0)[:, 0], tf.int32)
    _, _, counts = tf.unique_with_counts(tf.gather(document_ids, real))
    read = tf.gather(lengths, real)
    longest = _longest(cut(read, counts, window, step), read)
    order = tf.argsort(longest, direction="DESCENDING", stable=True)
    firsts = tf.gather(tf.cumsum(counts, exclusive=True), order)
    counts = tf.gather(counts, order)
    numbers = tf.gather(real, tf.ragged.range(firsts, firsts + counts).values)
    lengths = tf.gather(lengths, numbers)
    passages = cut(lengths, counts, window, step)
    ordered = tf.gather(sentences, numbers)
    return _Documents(
        ordered.values,
        tf.concat([[0], tf.cumsum(lengths)], axis=0),
        numbers,
        tf.gather(names, numbers),
        passages,
        tf.gather(tf.gather(longest, order), passages.document),
    )


def _longest(passages: Passages, lengths: tf.Tensor) -> tf.Tensor:
    """int32 [D], the tokens of the longest passage of each document."""
    starts = tf.concat([[0], tf.cumsum(lengths)], axis=0)
    sizes = tf.gather(starts, passages.end) - tf.gather(starts, passages.start)
    return tf.math.segment_max(sizes, passages.document)


class PassageFinder:
    """Reads the sentences of documents in passages.

    Args:
      window: K.
      step: sentences that a passage decides.
      features: from tokens [B, T] to the model's inputs but for the encoders' layers.
      encode: from tokens [B, T], lengths [B] and names [B] to the encoders' layers [B, T, L, D], by name.
      model: from all inputs to the outputs of `JointModel.inference`.
      layer_specs: of what `encode` gives, by name.
      together: whether the encoders read passages, not each sentence alone.
    """

    def __init__(
        self,
        window: int,
        step: int,
        features: Callable[[tf.Tensor], dict[str, tf.Tensor]],
        encode: Encode,
        model: Callable[[dict[str, tf.Tensor]], dict[str, tf.Tensor]],
        layer_specs: dict[str, tf.TensorSpec],
        together: bool,
    ) -> None:
        self._window, self._step, self._specs = window, step, layer_specs
        self._features, self._encode, self._model, self._together = features, encode, model, together

    def find(
        self, sentences: tf.RaggedTensor, document_ids: tf.Tensor, names: tf.Tensor, min_score: tf.Tensor
    ) -> Found:
        """Entities and relations of documents.

        Args:
          sentences: string [S, (tokens)]; some may be empty.
          document_ids: int32 [S], not decreasing.
          names: string [S], what begins a message about each.
          min_score: of relations.

        Returns:
          What was found. The "sentence" of an entity and of a relation is the first one of a passage; an
          entity's place counts on over the ends of sentences. The head and tail of a relation count the
          entities that its passage decides; those that passages before decide have negative numbers.
        """
        documents = _documents(sentences, document_ids, names, self._window, self._step)
        count, bounds = tf.size(documents.bounds), documents.bounds

        def end_of_group(begin: tf.Tensor) -> tf.Tensor:
            return tf.minimum(begin + tf.maximum(TOKENS_AT_ONCE // bounds[begin], 1), count)

        groups = found_arrays.count_groups(count, end_of_group)
        numbers = tf.gather(documents.numbers, documents.passages.start)

        def add_group(
            number: tf.Tensor, begin: tf.Tensor, tags: tf.Tensor, scores: tf.Tensor, *arrays: tf.TensorArray
        ) -> tuple[tf.Tensor | tf.TensorArray, ...]:
            end = end_of_group(begin)
            outputs = self._outputs(documents, begin, end, {"carried_tags": tags, "carried_scores": scores})
            found = gather_found(outputs, min_score)
            group = numbers[begin:end]
            margins = tf.gather(outputs["margin_entities"], found.relations[:, :1])
            heads_and_tails = found.relations[:, 1:3] - margins
            relations = tf.concat([found.relations[:, :1], heads_and_tails, found.relations[:, 3:]], axis=1)
            written = found_arrays.write(arrays, number, found._replace(relations=relations), group)
            return (number + 1, end, outputs["carried_tags"], outputs["carried_scores"], *written)

        arrays = found_arrays.new(groups)
        nothing = (tf.zeros([0], tf.int32), tf.zeros([0], tf.float32))
        state = (0, 0, *nothing, *arrays)
        shapes = [tf.TensorShape([]), tf.TensorShape([]), *([tf.TensorShape([None])] * 2)]
        shapes += [tf.TensorShape(None)] * len(arrays)
        _, _, _, _, *arrays = tf.while_loop(
            lambda number, *_: number < groups,
            add_group,
            state,
            shape_invariants=tuple(shapes),
            parallel_iterations=1,
        )
        return found_arrays.in_order(arrays)

    def _outputs(
        self, documents: _Documents, begin: tf.Tensor, end: tf.Tensor, carried: dict[str, tf.Tensor]
    ) -> dict[str, tf.Tensor]:
        """The model's outputs for passages `begin` to `end`."""
        start, first, last, after, _ = (part[begin:end] for part in documents.passages)
        places = tf.ragged.range(tf.gather(documents.starts, start), tf.gather(documents.starts, after))
        tokens = tf.gather(documents.tokens, places).to_tensor("")
        features = self._features(tokens)
        names = tf.gather(documents.names, start)
        layers: dict[str, tf.Tensor] = {}
        if self._together:
            layers = self._encode(tokens, features["lengths"], names)
        elif self._specs:
            offset = documents.starts[start[0]]
            layers = {
                name: tf.gather(flat, places - offset).to_tensor(shape=[None, None, *flat.shape[1:]])
                for name, flat in self._layers(documents, start[0], after[-1]).items()
            }
        sentence_ids = tf.searchsorted(documents.starts, places.values, side="right") - 1
        sentence_ids = places.with_values(sentence_ids).to_tensor(-1)
        sentence_ids = tf.where(sentence_ids >= 0, sentence_ids - start[:, tf.newaxis], -1)
        decided = tf.stack([first - start, last - start], axis=1)
        structure = {"sentence_ids": sentence_ids, "decided": decided}
        return self._model({**features, **layers, **structure, **carried})

    def _layers(self, documents: _Documents, begin: tf.Tensor, end: tf.Tensor) -> dict[str, tf.Tensor]:
        """The encoders' layers of the tokens of sentences `begin` to `end`, each read alone: [T, L, D]."""
        starts = documents.starts[begin : end + 1]
        lengths = starts[1:] - starts[:-1]
        order = tf.argsort(lengths, direction="DESCENDING", stable=True)
        ordered = tf.gather(lengths, order)
        places = tf.ragged.range(tf.gather(starts[:-1], order), tf.gather(starts[1:], order))
        count = end - begin

        def end_of_group(first: tf.Tensor) -> tf.Tensor:
            return tf.minimum(first + tf.maximum(TOKENS_AT_ONCE // 2 // ordered[first], 1), count)

        groups = found_arrays.count_groups(count, end_of_group)
        specs = self._specs

        def encode_group(
            number: tf.Tensor, first: tf.Tensor, *arrays: tf.TensorArray
        ) -> tuple[tf.Tensor | tf.TensorArray, ...]:
            last = end_of_group(first)
            group = ordered[first:last]
            tokens = tf.gather(documents.tokens, places[first:last]).to_tensor("")
            names = tf.gather(documents.names[begin:end], order[first:last])
            encoded = self._encode(tokens, group, names)
            mask = tf.sequence_mask(group, tf.shape(tokens)[1])
            written = (
                array.write(number, tf.boolean_mask(encoded[name], mask))
                for name, array in zip(specs, arrays, strict=True)
            )
            return (number + 1, last, *written)

        arrays = [
            tf.TensorArray(spec.dtype, groups, infer_shape=False, element_shape=[None, *spec.shape[2:]])
            for spec in specs.values()
        ]
        _, _, *arrays = tf.while_loop(
            lambda number, *_: number < groups, encode_group, (0, 0, *arrays), parallel_iterations=1
        )
        back = tf.math.invert_permutation(places.values - starts[0])
        return {
            name: tf.ensure_shape(tf.gather(array.concat(), back), [None, *spec.shape[2:]])
            for (name, spec), array in zip(specs.items(), arrays, strict=True)
        }
