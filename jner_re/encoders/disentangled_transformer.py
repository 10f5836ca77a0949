"""DeBERTa's network (He et al., 2021): content attends to content and to distances, distances to content."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import tensorflow as tf

from jner_re.encoders.bricks import Dense, Norm, PostNormBlock, activated, dropped, padding_bias
from jner_re.encoders.checkpoint import BlockNames, read_block
from jner_re.encoders.checkpoint_weights import Arrays, dense, norm
from jner_re.encoders.network import Network, run_block
from jner_re.encoders.packing import Packing

_BLOCK_NAMES = BlockNames(
    query="attention.self.query_proj",
    key="attention.self.key_proj",
    value="attention.self.value_proj",
    output="attention.output.dense",
    norm="attention.output.LayerNorm",
)


@dataclasses.dataclass(frozen=True)
class Settings:
    """Of DeBERTa-v2 and -v3; encoder.json has them in this order. E is the embeddings' width.

    Attributes:
      vocabulary_size: V.
      embedding_width: E; if it isn't D, there is a projection.
      width: D.
      inner: F.
      heads: H.
      layers: blocks.
      positions: P, the longest sequence.
      activation: of the feed-forward network.
      epsilon: of the layer normalisations.
      token_types: 0 if there are no embeddings of them; all tokens are of type 0.
      has_positions: whether there are embeddings of absolute positions.
      has_distances: whether attention goes by distance.
      content_to_position: whether the content asks for distances.
      position_to_content: whether distances ask for the content.
      shares_projections: whether distances are projected as the content is.
      norms_distances: whether the embeddings of distances are normalised.
      buckets: distances of which side have embeddings, those far away together; 0 if each has its own.
      max_distance: the largest.
      convolution: width of the kernel beside the first block; 0 for none.
      convolution_activation: "tanh" or one of `checkpoint_config.ACTIVATIONS`.
    """

    vocabulary_size: int
    embedding_width: int
    width: int
    inner: int
    heads: int
    layers: int
    positions: int
    activation: str
    epsilon: float
    token_types: int
    has_positions: bool
    has_distances: bool
    content_to_position: bool
    position_to_content: bool
    shares_projections: bool
    norms_distances: bool
    buckets: int
    max_distance: int
    convolution: int
    convolution_activation: str

    @property
    def score_scale(self) -> float:
        """The inverse root of a head's width times the number of products that are added."""
        products = 1 + self.content_to_position + self.position_to_content
        return (self.width // self.heads * products) ** -0.5


class DisentangledTransformer(Network):
    """DeBERTa-v2 or -v3."""

    def __init__(
        self,
        settings: Settings,
        dropout: tuple[float, float],
        arrays: Arrays,
        frozen_layers: int | None = None,
    ) -> None:
        """Makes the variables.

        Args:
          settings: sizes and what else there is.
          dropout: rates of states and of attention weights.
          arrays: the weights, by the names that checkpoints have.
          frozen_layers: see `Transformer`; the embeddings of distances are of the first layer.

        Raises:
          InputError: if a weight is missing or of another shape.
        """
        super().__init__(name="transformer")
        self._options = s = settings
        self.vocabulary_size, self.width, self.max_positions = s.vocabulary_size, s.width, s.positions
        self.num_layers = s.layers + 1
        self._dropout, self._attention_dropout = dropout
        frozen = self.num_layers if frozen_layers is None else frozen_layers

        def embeddings(name: str, rows: int, width: int) -> tf.Variable:
            return tf.Variable(arrays.get(f"{name}.weight", rows, width), trainable=frozen < 1)

        inside = s.embedding_width
        self._subword_embeddings = embeddings("embeddings.word_embeddings", s.vocabulary_size, inside)
        if s.has_positions:
            self._position_embeddings = embeddings("embeddings.position_embeddings", s.positions, inside)
        if s.token_types:
            self._type_embeddings = embeddings("embeddings.token_type_embeddings", s.token_types, inside)
        if inside != s.width:
            projection = dense(arrays, "embeddings.embed_proj", inside, s.width, bias=False)
            self._projection = Dense(projection, trainable=frozen < 1)
        self._norm = Norm(norm(arrays, "embeddings.LayerNorm", s.width), s.epsilon, trainable=frozen < 1)
        if s.has_distances:
            span = s.buckets or s.max_distance
            self._distance_embeddings = embeddings("encoder.rel_embeddings", 2 * span, s.width)
        if s.norms_distances:
            weights = norm(arrays, "encoder.LayerNorm", s.width)
            self._distance_norm = Norm(weights, s.epsilon, trainable=frozen < 1)
        self._blocks = [_Block(s, dropout, arrays, i, trainable=frozen <= i + 1) for i in range(s.layers)]
        if s.convolution:
            self._convolution = _Convolution(s, self._dropout, arrays, trainable=frozen <= 1)

    @property
    def settings(self) -> tuple[str | int | float, ...]:
        """The architecture, then `Settings`."""
        return ("deberta-v2", *dataclasses.astuple(self._options))

    @property
    def dropout(self) -> tuple[float, ...]:
        """Rates of states and of attention weights."""
        return self._dropout, self._attention_dropout

    def __call__(
        self, ids: tf.Tensor, lengths: tf.Tensor, seed: tf.Tensor | None = None, recompute: bool = False
    ) -> list[tf.Tensor]:
        """See `Network`."""
        steps = tf.shape(ids)[1]
        packing = Packing(lengths, steps, self._options.heads)
        layers = [dropped(self._embed(ids, packing), self._dropout, seed, 0)]
        inputs = [padding_bias(lengths, steps)]
        rows: list[tf.Tensor] = []
        if self._options.has_distances:
            table, *rows = self._distances(steps)
            inputs.append(table)

        def run(block: _Block, seed: tf.Tensor | None, states: tf.Tensor, *inputs: tf.Tensor) -> tf.Tensor:
            return block(states, *inputs, *rows, packing=packing, seed=seed)

        for i, block in enumerate(self._blocks, start=1):
            own_seed = None if seed is None else tf.add(seed, [i * block.SEEDS, 0])
            states = run_block(functools.partial(run, block, own_seed), recompute, layers[-1], *inputs)
            if i == 1 and self._options.convolution:
                own_seed = None if seed is None else tf.add(seed, [self.num_layers * block.SEEDS, 0])
                states = self._convolution(layers[0], states, packing, own_seed)
            layers.append(states)
        return layers

    def _embed(self, ids: tf.Tensor, packing: Packing) -> tf.Tensor:
        """[R, D]."""
        states = tf.gather(self._subword_embeddings, packing.packed(ids))
        if self._options.has_positions:
            states += tf.gather(self._position_embeddings, packing.positions)
        if self._options.token_types:
            states += self._type_embeddings[0]
        if self._options.embedding_width != self.width:
            states = self._projection(states)
        return self._norm(states)

    def _distances(self, steps: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Embeddings of the distances that a sequence of S has, [U, D], and which of them -S to S have."""
        rows = tf.constant(distance_rows(self._options), tf.int32)  # of -P to P
        rows = rows[self.max_positions - steps : self.max_positions + steps + 1]
        table = self._distance_embeddings[rows[0] : rows[-1] + 1]
        if self._options.norms_distances:
            table = self._distance_norm(table)
        return table, rows - rows[0]


def distance_rows(settings: Settings) -> np.ndarray:
    """The row of the embeddings for each distance from -P to P: position of the query less that of the key.

    Up to half of the buckets have one distance each; the others grow with the logarithm of the distance.
    """
    distances = np.arange(-settings.positions, settings.positions + 1)
    span = settings.buckets or settings.max_distance
    buckets = distances
    if settings.buckets:
        middle = settings.buckets // 2
        far = np.maximum(np.abs(distances), middle).astype(np.float32)
        growth = np.log(far / np.float32(middle)) / np.log(np.float32((settings.max_distance - 1) / middle))
        logarithmic = np.ceil(growth * np.float32(middle - 1)) + middle
        buckets = np.where(np.abs(distances) <= middle, distances, np.sign(distances) * logarithmic)
    return np.clip(buckets.astype(np.int64) + span, 0, 2 * span - 1)


class _Block(PostNormBlock):
    SEEDS = 4

    def __init__(
        self,
        settings: Settings,
        dropout: tuple[float, float],
        arrays: Arrays,
        number: int,
        trainable: bool,
    ) -> None:
        super().__init__(
            read_block(arrays, number, _BLOCK_NAMES, settings.width, settings.inner),
            settings.heads,
            settings.activation,
            settings.epsilon,
            settings.score_scale,
            dropout,
            trainable,
        )
        self._options = settings
        if settings.has_distances and not settings.shares_projections:
            names = f"{_BLOCK_NAMES.block}.{number}.attention.self.pos"
            width = settings.width
            if settings.content_to_position:
                self._position_key = Dense(dense(arrays, f"{names}_key_proj", width, width), trainable)
            if settings.position_to_content:
                self._position_query = Dense(dense(arrays, f"{names}_query_proj", width, width), trainable)

    def scores(
        self, query: tf.Tensor, key: tf.Tensor, *inputs: tf.Tensor, seed: tf.Tensor | None
    ) -> tf.Tensor:
        """As `PostNormBlock`, from a query that is scaled; distances as `_distances` gives them."""
        scores = tf.matmul(query, key, transpose_b=True) + inputs[0]
        if not self._options.has_distances:
            return scores
        _, table, rows = inputs
        table = dropped(table, self._dropout, seed, 3)
        width = table.shape[-1]
        both = self._attention_input(table) if self._options.shares_projections else None
        if self._options.content_to_position:  # query i, key j at distance i - j
            keys = self._position_key(table) if both is None else both[:, width : 2 * width]
            scores += _shifted(tf.matmul(query, self._by_distance(keys, rows[-2::-1]), transpose_b=True))
        if self._options.position_to_content:
            queries = self._position_query(table) if both is None else both[:, :width]
            queries = self._by_distance(queries * self._score_scale, rows[1:])
            by_key = _shifted(tf.matmul(key, queries, transpose_b=True))  # [B, H, key, query]
            scores += tf.transpose(by_key, [0, 1, 3, 2])
        return scores

    def _by_distance(self, projected: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
        """[U, D] and 2S rows to [H, 2S, D / H]."""
        projected = tf.reshape(
            tf.gather(projected, rows), [-1, self._heads, projected.shape[-1] // self._heads]
        )
        return tf.transpose(projected, [1, 0, 2])


def _shifted(scores: tf.Tensor) -> tf.Tensor:
    """[B, H, S, 2S] to [B, H, S, S]: at (i, j) what was at (i, S - 1 - i + j).

    Read as one row, each row of the result begins 2S - 1 behind the one before.
    """
    batch, heads, steps, _ = tf.unstack(tf.shape(scores))
    flat = tf.reshape(scores, [batch, heads, 2 * steps * steps])
    flat = flat[:, :, steps - 1 : steps - 1 + steps * (2 * steps - 1)]
    return tf.reshape(flat, [batch, heads, steps, 2 * steps - 1])[..., :steps]


class _Convolution(tf.Module):
    """A convolution of the embeddings, added to the first block's states, which are normalised again."""

    def __init__(self, settings: Settings, dropout: float, arrays: Arrays, trainable: bool) -> None:
        super().__init__()
        width = settings.width
        kernel = arrays.get("encoder.conv.conv.weight", width, width, settings.convolution)
        self._kernel = tf.Variable(np.transpose(kernel, [2, 1, 0]), trainable=trainable)
        self._bias = tf.Variable(arrays.get("encoder.conv.conv.bias", width), trainable=trainable)
        self._norm = Norm(norm(arrays, "encoder.conv.LayerNorm", width), settings.epsilon, trainable)
        self._activation = settings.convolution_activation
        self._dropout = dropout

    def __call__(
        self,
        embeddings: tf.Tensor,
        states: tf.Tensor,
        packing: Packing,
        seed: tf.Tensor | None,
    ) -> tf.Tensor:
        outputs = tf.nn.conv1d(packing.padded(embeddings), self._kernel, 1, "SAME")
        outputs = tf.nn.bias_add(packing.packed(outputs), self._bias)
        outputs = dropped(outputs, self._dropout, seed, 0)
        outputs = tf.tanh(outputs) if self._activation == "tanh" else activated(outputs, self._activation)
        return self._norm(states + outputs)
