"""ELMo (Peters et al., 2018): a bidirectional language model over characters, with bilm-tf's weights."""

from __future__ import annotations

import pathlib
from typing import NamedTuple

import tensorflow as tf

from jner_re.encoders import elmo_checkpoint
from jner_re.encoders.elmo_checkpoint import ElmoCheckpoint
from jner_re.encoders.projected_lstm import ProjectedLstm, State, frozen

NAME = "elmo"
_CHARS = 50  # of a token: begin, at most 48 bytes, end, padding
_BYTES = _CHARS - 2
# Ids of characters, one more than in bilm-tf, where masking takes 0: bytes are 1 to 256.
_SENTENCE_BEGIN, _SENTENCE_END, _WORD_BEGIN, _WORD_END, _PADDING = 257, 258, 259, 260, 261


def reads(folder: pathlib.Path) -> bool:
    """Whether the folder is an ELMo's: it has options.json."""
    return (folder / elmo_checkpoint.OPTIONS).is_file()


def read(folder: pathlib.Path, pooling: str = "mean") -> Elmo:
    """The encoder.

    Args:
      folder: with options.json and weights.hdf5.
      pooling: without meaning here: there are no subwords.

    Raises:
      InputError: if the checkpoint can't be used.
    """
    return read_files(folder / elmo_checkpoint.OPTIONS, folder / elmo_checkpoint.WEIGHTS)


def read_files(options: pathlib.Path, weights: pathlib.Path) -> Elmo:
    """The same of two files, wherever they are."""
    return Elmo(elmo_checkpoint.read(options, weights))


class Elmo(tf.Module):
    """The contract of the package's encoders (see `architectures`), without state."""

    def __init__(self, checkpoint: ElmoCheckpoint) -> None:
        """Makes the weights, all frozen."""
        super().__init__(name="elmo")
        options = checkpoint.options
        self.num_layers = options.layers + 1
        self.width = 2 * options.width
        self.lowercase = False
        self.weights_files = (checkpoint.weights_file,)
        self.settings = tuple(map(str, (NAME, options)))
        self.vocabulary = None
        self._words = WordEncoder(checkpoint)
        self._lstms = [
            [ProjectedLstm(lstm, options.cell_clip, options.projection_clip) for lstm in direction]
            for direction in checkpoint.lstms
        ]
        self._skip = options.skip_connections

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None], tf.string, "tokens"),
            tf.TensorSpec([None], tf.int32, "sequence_len"),
        ],
        autograph=False,
    )
    def tokens(self, tokens: tf.Tensor, sequence_len: tf.Tensor) -> dict[str, tf.Tensor]:
        """The signature `tokens`.

        Args:
          tokens: string [B, T], padded with ""; raw bytes, which need not be UTF-8.
          sequence_len: int32 [B].

        Returns:
          `layers`, float32 [B, T, L, D], zeros past the length; and as google/elmo `word_emb` [B, T, D / 2],
          `lstm_outputs1`, ... [B, T, D], `elmo` [B, T, D], the mean of the layers, and `default` [B, D], the
          mean of it over the tokens.
        """
        lengths = tf.clip_by_value(sequence_len, 0, tf.shape(tokens)[1])
        words, contexts, _ = self.states(tokens, lengths)
        mask = tf.sequence_mask(lengths, tf.shape(tokens)[1], tf.float32)[:, :, tf.newaxis]
        words, contexts = words * mask, [context * mask for context in contexts]
        layers = tf.stack([tf.concat([words, words], axis=-1), *contexts], axis=2)
        layers = tf.ensure_shape(layers, [None, None, self.num_layers, self.width])
        elmo = tf.reduce_mean(layers, axis=2)
        count = tf.cast(tf.maximum(lengths, 1), tf.float32)[:, tf.newaxis]
        return {
            "layers": layers,
            "word_emb": words,
            **{f"lstm_outputs{i}": context for i, context in enumerate(contexts, start=1)},
            "elmo": elmo,
            "default": tf.reduce_sum(elmo, axis=1) / count,
        }

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "strings")], autograph=False)
    def default(self, strings: tf.Tensor) -> dict[str, tf.Tensor]:
        """The signature `default`: the same of sentences [B] that are split at spaces."""
        words = tf.strings.split(strings, " ")
        words = tf.ragged.boolean_mask(words, words != "")
        return self.tokens(words.to_tensor(""), tf.cast(words.row_lengths(), tf.int32))

    @property
    def signatures(self) -> dict[str, tf.types.experimental.GenericFunction]:
        """Those of the SavedModel."""
        return {"tokens": self.tokens, "default": self.default}

    def states(
        self,
        tokens: tf.Tensor,
        lengths: tf.Tensor,
        initial: list[list[State]] | None = None,
    ) -> tuple[tf.Tensor, list[tf.Tensor], list[list[State]]]:
        """Vectors of words without and with their contexts; past the length they mean nothing.

        Args:
          tokens: string [B, T].
          lengths: int32 [B].
          initial: [direction][layer], cell [B, units] and projection [B, D / 2] to start from; zeros by
            default.

        Returns:
          Words [B, T, D / 2]; contexts [B, T, D] of each LSTM layer, forward ∘ backward; and the last states,
          as `initial`.
        """
        inputs = self._words(tokens, lengths)  # [B, T + 2, D / 2], with the marks of begin and end
        steps = Steps.of(lengths + 2, tf.shape(inputs)[1])
        outputs: list[list[tf.Tensor]] = []
        last: list[list[State]] = []
        for direction, (lstms, places) in enumerate(
            zip(self._lstms, (steps.forward, steps.backward), strict=True)
        ):
            states = tf.gather_nd(inputs, places)
            outputs.append([])
            last.append([])
            for layer, lstm in enumerate(lstms):
                start = initial[direction][layer] if initial else lstm.zeros(tf.shape(tokens)[0])
                new, end = lstm(states, steps.sizes, steps.sorted(start))
                states = new + states if self._skip and layer else new
                outputs[-1].append(tf.scatter_nd(places, states, tf.shape(inputs)))
                last[-1].append(steps.unsorted(end))
        contexts = [tf.concat(both, axis=-1)[:, 1:-1] for both in zip(*outputs, strict=True)]
        return inputs[:, 1:-1], contexts, last


class Steps(NamedTuple):
    """The order in which LSTMs read the N tokens of sentences: step by step, the longest sentence first.

    No padding is read: at each step only the sentences that have not ended.

    Attributes:
      sizes: int32 [T], the sentences that have not ended before each step.
      order: int32 [B], the sentences by length.
      forward: int32 [N, 2], sentence and place of each token that the forward LSTM reads.
      backward: the same of the backward LSTM.
    """

    sizes: tf.Tensor
    order: tf.Tensor
    forward: tf.Tensor
    backward: tf.Tensor

    @classmethod
    def of(cls, lengths: tf.Tensor, count: tf.Tensor) -> Steps:
        """Those of sentences of `lengths` [B], of which the longest may be `count`."""
        order = tf.argsort(lengths, direction="DESCENDING", stable=True)
        goes_on = tf.transpose(tf.sequence_mask(tf.gather(lengths, order), count))  # [T, B]
        step, place = tf.unstack(tf.cast(tf.where(goes_on), tf.int32), axis=1)
        sentence = tf.gather(order, place)
        from_end = tf.gather(lengths, sentence) - 1 - step
        sizes = tf.math.count_nonzero(goes_on, axis=1, dtype=tf.int32)
        return cls(sizes, order, tf.stack([sentence, step], axis=1), tf.stack([sentence, from_end], axis=1))

    def sorted(self, state: State) -> State:
        """In the order of `order`."""
        cell, projection = (tf.gather(part, self.order) for part in state)
        return cell, projection

    def unsorted(self, state: State) -> State:
        """In the order of the sentences."""
        back = tf.math.invert_permutation(self.order)
        cell, projection = (tf.gather(part, back) for part in state)
        return cell, projection


class WordEncoder(tf.Module):
    """Characters of words to vectors: convolutions, highway layers, projection."""

    def __init__(self, checkpoint: ElmoCheckpoint) -> None:
        super().__init__(name="words")
        self._activation = getattr(tf.nn, checkpoint.options.activation)
        self._embedding = frozen(checkpoint.embedding)
        self._convolutions = [tuple(map(frozen, weights)) for weights in checkpoint.convolutions]
        self._highways = [tuple(map(frozen, weights)) for weights in checkpoint.highways]
        self._projection = tuple(map(frozen, checkpoint.projection))

    def __call__(self, tokens: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
        """[B, T], [B] to [B, T + 2, D / 2]: marks of begin and end around each sentence's tokens."""
        batch, steps = tf.unstack(tf.shape(tokens))
        different, places = tf.unique(tf.reshape(tokens, [-1]))  # each word is encoded once
        marks = [_mark(_SENTENCE_BEGIN), _mark(_SENTENCE_END), tf.zeros([1, _CHARS], tf.int32)]
        vectors = self.encode(tf.concat([*marks, character_ids(different)], axis=0))
        places = tf.reshape(places, [batch, steps]) + len(marks)
        places = tf.where(tf.sequence_mask(lengths, steps), places, 2)
        begin, after = tf.zeros([batch, 1], tf.int32), tf.fill([batch, 1], 2)
        places = tf.concat([begin, places, after], axis=1)
        is_end = tf.range(steps + 2)[tf.newaxis, :] == lengths[:, tf.newaxis] + 1
        return tf.gather(vectors, tf.where(is_end, 1, places))

    def encode(self, char_ids: tf.Tensor) -> tf.Tensor:
        """int32 [N, 50] to [N, D / 2]."""
        chars = tf.gather(self._embedding, char_ids)
        parts = []
        for kernel, bias in self._convolutions:
            convolved = tf.nn.conv1d(chars, kernel, stride=1, padding="VALID")
            parts.append(self._activation(tf.reduce_max(convolved, axis=1) + bias))
        states = tf.concat(parts, axis=-1)
        for gate_kernel, gate_bias, kernel, bias in self._highways:
            gate = tf.sigmoid(tf.matmul(states, gate_kernel) + gate_bias)
            states = gate * tf.nn.relu(tf.matmul(states, kernel) + bias) + (1 - gate) * states
        kernel, bias = self._projection
        return tf.matmul(states, kernel) + bias


def character_ids(words: tf.Tensor) -> tf.Tensor:
    """Bytes of words as ids: string [N] to int32 [N, 50]."""
    lengths = tf.minimum(tf.strings.length(words), _BYTES)
    values = tf.cast(tf.io.decode_raw(words, tf.uint8, fixed_length=_BYTES), tf.int32) + 1  # [N, 48]
    place = tf.range(_BYTES + 1)[tf.newaxis, :]
    ids = tf.concat([values, tf.fill([tf.shape(values)[0], 1], _PADDING)], axis=1)
    ids = tf.where(place < lengths[:, tf.newaxis], ids, _PADDING)
    ids = tf.where(place == lengths[:, tf.newaxis], _WORD_END, ids)
    return tf.concat([tf.fill([tf.shape(ids)[0], 1], _WORD_BEGIN), ids], axis=1)


def _mark(char: int) -> tf.Tensor:
    return tf.constant([[_WORD_BEGIN, char, _WORD_END] + [_PADDING] * (_CHARS - 3)], tf.int32)
