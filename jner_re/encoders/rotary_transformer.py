"""ModernBERT's network (Warner et al., 2024): norms first, rotary positions, global and local attention."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import tensorflow as tf

from jner_re.encoders.bricks import Dense, Norm, activated, dropped, padding_bias
from jner_re.encoders.checkpoint_weights import Arrays, dense, norm
from jner_re.encoders.network import Network, run_block
from jner_re.encoders.packing import Packing


@dataclasses.dataclass(frozen=True)
class Settings:
    """Of ModernBERT; encoder.json has them in this order.

    Attributes:
      vocabulary_size: V.
      width: D.
      inner: F.
      heads: H.
      positions: P, the longest sequence.
      activation: of the feed-forward network's gate.
      epsilon: of the layer normalisations.
      attention: for each block "g" (global) or "l" (local).
      reach: local attention goes that far to both sides.
      global_base: of the wave lengths of rotary positions in global attention.
      local_base: likewise in local attention.
      norm_bias: whether layer normalisations have an offset.
      attention_bias: whether the linear layers of attention have a bias.
      inner_bias: whether those of the feed-forward network have.
    """

    vocabulary_size: int
    width: int
    inner: int
    heads: int
    positions: int
    activation: str
    epsilon: float
    attention: str
    reach: int
    global_base: float
    local_base: float
    norm_bias: bool
    attention_bias: bool
    inner_bias: bool


@dataclasses.dataclass(frozen=True)
class Dropout:
    """Rates, which only fine-tuning applies.

    Attributes:
      embedding: of the first layer.
      attention: of attention weights, and of what attention gives.
      inner: inside the feed-forward network.
    """

    embedding: float
    attention: float
    inner: float


class RotaryTransformer(Network):
    """ModernBERT. As in the reference, the last layer is normalised, those between are not."""

    def __init__(
        self, settings: Settings, dropout: Dropout, arrays: Arrays, frozen_layers: int | None = None
    ) -> None:
        """Makes the variables.

        Args:
          settings: sizes and what else there is.
          dropout: rates.
          arrays: the weights, by the names that checkpoints have.
          frozen_layers: see `Transformer`; the last norm belongs to the last layer.

        Raises:
          InputError: if a weight is missing or of another shape.
        """
        super().__init__(name="transformer")
        s = settings
        self.vocabulary_size, self.width, self.max_positions = s.vocabulary_size, s.width, s.positions
        self.num_layers = len(s.attention) + 1
        self._options = s
        self._rates = dropout
        frozen = self.num_layers if frozen_layers is None else frozen_layers
        self._subword_embeddings = tf.Variable(
            arrays.get("embeddings.tok_embeddings.weight", s.vocabulary_size, s.width), trainable=frozen < 1
        )
        self._norm = Norm(
            norm(arrays, "embeddings.norm", s.width, s.norm_bias), s.epsilon, trainable=frozen < 1
        )
        self._blocks = [
            _Block(s, dropout, arrays, i, trainable=frozen <= i + 1) for i in range(len(s.attention))
        ]
        self._final_norm = Norm(
            norm(arrays, "final_norm", s.width, s.norm_bias), s.epsilon, trainable=frozen < self.num_layers
        )

    @property
    def settings(self) -> tuple[str | int | float, ...]:
        """The architecture, then `Settings`."""
        return ("modernbert", *dataclasses.astuple(self._options))

    @property
    def dropout(self) -> tuple[float, ...]:
        """See `Dropout`."""
        return dataclasses.astuple(self._rates)

    def __call__(
        self, ids: tf.Tensor, lengths: tf.Tensor, seed: tf.Tensor | None = None, recompute: bool = False
    ) -> list[tf.Tensor]:
        """See `Network`."""
        steps = tf.shape(ids)[1]
        packing = Packing(lengths, steps, self._options.heads)
        states = self._norm(tf.gather(self._subword_embeddings, packing.packed(ids)))
        layers = [dropped(states, self._rates.embedding, seed, 0)]
        bias = {"g": padding_bias(lengths, steps)}
        bias["l"] = bias["g"] + self._distance_bias(steps)
        rotations = {
            "g": self._rotations(self._options.global_base, steps),
            "l": self._rotations(self._options.local_base, steps),
        }
        for i, (block, kind) in enumerate(zip(self._blocks, self._options.attention, strict=True), start=1):
            own_seed = None if seed is None else tf.add(seed, [i * block.SEEDS, 0])
            run = functools.partial(block, rotations=rotations[kind], packing=packing, seed=own_seed)
            layers.append(run_block(run, recompute, layers[-1], bias[kind]))
        layers[-1] = self._final_norm(layers[-1])
        return layers

    def _distance_bias(self, steps: tf.Tensor) -> tf.Tensor:
        """What is added to scores of local attention [query, key]: -1e9 for what is too far."""
        position = tf.range(steps)
        distance = tf.abs(position[tf.newaxis, :] - position[:, tf.newaxis])
        return -1e9 * tf.cast(distance > self._options.reach, tf.float32)

    def _rotations(self, base: float, steps: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Cosine and sine by position, [2, 1, 1, S, D / 2H]: of query and key, the query's scaled."""
        width = self.width // self._options.heads
        powers = np.power(np.float32(base), np.arange(0, width, 2, dtype=np.float32) / np.float32(width))
        angles = tf.range(tf.cast(steps, tf.float32))[:, tf.newaxis] * (np.float32(1) / powers)
        scale = np.array([width**-0.5, 1], np.float32)[:, np.newaxis, np.newaxis, np.newaxis, np.newaxis]
        return tf.cos(angles) * scale, tf.sin(angles) * scale


class _Block(tf.Module):
    """Self-attention and a gated feed-forward network, each of normalised states and added to them."""

    SEEDS = 3  # of dropout

    def __init__(
        self, settings: Settings, dropout: Dropout, arrays: Arrays, number: int, trainable: bool
    ) -> None:
        super().__init__()
        s, name = settings, f"layers.{number}"
        self._heads = s.heads
        self._activation = s.activation
        self._rates = dropout
        self._attention_norm = None  # the embeddings are normalised already
        if number > 0:
            weights = norm(arrays, f"{name}.attn_norm", s.width, s.norm_bias)
            self._attention_norm = Norm(weights, s.epsilon, trainable)

        def linear(part: str, inputs: int, outputs: int, bias: bool) -> Dense:
            return Dense(dense(arrays, f"{name}.{part}", inputs, outputs, bias), trainable)

        self._attention_input = linear("attn.Wqkv", s.width, 3 * s.width, s.attention_bias)
        self._attention_output = linear("attn.Wo", s.width, s.width, s.attention_bias)
        self._norm = Norm(norm(arrays, f"{name}.mlp_norm", s.width, s.norm_bias), s.epsilon, trainable)
        self._expansion = linear("mlp.Wi", s.width, 2 * s.inner, s.inner_bias)
        self._contraction = linear("mlp.Wo", s.inner, s.width, s.inner_bias)

    def __call__(
        self,
        states: tf.Tensor,
        score_bias: tf.Tensor,
        rotations: tuple[tf.Tensor, tf.Tensor],
        packing: Packing,
        seed: tf.Tensor | None,
    ) -> tf.Tensor:
        """[R, D] to the same."""
        inputs = states if self._attention_norm is None else self._attention_norm(states)
        attended = self._attention_output(self._attend(inputs, score_bias, rotations, packing, seed))
        states += dropped(attended, self._rates.attention, seed, 1)
        inner, gate = tf.split(self._expansion(self._norm(states)), 2, axis=-1)
        inner = dropped(activated(inner, self._activation) * gate, self._rates.inner, seed, 2)
        return states + self._contraction(inner)

    def _attend(
        self,
        states: tf.Tensor,
        score_bias: tf.Tensor,
        rotations: tuple[tf.Tensor, tf.Tensor],
        packing: Packing,
        seed: tf.Tensor | None,
    ) -> tf.Tensor:
        split = packing.split(self._attention_input(states))
        query, key = tf.unstack(_rotated(split[:2], *rotations))
        value = split[2]  # [B, H, S, D / H], as the others
        weights = tf.nn.softmax(tf.matmul(query, key, transpose_b=True) + score_bias)
        weights = dropped(weights, self._rates.attention, seed, 0)
        return packing.join(tf.matmul(weights, value))


def _rotated(states: tf.Tensor, cosine: tf.Tensor, sine: tf.Tensor) -> tf.Tensor:
    """Turns number i of the first half and of the second, as a point of the plane, by the angle i."""
    first, second = tf.split(states, 2, axis=-1)
    return tf.concat([first * cosine - second * sine, second * cosine + first * sine], axis=-1)
