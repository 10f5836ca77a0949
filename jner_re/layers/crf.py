"""Linear-chain conditional random field over BIO tags (the paper's section 3.2).

A tag sequence y of a sentence with n tokens scores

    start[y_1] + sum_t logits[t, y_t] + sum_t transitions[y_t, y_t+1] + end[y_n]

and has probability exp(score) / Z. With `constrained`, decoding and posteriors regard only well-formed
sequences: no I-x at the start, after O or after a tag of another type; Z is their sum, and posteriors are
probabilities given that the sequence is well formed. Training normalizes over all K^n sequences, as the
paper does; with `constrained_training`, over the well-formed ones too, so that it maximizes the very
probabilities that are given as scores.

This is the only module that imports tensorflow-addons, for the log-likelihood and Viterbi; linear_chain.py
has what it takes of it, for where it isn't available.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import tensorflow as tf

from jner_re.layers import crf_posteriors
from jner_re.layers.float32_layer import Float32Layer

try:
    with warnings.catch_warnings():  # that tensorflow-addons has reached its end asks nothing of the user
        warnings.filterwarnings("ignore", message=r"(?s).*TensorFlow Addons", category=UserWarning)
        from tensorflow_addons import text as linear_chain
except ImportError:  # Python 3.12 or later, or TensorFlow 2.16 or later
    from jner_re.layers import linear_chain

_FORBIDDEN = -1e9  # finite, so that no infinity is subtracted from another; exp() of it is 0


def allowed_starts(num_tags: int) -> np.ndarray:
    """Which tags may open a well-formed BIO sequence: bool [K], all but the I-x (ids 2, 4, ...)."""
    tag_ids = np.arange(num_tags)
    return (tag_ids == 0) | (tag_ids % 2 == 1)


def allowed_transitions(num_tags: int) -> np.ndarray:
    """Which tag may follow which in a well-formed BIO sequence: bool [K, K], from row to column.

    I-x (id 2e+2) follows only B-x (id 2e+1) and itself; all others follow anything.
    """
    before, after = np.arange(num_tags)[:, None], np.arange(num_tags)[None, :]
    return allowed_starts(num_tags)[None, :] | (before == after - 1) | (before == after)


class CRF(Float32Layer):
    """Linear-chain CRF; calling it gives the best tag sequence (Viterbi).

    Its other quantities are methods; for functional models, where only layers may be called, crf_layers.py
    has layers of them.

    Attributes:
      transitions: weight [K, K], score of going from the row's tag to the column's.
      start: weight [K], score of being the first token's tag.
      end: weight [K], score of being the last token's tag.
    """

    def __init__(
        self, num_tags: int, constrained: bool = True, constrained_training: bool = False, **kwargs: Any
    ) -> None:
        """Creates the weights, all zero.

        Args:
          num_tags: K, the 2|E|+1 tags in the order of `LabelSet.tags`.
          constrained: decode well-formed BIO sequences only, and give posteriors among them.
          constrained_training: normalize the log-likelihood over well-formed sequences only.
          **kwargs: as for every Keras layer.

        Raises:
          ValueError: num_tags is not odd and positive.
        """
        super().__init__(**kwargs)
        if num_tags < 1 or num_tags % 2 == 0:
            raise ValueError(f"num_tags is {num_tags}, expected an odd number: O and two tags a type")
        self.num_tags = num_tags
        self.constrained = constrained
        self.constrained_training = constrained_training
        self.transitions = self.add_weight("transitions", [num_tags, num_tags], initializer="zeros")
        self.start = self.add_weight("start", [num_tags], initializer="zeros")
        self.end = self.add_weight("end", [num_tags], initializer="zeros")

    def call(self, tag_logits: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
        """The best tag sequence of each sentence.

        Args:
          tag_logits: float [B, T, K].
          lengths: int [B].

        Returns:
          int32 [B, T], zeros past the length.
        """
        lengths = tf.cast(lengths, tf.int32)
        unary_scores, transitions = self._scores(tag_logits, lengths, self.constrained, tf.float32)
        tag_ids, _ = linear_chain.crf_decode(unary_scores, transitions, lengths)
        return tf.where(_token_mask(tag_logits, lengths), tag_ids[:, : tf.shape(tag_logits)[1]], 0)

    def negative_log_likelihood(
        self, tag_logits: tf.Tensor, tag_ids: tf.Tensor, lengths: tf.Tensor
    ) -> tf.Tensor:
        """-log p(tag_ids) of each sentence, over all K^n tag sequences or, constrained, the well-formed ones.

        Args:
          tag_logits: float [B, T, K].
          tag_ids: int [B, T], anything past the length; well-formed with `constrained_training`.
          lengths: int [B].

        Returns:
          float32 [B], 0 for empty sentences.
        """
        lengths = tf.cast(lengths, tf.int32)
        unary_scores, transitions = self._scores(tag_logits, lengths, self.constrained_training, tf.float32)
        tag_ids = tf.where(_token_mask(tag_ids, lengths), tf.cast(tag_ids, tf.int32), 0)
        tag_ids = _at_least_two_tokens(tag_ids)
        # As crf_log_likelihood does, less its tf.cond on T = 1, whose gradient makes TensorFlow log warnings.
        score = linear_chain.crf_unary_score(tag_ids, lengths, unary_scores)
        score += linear_chain.crf_binary_score(tag_ids, lengths, transitions)
        return tf.where(lengths > 0, _log_partition(unary_scores, transitions, lengths) - score, 0.0)

    def best_log_probability(self, tag_logits: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
        """log p of the best tag sequence, the one that calling gives, of each sentence.

        Args:
          tag_logits: float [B, T, K].
          lengths: int [B].

        Returns:
          float32 [B], at most 0; 0 for empty sentences. Constrained, p is among the well-formed sequences.
        """
        lengths = tf.cast(lengths, tf.int32)
        unary_scores, transitions = self._scores(tag_logits, lengths, self.constrained, tf.float32)
        _, best = linear_chain.crf_decode(unary_scores, transitions, lengths)
        log_probability = best - _log_partition(unary_scores, transitions, lengths)
        return tf.where(lengths > 0, tf.minimum(log_probability, 0.0), 0.0)

    def cross_entropy(
        self,
        tag_logits: tf.Tensor,
        tag_probabilities: tf.Tensor,
        transition_counts: tf.Tensor,
        lengths: tf.Tensor,
    ) -> tf.Tensor:
        """-E_q[log p(y)] of each sentence, for tag sequences y drawn from a distribution q.

        p is that of `negative_log_likelihood`, which this is where q is sure of one sequence. log p(y) is
        linear in which tag each token has and in how often each transition occurs, so that their expectations
        under q are all that it takes to know of q.

        Args:
          tag_logits: float [B, T, K].
          tag_probabilities: float [B, T, K], q's `marginals`; anything past the length.
          transition_counts: float [B, K, K], q's `transition_counts`.
          lengths: int [B].

        Returns:
          float32 [B], 0 for empty sentences. With `constrained_training` q must give ill-formed sequences the
          probability 0.
        """
        lengths = tf.cast(lengths, tf.int32)
        unary_scores, transitions = self._scores(tag_logits, lengths, self.constrained_training, tf.float32)
        tag_probabilities = tf.where(_token_mask(tag_logits, lengths)[..., None], tag_probabilities, 0.0)
        score = tf.reduce_sum(_at_least_two_tokens(tag_probabilities) * unary_scores, axis=[1, 2])
        score += tf.reduce_sum(transition_counts * transitions, axis=[1, 2])
        return tf.where(lengths > 0, _log_partition(unary_scores, transitions, lengths) - score, 0.0)

    def marginals(self, tag_logits: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
        """Posterior probability of each tag at each token.

        Args:
          tag_logits: float [B, T, K].
          lengths: int [B].

        Returns:
          float32 [B, T, K]; sums to one over the tags, zeros past the length.
        """
        lengths = tf.cast(lengths, tf.int32)
        unary_scores, transitions = self._scores(tag_logits, lengths, self.constrained, tf.float64)
        posteriors = crf_posteriors.tag_posteriors(unary_scores, transitions, lengths)
        return tf.cast(posteriors[:, : tf.shape(tag_logits)[1]], tf.float32)

    def transition_counts(self, tag_logits: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
        """How often each transition is expected in a sentence.

        Args:
          tag_logits: float [B, T, K].
          lengths: int [B].

        Returns:
          float32 [B, K, K], from row to column; sums to the length less one, zeros for less than two tokens.
        """
        lengths = tf.cast(lengths, tf.int32)
        unary_scores, transitions = self._scores(tag_logits, lengths, self.constrained, tf.float64)
        return tf.cast(crf_posteriors.transition_counts(unary_scores, transitions, lengths), tf.float32)

    def span_posteriors(
        self, tag_logits: tf.Tensor, lengths: tf.Tensor, starts: tf.Tensor, ends: tf.Tensor, types: tf.Tensor
    ) -> tf.Tensor:
        """Posterior probability that exactly these spans are entities of these types.

        Args:
          tag_logits: float [B, T, K].
          lengths: int [B].
          starts: int [B, M], first token of each span.
          ends: int [B, M], exclusive.
          types: int [B, M], index of the entity type in the label set.

        Returns:
          float32 [B, M]; 0 for spans that are empty or not inside the sentence (such as padding with -1) and
          for types that do not exist.
        """
        lengths, starts, ends, types = (tf.cast(x, tf.int32) for x in (lengths, starts, ends, types))
        unary_scores, transitions = self._scores(tag_logits, lengths, self.constrained, tf.float64)
        posteriors = crf_posteriors.span_posteriors(unary_scores, transitions, lengths, starts, ends, types)
        return tf.cast(posteriors, tf.float32)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "num_tags": self.num_tags,
            "constrained": self.constrained,
            "constrained_training": self.constrained_training,
        }

    def _scores(
        self, tag_logits: tf.Tensor, lengths: tf.Tensor, constrained: bool, dtype: tf.DType
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Unary scores [B, max(T, 2), K] with `start` and `end` added, and transitions [K, K].

        Logits past the length are taken as 0, so that nothing found there reaches any result.
        """
        transitions, start, end = (tf.cast(x, dtype) for x in (self.transitions, self.start, self.end))
        if constrained:
            transitions = tf.where(allowed_transitions(self.num_tags), transitions, _FORBIDDEN)
            start = tf.where(allowed_starts(self.num_tags), start, _FORBIDDEN)
        tag_logits = tf.where(_token_mask(tag_logits, lengths)[..., None], tf.cast(tag_logits, dtype), 0.0)
        tag_logits = _at_least_two_tokens(tag_logits)
        max_length = tf.shape(tag_logits)[1]
        is_first = tf.one_hot(tf.zeros_like(lengths), max_length, dtype=dtype)[..., None]
        is_last = tf.one_hot(lengths - 1, max_length, dtype=dtype)[..., None]
        return tag_logits + is_first * start + is_last * end, transitions


def _log_partition(unary_scores: tf.Tensor, transitions: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
    """[B, T, K], [K, K], [B] -> log Z [B]; means nothing for empty sentences."""
    prefixes = linear_chain.crf_forward(unary_scores[:, 1:], unary_scores[:, 0], transitions, lengths)
    return tf.reduce_logsumexp(prefixes, axis=-1)


def _at_least_two_tokens(values: tf.Tensor) -> tf.Tensor:
    """[B, T, ...] -> [B, max(T, 2), ...], padded with zeros: loops over the steps between tokens need one."""
    missing = tf.maximum(2 - tf.shape(values)[1], 0)
    return tf.pad(values, [[0, 0], [0, missing]] + [[0, 0]] * (values.shape.rank - 2))


def _token_mask(values: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
    """[B, T, ...], [B] -> bool [B, T]."""
    return tf.sequence_mask(lengths, tf.shape(values)[1])
