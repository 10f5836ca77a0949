"""A transformer checkpoint as a token encoder: words in, every layer's vector of every word out."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping

import tensorflow as tf

from jner_re import files
from jner_re.encoders import tokenizer_files
from jner_re.encoders.checkpoint_weights import weights_files
from jner_re.encoders.network import Network
from jner_re.encoders.vocabularies import Vocabulary
from jner_re.encoders.windows import Windows, make_windows
from jner_re.errors import InputError

# Padded subwords that go through the transformer at once: more would take memory and win no speed.
_SUBWORDS_AT_ONCE = 4096


def of_checkpoint(
    folder: pathlib.Path, network: Network, special_tokens: Mapping[str, str], pooling: str
) -> TokenEncoder:
    """The encoder of a checkpoint whose network has been read.

    Args:
      folder: with the weights and what the tokenizer has.
      network: of the checkpoint.
      special_tokens: of the architecture, see `tokenizer_files.read`.
      pooling: see `TokenEncoder`.

    Raises:
      InputError: if the tokenizer can't be used.
    """
    vocabulary = tokenizer_files.read(folder, special_tokens, network.vocabulary_size)
    try:
        return TokenEncoder(network, vocabulary, weights_files(folder), pooling)
    except (RuntimeError, OverflowError, tf.errors.OpError) as error:  # what TensorFlow Text doesn't take
        line = files.short_message(" ".join(str(error).split()))
        raise InputError(f"{folder}: a file of its tokenizer is damaged: {line}") from None


class TokenEncoder(tf.Module):
    """The contract of the package's encoders (see `architectures`), on a transformer."""

    def __init__(
        self,
        network: Network,
        vocabulary: Vocabulary,
        weights: tuple[pathlib.Path, ...],
        pooling: str = "mean",
    ) -> None:
        """Sets the encoder up.

        Args:
          network: from ids of subwords to states.
          vocabulary: its subwords.
          weights: the files that the network was read from.
          pooling: of a word's subwords: "mean", "first" for the first one alone, or "first_last" for the
            first and the last one joined, which is twice as wide.
        """
        super().__init__(name="token_encoder")
        self.pooling = pooling
        # This name is in the files of a SavedModel, and so in the fingerprint that trained models ask for.
        self._wordpiece = vocabulary.tokenizer()
        self._transformer = network
        self._first = vocabulary.first
        self._last = vocabulary.last
        self.num_layers = self._transformer.num_layers
        self.width = self._transformer.width * (2 if pooling == "first_last" else 1)
        self.lowercase = vocabulary.lowercase
        self.weights_files = weights
        self.settings = network.settings
        self.vocabulary = vocabulary

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None], tf.string, "tokens"),
            tf.TensorSpec([None], tf.int32, "sequence_len"),
        ]
    )
    def tokens(self, tokens: tf.Tensor, sequence_len: tf.Tensor) -> dict[str, tf.Tensor]:
        """The signature `tokens`.

        Args:
          tokens: string [B, T], padded with "".
          sequence_len: int32 [B].

        Returns:
          `layers`, float32 [B, T, L, D]: embeddings first; zeros past the length.
        """
        batch, steps = tf.unstack(tf.shape(tokens, tf.int64))
        lengths = tf.clip_by_value(tf.cast(sequence_len, tf.int64), 0, steps)
        places = tf.where(tf.sequence_mask(lengths, steps))  # [N, 2]
        subwords = self._wordpiece(tf.gather_nd(tokens, places))
        windows = self._windows(subwords, lengths)
        vectors = self._encode(subwords.values, windows)
        return {"layers": self._layers(vectors, subwords, places, batch, steps)}

    def from_subwords(
        self,
        subword_ids: tf.Tensor,
        lengths: tf.Tensor,
        training: bool = False,
        seed: tf.Tensor | None = None,
        recompute: bool = False,
    ) -> tf.Tensor:
        """The same for words that are split into subwords already, and differentiable.

        Args:
          subword_ids: int32 [B, T, P], of each word the ids of its subwords plus one, 0 past the last one.
          lengths: int [B].
          training: whether all subwords go through the transformer at once.
          seed: see `Network`; only for training.
          recompute: likewise.

        Returns:
          float32 [B, T, L, D].
        """
        batch, steps, _ = tf.unstack(tf.shape(subword_ids, tf.int64))
        lengths = tf.cast(lengths, tf.int64)
        places = tf.where(tf.sequence_mask(lengths, steps))
        words = tf.gather_nd(subword_ids, places)
        subwords = tf.RaggedTensor.from_tensor(words - 1, tf.math.count_nonzero(words, axis=1))
        windows = self._windows(subwords, lengths)
        if training:
            count = tf.size(windows.starts, tf.int64)
            vectors = self._encode_group(
                subwords.values, windows, tf.zeros_like(count), count, seed, recompute
            )
        else:
            vectors = self._encode(subwords.values, windows)
        return self._layers(vectors, subwords, places, batch, steps)

    @property
    def signatures(self) -> dict[str, tf.types.experimental.GenericFunction]:
        """Those of the SavedModel."""
        return {"tokens": self.tokens}

    @property
    def dropout(self) -> tuple[float, ...]:
        """See `Network`."""
        return self._transformer.dropout

    def _windows(self, subwords: tf.RaggedTensor, lengths: tf.Tensor) -> Windows:
        return make_windows(subwords.row_lengths(), lengths, self._transformer.max_positions - 2)

    def _layers(
        self,
        vectors: tf.Tensor,
        subwords: tf.RaggedTensor,
        places: tf.Tensor,
        batch: tf.Tensor,
        steps: tf.Tensor,
    ) -> tf.Tensor:
        """Vectors of subwords [P, L, H] to those of words, at their places [N, 2] in [B, T, L, D]."""
        words = self._pool(vectors, subwords)
        layers = tf.scatter_nd(places, words, tf.stack([batch, steps, self.num_layers, self.width]))
        return tf.ensure_shape(layers, [None, None, self.num_layers, self.width])

    def _pool(self, vectors: tf.Tensor, subwords: tf.RaggedTensor) -> tf.Tensor:
        """Vectors of subwords [P, L, H] to vectors of words [N, L, D]."""
        if self.pooling != "mean":
            first = tf.gather(vectors, subwords.row_starts())
            if self.pooling == "first":
                return first
            return tf.concat([first, tf.gather(vectors, subwords.row_limits() - 1)], axis=-1)
        return tf.math.segment_mean(vectors, subwords.value_rowids())

    def _encode(self, ids: tf.Tensor, windows: Windows) -> tf.Tensor:
        """Ids [P] to vectors [P, L, H], a bounded number of windows at a time."""
        count = tf.size(windows.starts, tf.int64)
        longest = tf.reduce_max(tf.concat([windows.lengths, [0]], 0)) + 2
        at_once = tf.maximum(_SUBWORDS_AT_ONCE // longest, 1)
        groups = -(-count // at_once)
        vectors = tf.TensorArray(
            tf.float32,
            tf.cast(groups, tf.int32),
            infer_shape=False,
            element_shape=[None, self.num_layers, self._transformer.width],
        )

        def encode_group(group: tf.Tensor, vectors: tf.TensorArray) -> tuple[tf.Tensor, tf.TensorArray]:
            begin = group * at_once
            end = tf.minimum(begin + at_once, count)
            return group + 1, vectors.write(
                tf.cast(group, tf.int32), self._encode_group(ids, windows, begin, end)
            )

        _, vectors = tf.while_loop(
            lambda group, _: group < groups,
            encode_group,
            (tf.constant(0, tf.int64), vectors),
            parallel_iterations=1,
        )
        return tf.ensure_shape(vectors.concat(), [None, self.num_layers, self._transformer.width])

    def _encode_group(
        self,
        ids: tf.Tensor,
        windows: Windows,
        begin: tf.Tensor,
        end: tf.Tensor,
        seed: tf.Tensor | None = None,
        recompute: bool = False,
    ) -> tf.Tensor:
        """Vectors of the subwords that windows `begin` to `end` own, [p, L, H]."""
        starts, lengths = windows.starts[begin:end], windows.lengths[begin:end]
        owned = tf.searchsorted(windows.owners, tf.stack([begin, end]), out_type=tf.int64)
        steps = tf.reduce_max(lengths) + 2
        # Each row: first, the window's subwords, last, padding.
        position = tf.range(steps)[tf.newaxis, :] - 1
        index = tf.clip_by_value(starts[:, tf.newaxis] + position, 0, tf.size(ids, tf.int64))
        rows = tf.gather(tf.concat([ids, [self._first]], 0), index)
        rows = tf.where(position < 0, self._first, rows)
        rows = tf.where(position >= lengths[:, tf.newaxis], self._last, rows)
        layers = self._transformer(rows, lengths + 2, seed, recompute)

        owners = windows.owners[owned[0] : owned[1]] - begin
        subwords = tf.range(owned[0], owned[1])
        firsts = tf.cumsum(lengths + 2, exclusive=True)  # of the rows that are no padding
        places = tf.gather(firsts - starts, owners) + subwords + 1
        return tf.stack([tf.gather(layer, places) for layer in layers], axis=1)
