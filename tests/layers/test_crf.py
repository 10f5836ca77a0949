from __future__ import annotations

import itertools
import pathlib
from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras

from jner_re.features import tags
from jner_re.layers import crf as crfs
from jner_re.layers import crf_layers
from jner_re.schema import LabelSet

LABELS = LabelSet(("Loc", "Org"), ())
K = len(LABELS.tags)
LENGTHS = np.array([4, 0, 1, 3, 2], np.int32)
B, T = len(LENGTHS), int(LENGTHS.max())


def make_crf(seed: int, constrained: bool = True, constrained_training: bool = False) -> crfs.CRF:
    random = np.random.default_rng(seed)
    crf = crfs.CRF(K, constrained, constrained_training)
    crf.set_weights([random.normal(size=weight.shape) for weight in crf.get_weights()])
    return crf


def make_logits(seed: int) -> np.ndarray:
    return np.random.default_rng(seed + 100).normal(scale=2.0, size=(B, T, K)).astype(np.float32)


def is_well_formed(path: tuple[int, ...]) -> bool:
    names = [LABELS.tags[tag_id] for tag_id in path]
    return all(
        name[0] != "I" or before[1:] == name[1:] for before, name in zip(["O", *names], names, strict=False)
    )


def enumerate_paths(
    crf: crfs.CRF, logits: np.ndarray, constrained: bool
) -> tuple[list[tuple[int, ...]], np.ndarray]:
    """All tag sequences of a sentence of at least one token (logits [n, K]), and their scores."""
    transitions, start, end = (weight.astype(np.float64) for weight in crf.get_weights())
    paths = list(itertools.product(range(K), repeat=len(logits)))
    if constrained:
        paths = [path for path in paths if is_well_formed(path)]
    scores = [
        start[path[0]]
        + end[path[-1]]
        + sum(float(logits[t, tag_id]) for t, tag_id in enumerate(path))
        + sum(transitions[pair] for pair in itertools.pairwise(path))
        for path in paths
    ]
    return paths, np.array(scores)


def probabilities(scores: np.ndarray) -> np.ndarray:
    weights = np.exp(scores - scores.max())
    return weights / weights.sum()


def log_sum_exp(scores: np.ndarray) -> float:
    return float(np.log(np.exp(scores - scores.max()).sum()) + scores.max())


@pytest.mark.parametrize("seed", range(3))
def test_likelihood_equals_enumeration(seed: int) -> None:
    crf, logits = make_crf(seed), make_logits(seed)
    tag_ids = np.random.default_rng(seed).integers(0, K, size=(B, T))
    losses = crf.negative_log_likelihood(logits, tag_ids, LENGTHS).numpy()
    for b, length in enumerate(LENGTHS):
        if length == 0:
            assert losses[b] == 0.0
            continue
        paths, scores = enumerate_paths(crf, logits[b, :length], constrained=False)
        expected = log_sum_exp(scores) - scores[paths.index(tuple(tag_ids[b, :length]))]
        assert losses[b] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_constrained_training_normalizes_over_well_formed_sequences(seed: int) -> None:
    crf, logits = make_crf(seed, constrained_training=True), make_logits(seed)
    tag_ids, expected = np.zeros((B, T), np.int32), np.zeros(B)
    for b, length in enumerate(LENGTHS):
        if length:
            paths, scores = enumerate_paths(crf, logits[b, :length], constrained=True)
            drawn = np.random.default_rng(seed).integers(len(paths))
            tag_ids[b, :length] = paths[drawn]
            expected[b] = log_sum_exp(scores) - scores[drawn]
    losses = crf.negative_log_likelihood(logits, tag_ids, LENGTHS).numpy()
    np.testing.assert_allclose(losses, expected, atol=1e-5)


@pytest.mark.parametrize("constrained", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_viterbi_equals_enumeration(seed: int, constrained: bool) -> None:
    crf, logits = make_crf(seed, constrained), make_logits(seed)
    found = crf(logits, LENGTHS).numpy()
    assert found.dtype == np.int32
    for b, length in enumerate(LENGTHS):
        assert not found[b, length:].any()
        if length:
            paths, scores = enumerate_paths(crf, logits[b, :length], constrained)
            assert tuple(found[b, :length]) == paths[scores.argmax()]


@pytest.mark.parametrize("constrained", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_probability_of_the_best_equals_enumeration(seed: int, constrained: bool) -> None:
    crf, logits = make_crf(seed, constrained), make_logits(seed)
    found = crf_layers.CRFBestLogProbability(crf)(logits, LENGTHS).numpy()
    for b, length in enumerate(LENGTHS):
        expected = 1.0
        if length:
            _, scores = enumerate_paths(crf, logits[b, :length], constrained)
            expected = probabilities(scores).max()
        assert np.exp(found[b]) == pytest.approx(expected, abs=1e-5)


def test_constrained_decoding_is_well_formed_whatever_the_scores() -> None:
    random = np.random.default_rng(0)
    crf = crfs.CRF(K)
    crf.set_weights([50 * random.normal(size=weight.shape) for weight in crf.get_weights()])
    logits = 100 * random.normal(size=(200, 9, K)) + 100 * (np.arange(K) % 2 == 0) * (np.arange(K) > 0)
    lengths = random.integers(0, 10, size=200)
    for path, length in zip(crf(logits, lengths).numpy(), lengths, strict=True):
        assert is_well_formed(tuple(path[:length]))
    crf.constrained = False  # the same scores, to show that the constraints are at work
    assert not all(is_well_formed(tuple(path)) for path in crf(logits, lengths).numpy())


@pytest.mark.parametrize("constrained", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_marginals_equal_enumeration(seed: int, constrained: bool) -> None:
    crf, logits = make_crf(seed, constrained), make_logits(seed)
    expected = np.zeros([B, T, K])
    for b, length in enumerate(LENGTHS):
        if length:
            paths, scores = enumerate_paths(crf, logits[b, :length], constrained)
            for path, probability in zip(paths, probabilities(scores), strict=True):
                expected[b, range(length), path] += probability
    np.testing.assert_allclose(crf.marginals(logits, LENGTHS), expected, atol=1e-6)


@pytest.mark.parametrize("constrained", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_transition_counts_equal_enumeration(seed: int, constrained: bool) -> None:
    crf, logits = make_crf(seed, constrained), make_logits(seed)
    expected = np.zeros([B, K, K])
    for b, length in enumerate(LENGTHS):
        if length:
            paths, scores = enumerate_paths(crf, logits[b, :length], constrained)
            for path, probability in zip(paths, probabilities(scores), strict=True):
                for pair in itertools.pairwise(path):
                    expected[b][pair] += probability
    np.testing.assert_allclose(crf.transition_counts(logits, LENGTHS), expected, atol=1e-6)


@pytest.mark.parametrize("constrained_training", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_cross_entropy_of_two_crfs_equals_enumeration(seed: int, constrained_training: bool) -> None:
    """E_q[-log p] summed over all tag sequences; a teacher's are all well-formed."""
    teacher, student = make_crf(seed), make_crf(seed + 10, constrained_training=constrained_training)
    teaching, logits = make_logits(seed), make_logits(seed + 10)
    expected = np.zeros(B)
    for b, length in enumerate(LENGTHS):
        if length:
            paths, scores = enumerate_paths(student, logits[b, :length], constrained_training)
            log_p = dict(zip(paths, scores - log_sum_exp(scores), strict=True))
            paths, scores = enumerate_paths(teacher, teaching[b, :length], constrained=True)
            expected[b] = -sum(q * log_p[path] for path, q in zip(paths, probabilities(scores), strict=True))
    q = teacher.marginals(teaching, LENGTHS), teacher.transition_counts(teaching, LENGTHS)
    found = student.cross_entropy(logits, *q, LENGTHS).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert found[LENGTHS == 0].tolist() == [0.0]


def test_cross_entropy_with_one_sequence_is_its_negative_log_likelihood() -> None:
    crf, logits = make_crf(4), make_logits(4)
    tag_ids = np.random.default_rng(4).integers(0, K, size=(B, T))
    counts = np.zeros([B, K, K], np.float32)
    for b, length in enumerate(LENGTHS):
        for pair in itertools.pairwise(tag_ids[b, :length]):
            counts[b][pair] += 1

    def loss_and_gradients(loss: Callable[[tf.Tensor], tf.Tensor]) -> list[tf.Tensor]:
        variable = tf.Variable(logits)
        with tf.GradientTape() as tape:
            losses = loss(variable)
        return [losses, *tape.gradient(losses, [variable, *crf.trainable_weights])]

    one_hot = np.eye(K, dtype=np.float32)[tag_ids]  # also past the length, where it is to change nothing
    soft = loss_and_gradients(lambda x: crf.cross_entropy(x, one_hot, counts, LENGTHS))
    hard = loss_and_gradients(lambda x: crf.negative_log_likelihood(x, tag_ids, LENGTHS))
    for one, other in zip(soft, hard, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.parametrize("constrained", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_span_posteriors_equal_enumeration(seed: int, constrained: bool) -> None:
    """All spans and types at once, valid or not."""
    crf, logits = make_crf(seed, constrained), make_logits(seed)
    spans = list(
        itertools.product(range(-1, T + 1), range(-1, T + 2), range(-1, len(LABELS.entity_types) + 1))
    )
    starts, ends, types = (np.tile(column, [B, 1]) for column in zip(*spans, strict=True))
    found = crf.span_posteriors(logits, LENGTHS, starts, ends, types).numpy()

    expected = np.zeros([B, len(spans)])
    for b, length in enumerate(LENGTHS):
        if not length:
            continue
        paths, scores = enumerate_paths(crf, logits[b, :length], constrained)
        for path, probability in zip(paths, probabilities(scores), strict=True):
            for entity in tags.decode(path, LABELS):
                type_index = LABELS.entity_types.index(entity.type)
                if path[entity.start] == tags.begin_tag(type_index):  # only ill-formed paths lack it
                    expected[b, spans.index((entity.start, entity.end, type_index))] += probability
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert (expected > 0).sum() > 2 * T


def test_posteriors_of_a_long_sentence_are_exact() -> None:
    """Without transition scores tokens are independent, so that the posterior is a product."""
    random = np.random.default_rng(0)
    length = 2000
    logits = random.normal(scale=3.0, size=(1, length, K)).astype(np.float32)
    crf = crfs.CRF(K, constrained=False)
    softmax = np.exp(logits[0].astype(np.float64))
    softmax /= softmax.sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(crf.marginals(logits, [length])[0], softmax, atol=1e-6)

    starts = np.arange(0, length - 3)
    expected = (
        softmax[starts, 1] * softmax[starts + 1, 2] * softmax[starts + 2, 2] * (1 - softmax[starts + 3, 2])
    )
    found = crf.span_posteriors(
        logits, [length], starts[None], starts[None] + 3, np.zeros_like(starts)[None]
    ).numpy()[0]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_gradient_is_marginals_minus_gold() -> None:
    """An identity of log-linear models; it also shows that gradients are finite for lengths 0 and 1."""
    crf, logits = make_crf(0, constrained=False), tf.constant(make_logits(0))
    tag_ids = np.random.default_rng(0).integers(0, K, size=(B, T))
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = tf.reduce_sum(crf.negative_log_likelihood(logits, tag_ids, LENGTHS))
    gradient, *others = tape.gradient(loss, [logits, *crf.trainable_weights])
    is_token = np.arange(T) < LENGTHS[:, None]
    expected = (crf.marginals(logits, LENGTHS).numpy() - np.eye(K)[tag_ids]) * is_token[..., None]
    np.testing.assert_allclose(gradient, expected, atol=1e-5)
    assert all(np.isfinite(other).all() and np.any(other) for other in others)


@pytest.mark.parametrize("garbage", [np.nan, np.inf, 1e30])
def test_what_stands_past_the_length_changes_nothing(garbage: float) -> None:
    crf, logits = make_crf(1), make_logits(1)
    tag_ids = np.random.default_rng(1).integers(0, K, size=(B, T)).astype(np.int32)
    is_padding = np.arange(T + 3) >= LENGTHS[:, None]
    long_logits = np.where(is_padding[..., None], garbage, np.pad(logits, [(0, 0), (0, 3), (0, 0)]))
    long_tag_ids = np.where(is_padding, -7, np.pad(tag_ids, [(0, 0), (0, 3)]))

    np.testing.assert_array_equal(crf(long_logits, LENGTHS)[:, :T], crf(logits, LENGTHS))
    np.testing.assert_allclose(
        crf.marginals(long_logits, LENGTHS)[:, :T], crf.marginals(logits, LENGTHS), atol=1e-7
    )
    variable = tf.Variable(long_logits, dtype=tf.float32)
    with tf.GradientTape() as tape:
        losses = crf.negative_log_likelihood(variable, long_tag_ids, LENGTHS)
    np.testing.assert_allclose(losses, crf.negative_log_likelihood(logits, tag_ids, LENGTHS), atol=1e-5)
    gradient = tape.gradient(losses, variable).numpy()
    assert np.isfinite(gradient).all()
    assert not gradient[is_padding].any()


def test_sentences_do_not_depend_on_their_batch() -> None:
    crf, logits = make_crf(2), make_logits(2)
    together, marginals = crf(logits, LENGTHS).numpy(), crf.marginals(logits, LENGTHS).numpy()
    for b, length in enumerate(LENGTHS):
        alone = logits[b : b + 1, :length]  # a length of 0 makes this [1, 0, K]
        np.testing.assert_array_equal(crf(alone, [length])[0], together[b, :length])
        np.testing.assert_allclose(crf.marginals(alone, [length])[0], marginals[b, :length], atol=1e-7)


def test_graph_of_unknown_shape_equals_eager() -> None:
    crf = make_crf(3)

    def everything(
        logits: tf.Tensor, tag_ids: tf.Tensor, lengths: tf.Tensor, starts: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        return (
            crf(logits, lengths),
            crf.negative_log_likelihood(logits, tag_ids, lengths),
            crf.marginals(logits, lengths),
            crf.transition_counts(logits, lengths),
            crf.cross_entropy(
                logits, crf.marginals(logits, lengths), crf.transition_counts(logits, lengths), lengths
            ),
            crf.span_posteriors(logits, lengths, starts, starts + 1, tf.zeros_like(starts)),
            crf.best_log_probability(logits, lengths),
        )

    integers = tf.TensorSpec([None, None], tf.int32)
    signature = [tf.TensorSpec([None, None, K]), integers, tf.TensorSpec([None], tf.int32), integers]
    graph = tf.function(everything, input_signature=signature)
    for num_sentences, max_length in itertools.product((0, 1, B), (0, 1, 2, T)):
        logits = make_logits(3)[:num_sentences, :max_length]
        tag_ids = np.ones([num_sentences, max_length], np.int32)
        lengths = np.minimum(LENGTHS[:num_sentences], max_length)
        starts = np.tile(np.arange(-1, 3, dtype=np.int32), [num_sentences, 1])
        expected = everything(logits, tag_ids, lengths, starts)
        shapes = [
            (num_sentences, max_length),
            (num_sentences,),
            (num_sentences, max_length, K),
            (num_sentences, K, K),
            (num_sentences,),
            starts.shape,
            (num_sentences,),
        ]
        for a, b, shape in zip(graph(logits, tag_ids, lengths, starts), expected, shapes, strict=True):
            assert a.shape == shape
            np.testing.assert_allclose(a, b, atol=1e-6)


def make_models() -> tuple[keras.Model, keras.Model]:
    """One that gives losses for training, one that gives tags and span posteriors; they share all weights."""
    features = keras.Input([None, 3], name="features")
    tag_ids = keras.Input([None], dtype=tf.int32, name="tag_ids")
    lengths = keras.Input([], dtype=tf.int32, name="lengths")
    starts = keras.Input([None], dtype=tf.int32, name="starts")
    crf = crfs.CRF(K)
    tag_logits = keras.layers.Dense(K, kernel_initializer="zeros")(features)
    losses = crf_layers.CRFNegativeLogLikelihood(crf)(tag_logits, tag_ids, lengths)
    posteriors = crf_layers.CRFSpanPosteriors(crf)(
        tag_logits, lengths, starts, starts + 2, tf.zeros_like(starts)
    )
    training = keras.Model([features, tag_ids, lengths], losses)
    inference = keras.Model([features, lengths, starts], [crf(tag_logits, lengths), posteriors])
    return training, inference


def mean_prediction(_: tf.Tensor, losses: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(losses)


def test_two_functional_models_share_one_crf(tmp_path: pathlib.Path) -> None:
    """The second token's tag cannot be told from its features, only from the first token's tag."""
    features = np.zeros([32, 3, 3], np.float32)
    features[:16, 0, 0] = features[16:, 0, 1] = 1.0  # which entity starts the sentence
    features[:, 1, 2] = 1.0
    tag_ids = np.array([[1, 2, 0]] * 16 + [[3, 4, 0]] * 16, np.int32)
    lengths = np.tile([3, 2], 16).astype(np.int32)

    training, inference = make_models()
    names = [weight.name.split("/")[-1] for weight in training.weights]
    assert names == ["kernel:0", "bias:0", "transitions:0", "start:0", "end:0"]
    training.compile(keras.optimizers.Adam(0.1), loss=mean_prediction)
    history = training.fit([features, tag_ids, lengths], np.zeros(32), epochs=40, verbose=0).history["loss"]
    assert history[-1] < 0.2 < 3.0 < history[0]

    starts = np.zeros([32, 1], np.int32)
    predicted, posteriors = inference.predict([features, lengths, starts], verbose=0)
    np.testing.assert_array_equal(predicted, np.where(np.arange(3) < lengths[:, None], tag_ids, 0))
    assert posteriors[:16].min() > 0.8 > 0.2 > posteriors[16:].max()

    for suffix in (".weights.h5", ""):
        inference.save_weights(tmp_path / f"model{suffix}")
        _, restored = make_models()
        restored.load_weights(tmp_path / f"model{suffix}")
        for a, b in zip(restored.get_weights(), inference.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    "layer",
    [
        crf_layers.CRFNegativeLogLikelihood,
        crf_layers.CRFCrossEntropy,
        crf_layers.CRFSpanPosteriors,
        crf_layers.CRFBestLogProbability,
    ],
)
def test_config_round_trip(layer: type[keras.layers.Layer]) -> None:
    crf = crfs.CRF(7, constrained=False, name="tags")
    assert crfs.CRF.from_config(crf.get_config()).get_config() == crf.get_config()
    again = layer.from_config(layer(crf, name="shared").get_config())
    assert again.name == "shared"
    assert again.crf.get_config() == crf.get_config()


@pytest.mark.parametrize("num_tags", [0, 4, -1])
def test_number_of_tags_must_fit_bio(num_tags: int) -> None:
    with pytest.raises(ValueError, match=f"num_tags is {num_tags}, expected an odd number"):
        crfs.CRF(num_tags)
