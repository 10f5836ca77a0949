"""Models that read several sentences together: against a passage at a time, pair by pair, in NumPy."""

from __future__ import annotations

import bisect
import dataclasses
import itertools
import pathlib

import numpy as np
import pytest
import tensorflow as tf
import untrained

from jner_re.features import passages, soft_targets, tags
from jner_re.features.dataset import evaluation_batches
from jner_re.models import ensemble, model_dir, model_files
from jner_re.models.model_dir import TrainedModel
from jner_re.models.predictor import Predictor
from jner_re.models.relation_loss import relation_loss
from jner_re.schema import EntitySpan, RelationPair, Scored, Sentence
from jner_re.training.distillation import teach

WINDOW = dataclasses.replace(untrained.SMALL, entity_weighted=True, window=3, window_step=2)
pytestmark = pytest.mark.usefixtures("own_cache")


def document(sizes: list[int], seed: int) -> Sentence:
    """A document of sentences of so many tokens."""
    random = np.random.default_rng(seed)
    tokens = tuple(random.choice(["Ann", "Bob", "lives", "in", "Rome", "."], sum(sizes)).tolist())
    return Sentence(tokens, breaks=tuple(np.cumsum(sizes)[:-1].tolist()))


DOCUMENTS = [
    document([4, 1, 6, 2, 5, 3, 1, 4, 7, 2, 3], 0),
    document([3], 1),
    document([2, 6, 1, 4], 2),
    document([5, 2, 2, 3, 4, 1, 1, 6], 3),
]


@pytest.fixture(scope="module", params=["none", "re", "both"])
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> TrainedModel:
    config = dataclasses.replace(WINDOW, window_states=request.param)
    opened = model_dir.load(untrained.write(tmp_path_factory.mktemp("window"), config))
    bias = opened.model.get_layer("pair_scorer").distance_bias
    assert np.ptp(bias.numpy()) > 0.1
    bias[0].assign([0.0, 0.0])
    return opened


def predicted(
    trained: TrainedModel, documents: list[Sentence], folder: pathlib.Path, batch: int
) -> list[Scored]:
    corpus = trained.inputs.corpus(documents, folder)
    return Predictor(trained.model, corpus.specs, trained.vocabulary.label_set, batch).scored(corpus, 0.0)


def reference(trained: TrainedModel, text: Sentence, folder: pathlib.Path) -> Scored:
    """What is found in a document, each sentence and each pair in the passage that decides it."""
    (member,) = trained.members
    tagger, scorer = ensemble.tagger(member, 0), ensemble.scorer(member, 0)
    crf, label_set = trained.model.get_layer("crf"), trained.vocabulary.label_set
    bounds = [0, *text.breaks, len(text.tokens)]
    sizes = [end - begin for begin, end in itertools.pairwise(bounds)]
    corpus = trained.inputs.corpus([text], folder)
    entities: list[tuple[EntitySpan, float]] = []
    tag_ids: list[int] = []
    read = []
    for number, passage in enumerate(passages.cut(sizes, WINDOW.window, WINDOW.window_step)):
        features = {name: tf.constant(x[np.newaxis]) for name, x in corpus.arrays(number).items()}
        features["lengths"] = tf.constant([bounds[passage.end] - bounds[passage.start]])
        features["sentence_ids"] -= 1
        outputs = tagger(features)
        read.append((passage, outputs["re_states"]))
        for i in range(passage.first, passage.last):
            begin, end = (bounds[at] - bounds[passage.start] for at in (i, i + 1))
            logits, length = outputs["tag_logits"][:, begin:end], tf.constant([end - begin])
            found = crf(logits, length).numpy()[0].tolist()
            tag_ids += found
            for span in tags.decode(found, label_set):
                kind = label_set.entity_types.index(span.type)
                places = (tf.constant([[place]]) for place in (span.start, span.end, kind))
                score = float(crf.span_posteriors(logits, length, *places)[0, 0])
                entities.append((EntitySpan(span.start + bounds[i], span.end + bounds[i], span.type), score))
    relations = []
    for head, (one, one_score) in enumerate(entities):
        for tail, (other, other_score) in enumerate(entities):
            numbers = [bisect.bisect_right(text.breaks, span.start) for span in (one, other)]
            if head == tail or abs(numbers[0] - numbers[1]) >= WINDOW.window:
                continue
            ((passage, states),) = [p for p in read if p[0].first <= max(numbers) < p[0].last]
            begin, end = bounds[passage.start], bounds[passage.end]
            spans = tf.constant([[[span.start - begin, span.end - begin] for span in (one, other)]])
            inputs = {"states": states, "spans": spans}
            inputs["tag_ids"] = tf.constant([[*tag_ids, *[0] * len(text.tokens)][begin:end]])
            inputs["sentence_ids"] = tf.constant([np.searchsorted(text.breaks, range(begin, end), "right")])
            logits = scorer(inputs)
            for kind, name in enumerate(label_set.relation_types):
                score = float(tf.sigmoid(logits[0, 0, 1, kind])) * one_score * other_score
                relations.append((RelationPair(head, tail, name), score))
    return entities, relations


def assert_alike(one: Scored, other: Scored) -> None:
    for items, others in zip(one, other, strict=True):
        ordered, expected = sorted(items), sorted(others)
        assert [item for item, _ in ordered] == [item for item, _ in expected]
        np.testing.assert_allclose([x for _, x in ordered], [x for _, x in expected], atol=1e-5)


def test_equals_each_passage_and_pair_alone(trained: TrainedModel, tmp_path: pathlib.Path) -> None:
    found = (predicted(trained, DOCUMENTS, tmp_path, batch) for batch in (1, 32))
    across = 0
    for text, alone, answer in zip(DOCUMENTS, *found, strict=True):
        assert_alike(answer, alone)
        assert_alike(answer, reference(trained, text, tmp_path))
        numbers = [bisect.bisect_right(text.breaks, entity.start) for entity, _ in answer[0]]
        across += sum(numbers[r.head] != numbers[r.tail] for r, _ in answer[1])
    assert across > 4


def test_single_sentences_are_read_as_by_a_window_of_one(
    trained: TrainedModel, tmp_path: pathlib.Path
) -> None:
    """The same weights give the same answers and losses."""
    config = dataclasses.replace(WINDOW, window=1, window_step=8)
    single = model_dir.load(untrained.write(tmp_path / "single", config))
    for layer in single.members[0].training.layers:
        if not layer.weights:
            continue
        theirs = trained.members[0].training.get_layer(layer.name)
        weights = [w.numpy() for w in theirs.weights if "distance_bias" not in w.name]
        layer.set_weights(weights)
    entities = EntitySpan(0, 1, "Peop"), EntitySpan(2, 4, "Loc")
    tokens = [tuple(f"Ann {word} in Rome".split()) for word in ("lives", "died", "was")]
    texts = [Sentence(each, entities, (RelationPair(0, 1, "Live_In"),)) for each in tokens]
    losses = []
    for model in (trained, single):
        (member,) = model.members
        corpus = model.inputs.corpus(texts, tmp_path)
        ((inputs, _),) = evaluation_batches(corpus, model.vocabulary.label_set, 3)
        losses.append(member.training(inputs, training=False))
    for name in ("ner", "re"):
        np.testing.assert_allclose(losses[0][name], losses[1][name], rtol=1e-5)
    answers = (predicted(model, texts, tmp_path, 2) for model in (trained, single))
    for one, other in zip(*answers, strict=True):
        assert_alike(one, other)


def test_losses_of_passages_add_up_to_those_of_the_document(
    trained: TrainedModel, tmp_path: pathlib.Path
) -> None:
    """Of tags each sentence counts once, of relations each pair that is near enough."""
    text = DOCUMENTS[0]
    spans = [EntitySpan(i, i + 1, "Peop") for i in (0, 4, 5, 12, 19, 24, 37)]
    pairs = [RelationPair(0, 1, "Kill"), RelationPair(2, 1, "Kill"), RelationPair(5, 3, "Kill")]
    text = dataclasses.replace(text, entities=tuple(spans), relations=tuple(pairs))
    (member,) = trained.members
    corpus = trained.inputs.corpus([text], tmp_path)
    label_set = trained.vocabulary.label_set
    together = [
        (x, y, member.training(x, training=False)) for x, y in evaluation_batches(corpus, label_set, 9)
    ]
    alone = [(x, y, member.training(x, training=False)) for x, y in evaluation_batches(corpus, label_set, 1)]
    ((_, labels, outputs),) = together
    np.testing.assert_allclose(outputs["ner"], tf.concat([o["ner"] for _, _, o in alone], 0), rtol=1e-4)
    assert outputs["ner"].shape[0] == len(corpus.examples) == 4
    is_candidate = outputs["re"].numpy()[..., 0] > -200
    numbers = [bisect.bisect_right(text.breaks, span.start) for span in spans]
    near = sum(abs(a - b) < 3 for i, a in enumerate(numbers) for j, b in enumerate(numbers) if i != j)
    assert is_candidate.sum() == near
    assert (labels.numpy()[..., 0] * is_candidate).sum() == sum(
        abs(numbers[pair.head] - numbers[pair.tail]) < 3 for pair in pairs
    )


def test_distance_can_be_limited(tmp_path: pathlib.Path) -> None:
    config = dataclasses.replace(WINDOW, max_sentence_distance=1)
    limited = model_dir.load(untrained.write(tmp_path / "limited", config))
    found = predicted(limited, DOCUMENTS, tmp_path, 4)
    distances = set()
    for text, (entities, relations) in zip(DOCUMENTS, found, strict=True):
        numbers = [bisect.bisect_right(text.breaks, entity.start) for entity, _ in entities]
        distances |= {abs(numbers[r.head] - numbers[r.tail]) for r, _ in relations}
    assert distances == {0, 1}
    assert model_files.read_threshold(tmp_path / "limited", config) == config.threshold


def test_an_ensemble_of_equal_members_answers_as_one(trained: TrainedModel, tmp_path: pathlib.Path) -> None:
    both = dataclasses.replace(
        trained,
        model=ensemble.build(
            trained.config,
            trained.inputs.sizes,
            model_dir.allowed(trained.vocabulary),
            [*trained.members, *trained.members],
        ),
    )
    answers = (predicted(model, DOCUMENTS, tmp_path, 4) for model in (trained, both))
    for one, other in zip(*answers, strict=True):
        assert_alike(one, other)


def test_soft_targets_of_a_document(trained: TrainedModel, tmp_path: pathlib.Path) -> None:
    """A teacher's are distributions, sentence by sentence; the annotation as a target has the same loss."""
    text = dataclasses.replace(
        DOCUMENTS[0],
        entities=tuple(EntitySpan(i, i + 1, "Peop") for i in (0, 4, 5, 12, 19, 24, 37)),
        relations=(RelationPair(0, 1, "Kill"), RelationPair(2, 1, "Kill")),
    )
    label_set = trained.vocabulary.label_set
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JNER_RE_CACHE", str(tmp_path))
        target = teach(trained, [text])[text]
    np.testing.assert_allclose(target["tag_probabilities"].sum(axis=1), 1, atol=1e-4)
    counts = [len(part) - 1 for part in text.parts()]
    np.testing.assert_allclose(target["transition_counts"].sum(axis=(1, 2)), counts, atol=1e-3)
    numbers = np.searchsorted(text.breaks, [entity.start for entity in text.entities], "right")
    near = (np.abs(numbers[:, None] - numbers) < WINDOW.window) & ~np.eye(len(numbers), dtype=bool)
    assert ((target["relations"] > 0).all(axis=2) == near).all()

    corpus = trained.inputs.corpus([text], tmp_path)
    student = model_dir.build(trained.config, trained.inputs, trained.vocabulary, soft=True)
    for layer in student.training.layers:
        if layer.weights:
            layer.set_weights(trained.members[0].training.get_layer(layer.name).get_weights())
    losses = []
    for model, soft in ((trained.members[0], None), (student, [soft_targets.hard(text, label_set)])):
        ((inputs, labels),) = evaluation_batches(corpus, label_set, 9, soft)
        outputs = model.training(inputs, training=False)
        losses.append((outputs["ner"], relation_loss(labels, outputs["re"])))
    for one, other in zip(*losses, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4)


def test_what_a_neighbour_changes(trained: TrainedModel, tmp_path: pathlib.Path) -> None:
    """Tags only where NER's BiRNNs read over the ends of sentences, relations' states only where RE's do."""
    texts = [
        Sentence((*["Ann", "lives", "in", "Rome"], *rest), breaks=(4,)) for rest in (("Bob",), ("in", "."))
    ]
    corpus = trained.inputs.corpus(texts, tmp_path)
    tagger = ensemble.tagger(trained.members[0], 0)
    outputs = []
    for number in range(2):
        features = {name: tf.constant(x[np.newaxis]) for name, x in corpus.arrays(number).items()}
        features["sentence_ids"] -= 1
        outputs.append(tagger({**features, "lengths": tf.constant([len(texts[number].tokens)])}))
    changed = {
        name: not np.allclose(outputs[0][name][:, :4], outputs[1][name][:, :4], atol=1e-6)
        for name in ("tag_logits", "re_states")
    }
    states = trained.config.window_states
    assert changed == {"tag_logits": states == "both", "re_states": states != "none"}
