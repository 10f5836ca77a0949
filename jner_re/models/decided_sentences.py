"""Of passages (features/passages.py), the sentences that each decides, and their tags put back into passages.

Tags are decided a sentence at a time: the CRF sees no end of a sentence, and what a passage reads besides is
left to the passages that decide it.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from jner_re.layers.float32_layer import Float32Layer


def structure(features: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Of passages, what says which sentence a token is of and which sentences are decided; else nothing."""
    return {name: features[name] for name in ("sentence_ids", "decided") if name in features}


class _Places(NamedTuple):
    """Where the decided sentences of passages are.

    Attributes:
      is_decided: bool [P, T], whether a token is of a decided sentence.
      sentences: int64 [n], for each such token the number of its sentence, among all of them.
      count: int64 [], the number of decided sentences, N.
      rows: int32 [N], the passage of each.
    """

    is_decided: tf.Tensor
    sentences: tf.Tensor
    count: tf.Tensor
    rows: tf.Tensor


def _places(sentence_ids: tf.Tensor, decided: tf.Tensor) -> _Places:
    """The places; each sentence has a token.

    Args:
      sentence_ids: int32 [P, T], the number of each token's sentence, in their order; -1 for padding.
      decided: int32 [P, 2], first and last (exclusive) sentence that is decided.
    """
    is_decided = (sentence_ids >= decided[:, :1]) & (sentence_ids < decided[:, 1:])
    before = tf.pad(sentence_ids[:, :-1], [[0, 0], [1, 0]], constant_values=-1)
    begins = is_decided & (sentence_ids != before)
    sentences = tf.cumsum(tf.cast(tf.boolean_mask(begins, is_decided), tf.int64)) - 1
    rows = tf.cast(tf.where(begins)[:, 0], tf.int32)
    return _Places(is_decided, sentences, tf.size(rows, tf.int64), rows)


def _cut_out(values: tf.Tensor, sentence_ids: tf.Tensor, decided: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """`DecidedSentences` as a function."""
    places = _places(sentence_ids, decided)
    ragged = tf.RaggedTensor.from_value_rowids(
        tf.boolean_mask(values, places.is_decided), places.sentences, places.count, validate=False
    )
    shape = [None, None, *values.shape[2:]]
    found = ragged.to_tensor()
    found.set_shape(shape)
    return found, tf.cast(ragged.row_lengths(), tf.int32)


class DecidedSentences(Float32Layer):
    """What passages hold of each token, by decided sentence."""

    def call(
        self, values: tf.Tensor, sentence_ids: tf.Tensor, decided: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Cuts out the decided sentences.

        Args:
          values: [P, T, ...].
          sentence_ids: int32 [P, T], the number of each token's sentence in the passage; -1 for padding.
          decided: int32 [P, 2], first and last (exclusive) sentence that is decided.

        Returns:
          values: [N, T', ...], of the decided sentences in the order of the passages, padded with zeros.
          lengths: int32 [N].
        """
        return _cut_out(values, sentence_ids, decided)


class AllSentences(Float32Layer):
    """What passages hold of each token, by sentence, decided or not."""

    def call(self, values: tf.Tensor, sentence_ids: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """[P, T, ...], [P, T] -> as of `DecidedSentences`."""
        return _cut_out(values, sentence_ids, tf.constant([[0, tf.int32.max]]))


class BackIntoPassages(Float32Layer):
    """The inverse of `AllSentences`."""

    def call(self, values: tf.Tensor, lengths: tf.Tensor, sentence_ids: tf.Tensor) -> tf.Tensor:
        """[N, T', D], [N], [P, T] -> [P, T, D], zeros past the length."""
        flat = tf.boolean_mask(values, tf.sequence_mask(lengths, tf.shape(values)[1]))
        places = tf.where(sentence_ids >= 0)
        found = tf.scatter_nd(places, flat, [*tf.unstack(tf.shape(sentence_ids, tf.int64)), values.shape[-1]])
        return tf.ensure_shape(found, [None, None, values.shape[-1]])


class OfDecided(Float32Layer):
    """What passages hold of each sentence that they decide."""

    def call(self, values: tf.Tensor, decided: tf.Tensor) -> tf.Tensor:
        """[P, S, ...], the first ones of each passage real, and as of `DecidedSentences`, -> [N, ...]."""
        counts = decided[:, 1] - decided[:, 0]
        return tf.boolean_mask(values, tf.sequence_mask(counts, tf.shape(values)[1]))


class SumOfSentences(Float32Layer):
    """The sums over the decided sentences of each passage."""

    def call(self, values: tf.Tensor, sentence_ids: tf.Tensor, decided: tf.Tensor) -> tf.Tensor:
        """[N], and as of `DecidedSentences`, -> [P]."""
        rows = _places(sentence_ids, decided).rows
        return tf.math.unsorted_segment_sum(values, rows, tf.shape(decided)[0])


class IntoPassages(Float32Layer):
    """What was found of decided sentences, at the tokens of passages.

    The sentences that the passages of a document decide follow each other, so that those in front of a
    passage's own, which others have decided, are the ones before them: in the same batch, or in the one
    before it (`carried`).
    """

    def call(
        self,
        values: tf.Tensor,
        lengths: tf.Tensor,
        sentence_ids: tf.Tensor,
        decided: tf.Tensor,
        carried: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Puts values back.

        Args:
          values: [N, T'], of the decided sentences.
          lengths: int32 [N], of the same.
          sentence_ids: as of `DecidedSentences`.
          decided: likewise.
          carried: [C], what this gave as its second result for the passages before these.

        Returns:
          values: [P, T]; 0 past the decided sentences.
          carried: [C'], of the last passage's tokens up to the last that is decided.
        """
        flat = tf.concat(
            [carried, tf.boolean_mask(values, tf.sequence_mask(lengths, tf.shape(values)[1]))], 0
        )
        is_real = sentence_ids >= 0
        is_margin = is_real & (sentence_ids < decided[:, :1])
        is_known = is_real & (sentence_ids < decided[:, 1:])
        margins = tf.reduce_sum(tf.cast(is_margin, tf.int32), axis=1)
        known = tf.reduce_sum(tf.cast(is_known, tf.int32), axis=1)
        begins = tf.size(carried) + tf.cumsum(known - margins, exclusive=True) - margins
        places = tf.where(is_known, begins[:, tf.newaxis] + tf.range(tf.shape(sentence_ids)[1]), 0)
        padded = tf.pad(flat, [[0, 1]])  # also without a token
        in_passages = tf.where(is_known, tf.gather(padded, places), tf.zeros([], values.dtype))
        return in_passages, flat[tf.size(flat) - known[-1] :]


class AtStarts(Float32Layer):
    """Scores of entities at their first tokens."""

    def call(self, scores: tf.Tensor, spans: tf.Tensor, types: tf.Tensor, tokens: tf.Tensor) -> tf.Tensor:
        """Puts scores at tokens.

        Args:
          scores: [N, M].
          spans: int32 [N, M, 2].
          types: int32 [N, M], -1 for padding.
          tokens: [N, T'], of that shape.

        Returns:
          [N, T'], 0 where no entity begins.
        """
        is_entity = types >= 0
        rows = tf.cast(tf.where(is_entity)[:, 0], tf.int32)
        places = tf.stack([rows, tf.boolean_mask(spans[:, :, 0], is_entity)], axis=1)
        return tf.scatter_nd(places, tf.boolean_mask(scores, is_entity), tf.shape(tokens))
