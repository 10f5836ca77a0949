"""Byte-level BPE in the graph (RoBERTa, ModernBERT): bytes, merged by rank."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import tensorflow as tf

from jner_re.encoders.word_pipeline import Step, WordPipeline

_NONE = np.iinfo(np.int64).max  # the rank of a pair that isn't merged


@dataclasses.dataclass(frozen=True)
class BytePairVocabulary:
    """The merges of a checkpoint and how words are prepared for them.

    Attributes:
      byte_ids: of each of the 256 bytes.
      merges: left id, right id and the merged one's, in order of rank.
      first: id put before every sentence.
      last: id put after every sentence.
      unknown: id of a word without text.
      lowercase: whether the checkpoint is uncased.
      added: texts that are one subword each, with their ids; see `WordPipeline`.
      normalizers: see `word_pipeline`.
      pre_tokenizers: likewise.
    """

    byte_ids: tuple[int, ...]
    merges: tuple[tuple[int, int, int], ...]
    first: int
    last: int
    unknown: int
    lowercase: bool
    added: tuple[tuple[str, int], ...]
    normalizers: tuple[Step, ...]
    pre_tokenizers: tuple[Step, ...]

    def tokenizer(self) -> tf.Module:
        """Words string [N] -> ids int32 [N, (subwords)]."""
        return WordPipeline(
            self.added,
            self.normalizers,
            self.pre_tokenizers,
            BytePairs(self.byte_ids, self.merges),
            self.unknown,
        )


def byte_ids(vocabulary: Mapping[str, int]) -> tuple[int, ...]:
    """The ids of single bytes, in a vocabulary that writes bytes as characters that can be seen.

    Raises:
      ValueError: if a byte has none.
    """
    seen = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    hidden = [byte for byte in range(256) if byte not in seen]
    characters = {byte: chr(byte) for byte in seen} | {byte: chr(256 + i) for i, byte in enumerate(hidden)}
    for byte in range(256):
        if characters[byte] not in vocabulary:
            raise ValueError(f"no subword is the byte {byte} ({characters[byte]!r})")
    return tuple(vocabulary[characters[byte]] for byte in range(256))


def merge_ids(
    merges: Iterable[Sequence[str]], vocabulary: Mapping[str, int]
) -> tuple[tuple[int, int, int], ...]:
    """Merges of texts, the first rank first, as ids; of a pair that is there twice the last counts.

    Raises:
      ValueError: if a text is not in the vocabulary.
    """
    ranked: dict[tuple[int, int], int] = {}
    for left, right in merges:
        for text in (left, right, left + right):
            if text not in vocabulary:
                raise ValueError(f"the merge {left} {right} needs {text!r}, expected in the vocabulary")
        pair = vocabulary[left], vocabulary[right]
        ranked.pop(pair, None)
        ranked[pair] = vocabulary[left + right]
    return tuple((*pair, merged) for pair, merged in ranked.items())


class BytePairs(tf.Module):
    """Merges the bytes of parts; see `BytePairVocabulary` for the arguments."""

    def __init__(self, byte_ids: tuple[int, ...], merges: tuple[tuple[int, int, int], ...]) -> None:
        super().__init__(name="byte_pairs")
        self._byte_ids = np.array(byte_ids, np.int64)
        left, right, merged = np.array(merges, np.int64).reshape(-1, 3).T
        self._size = max((*byte_ids, merged.max(initial=0))) + 1
        pairs = left * self._size + right
        # A last pair that nothing equals, so that there is one.
        self._ranks = np.append(np.argsort(pairs, kind="stable"), _NONE)
        self._pairs = np.append(np.sort(pairs), _NONE)
        self._merged = np.append(merged, 0)

    def __call__(self, parts: tf.Tensor) -> tf.RaggedTensor:
        """Ids of parts; each distinct one is merged once.

        Args:
          parts: string [P].

        Returns:
          int32 [P, (subwords)].
        """
        distinct, places = tf.unique(parts)
        characters = tf.strings.bytes_split(distinct)
        codes = tf.reshape(tf.io.decode_raw(characters.values, tf.uint8), [-1])
        ids, owners = self._merge(
            tf.gather(self._byte_ids, tf.cast(codes, tf.int32)), characters.value_rowids()
        )
        ids = tf.RaggedTensor.from_value_rowids(tf.cast(ids, tf.int32), owners, tf.size(distinct, tf.int64))
        return tf.gather(ids, places)

    def _merge(self, ids: tf.Tensor, owners: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Merges in each part the leftmost pair of the lowest rank, until no part has one that is merged.

        Args:
          ids: int64 [S], of the parts' bytes, one part after the other.
          owners: int64 [S], the number of the part that each belongs to.

        Returns:
          Ids and owners of the subwords, sorted by owner.
        """
        none = tf.zeros([0], tf.int64)

        def step(
            ids: tf.Tensor, owners: tf.Tensor, done_ids: tf.Tensor, done_owners: tf.Tensor
        ) -> tuple[tf.Tensor, ...]:
            ranks = self._pair_ranks(ids, owners)
            lowest = tf.gather(tf.math.segment_min(ranks, owners), owners)
            is_done = lowest == _NONE
            position = tf.range(tf.size(ids, tf.int64))
            candidates = tf.where((ranks == lowest) & ~is_done, position, _NONE)
            is_left = position == tf.gather(tf.math.segment_min(candidates, owners), owners)
            is_right = tf.concat([[False], is_left[:-1]], 0)
            ids = tf.where(is_left, tf.gather(self._merged, tf.where(is_left, ranks, 0)), ids)
            is_kept = ~is_done & ~is_right
            return (
                tf.boolean_mask(ids, is_kept),
                tf.boolean_mask(owners, is_kept),
                tf.concat([done_ids, tf.boolean_mask(ids, is_done)], 0),
                tf.concat([done_owners, tf.boolean_mask(owners, is_done)], 0),
            )

        _, _, ids, owners = tf.while_loop(
            lambda ids, *_: tf.size(ids) > 0,
            step,
            (ids, owners, none, none),
            shape_invariants=(tf.TensorShape([None]),) * 4,
            parallel_iterations=1,
        )
        order = tf.argsort(owners, stable=True)
        return tf.gather(ids, order), tf.gather(owners, order)

    def _pair_ranks(self, ids: tf.Tensor, owners: tf.Tensor) -> tf.Tensor:
        """The rank of the pair that each id [S] begins, int64 [S]."""
        pairs = ids[:-1] * self._size + ids[1:]
        places = tf.searchsorted(self._pairs, pairs)
        is_merged = (tf.gather(self._pairs, places) == pairs) & (owners[:-1] == owners[1:])
        ranks = tf.where(is_merged, tf.gather(self._ranks, places), _NONE)
        return tf.concat([ranks, [_NONE]], 0)
