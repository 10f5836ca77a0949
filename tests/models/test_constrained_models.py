"""Models with declared constraints: against the scores that they have without, constrained one by one."""

from __future__ import annotations

import collections
import dataclasses
import itertools
import pathlib
import shutil

import numpy as np
import pytest
import tensorflow as tf
import untrained

from jner_re import constraints as constraint_files
from jner_re.constraints import NONE, Constraints
from jner_re.errors import InputError
from jner_re.extraction import passage_finder
from jner_re.extraction.extractor import Extractor
from jner_re.extraction.in_process import SavedModel
from jner_re.extraction.rows import Row, rows_of
from jner_re.models import declared, ensemble, ensemble_dir, model_dir, model_files
from jner_re.models.declared import Declared
from jner_re.models.model_dir import TrainedModel
from jner_re.models.predictor import Predictor
from jner_re.schema import LabelSet, RelationPair, Scored, Sentence
from jner_re.serving import saved_model
from jner_re.text.sentences import split

DECLARED = constraint_files.of_json(
    {
        "argument_types": {"Live_In": {"head": ["Peop"], "tail": ["Loc", "Peop"]}},
        "at_most": {"Live_In": {"per_head": 2, "per_tail": 1}, "Kill": {"per_head": 2}},
        "symmetric": {"Kill": "both", "Live_In": "once"},
    },
    "c.json",
)
# Few layers, since tracing takes the time; and no unit of ReLU, which can die, so that scores would be equal.
WINDOW = dataclasses.replace(
    untrained.WEIGHTED,
    typed_pairs=False,
    window=3,
    window_step=2,
    ner_layers=0,
    re_layers=1,
    re_activation="tanh",
)
LABELS = LabelSet(("Loc", "Peop"), ("Kill", "Live_In"))
pytestmark = pytest.mark.usefixtures("own_cache")


def text(size: int, seed: int) -> str:
    """So many sentences of random words: no two scores are nearly the same."""
    random = np.random.default_rng(seed)

    def word() -> str:
        return "".join(random.choice(list("abeglmnorstu"), random.integers(2, 7)))

    return " ".join(f"The {' '.join(word() for _ in range(random.integers(2, 7)))}." for _ in range(size))


def documents(texts: list[str]) -> list[Sentence]:
    """As the graph splits them."""
    found = []
    for each in texts:
        parts = [[token.text for token in tokens] for tokens in split(each, "news")]
        bounds = np.cumsum([len(part) for part in parts]).tolist()
        found.append(Sentence(tuple(itertools.chain(*parts)), breaks=tuple(bounds[:-1])))
    return found


def constrained(scored: Scored, declared: Constraints) -> Scored:
    """The reference."""
    entities, relations = scored
    scores = {
        (r.head, r.tail, r.type): score
        for r, score in relations
        if declared.allows(entities[r.head][0].type, entities[r.tail][0].type, r.type)
    }
    joined = {}
    for (head, tail, type), score in scores.items():
        partner = declared.partner(type)
        other = scores.get((tail, head, partner or type), 0.0)
        if partner:
            joined[head, tail, type] = (score + other) / 2
        elif type not in declared.symmetric:
            joined[head, tail, type] = score
        elif score > other or (score == other and head < tail):
            joined[head, tail, type] = score + other - score * other
    given: collections.Counter[tuple[str, int, str]] = collections.Counter()
    kept = []
    for (head, tail, type), score in sorted(joined.items(), key=lambda item: (-round(item[1], 6), item[0])):
        places = {"head": ("head", head, type), "tail": ("tail", tail, type)}
        limits = declared.at_most.get(type, {})
        if all(given[places[end]] < number for end, number in limits.items()):
            given.update(places.values())
            kept.append((RelationPair(head, tail, type), score))
    return entities, kept


def assert_alike(found: list[Scored], expected: list[Scored]) -> None:
    count = 0
    for one, other in zip(found, expected, strict=True):
        assert [entity for entity, _ in one[0]] == [entity for entity, _ in other[0]]
        some, others = sorted(one[1]), sorted(other[1])
        assert [relation for relation, _ in some] == [relation for relation, _ in others]
        np.testing.assert_allclose([x for _, x in some], [x for _, x in others], atol=1e-4)
        count += len(some)
    assert count > 20


def predicted(model: TrainedModel, texts: list[Sentence], cache: pathlib.Path) -> list[Scored]:
    corpus = model.inputs.corpus(texts, cache)
    label_set = model.vocabulary.label_set
    return Predictor(model.model, corpus.specs, label_set, 32, model.limits).scored(corpus, 0.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return untrained.write(tmp_path_factory.mktemp("window") / "model", WINDOW)


@pytest.fixture(scope="module")
def free(folder: pathlib.Path) -> TrainedModel:
    """Without constraints."""
    return model_dir.load(folder)


def ensemble_of(model: TrainedModel, some: Constraints) -> TrainedModel:
    """Of a single member."""
    one = ensemble.build(model.config, model.inputs.sizes, None, model.members, Declared(LABELS, some))
    return dataclasses.replace(model, model=one, constraints=some)


def test_an_ensemble_on_documents_in_windows_and_its_export(
    free: TrainedModel, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The directory's graph and the export keep the same, over all passages of a document."""
    monkeypatch.setattr(passage_finder, "TOKENS_AT_ONCE", 40)  # several groups
    model = ensemble_of(free, DECLARED)
    texts = [text(size, seed) for seed, size in enumerate((9, 1, 4))]
    scored = predicted(free, documents(texts), tmp_path)
    expected = [constrained(each, DECLARED) for each in scored]
    assert sum(len(each) for _, each in expected) < sum(len(each) for _, each in scored) / 3
    extractor = Extractor(model)
    saved_model.write(extractor, tmp_path / "1", 0.0)
    inputs = tf.constant(texts), tf.constant(0.0)
    answers = [rows_of({name: x.numpy() for name, x in extractor.from_text(*inputs).items()})]
    exported = SavedModel(tmp_path / "1")
    answers.append(exported.texts(texts, None))
    for rows in answers:
        found = [found_in(row, known) for row, known in zip(rows, expected, strict=True)]
        assert_alike(found, expected)
    (row,) = exported.sentences([documents(texts[1:2])[0].tokens], None)
    for name in ("type", "head", "tail", "score"):
        assert row[f"relation_{name}"] == answers[1][1][f"relation_{name}"]


def found_in(row: Row, known: Scored) -> Scored:
    """The relations of a row, beside entities whose number is the same."""
    assert len(row["entity_type"]) == len(known[0])
    columns = (row[f"relation_{name}"] for name in ("type", "head", "tail", "score"))
    return known[0], [(RelationPair(h, t, type), score) for type, h, t, score in zip(*columns, strict=True)]


def test_without_any_nothing_is_added(free: TrainedModel) -> None:
    assert free.constraints == NONE and free.limits is None
    assert free.model.get_layer("typed_pair_mask").allowed is None
    assert "joined_directions" not in {layer.name for layer in free.model.layers}
    learned = declared.allowed_pairs(LABELS, untrained.TRIPLES)
    assert Declared(LABELS, NONE).allowed(learned) is learned
    assert Declared(LABELS, NONE).allowed(None) is None
    assert Declared(LABELS, NONE).triples(untrained.TRIPLES) == set(untrained.TRIPLES)


def test_learned_argument_types_hold_beside_declared_ones() -> None:
    """Peop that lives in Loc was seen; that Loc has Peop as its inverse was not, but follows."""
    inverse = {"inverse": [["Live_In", "Kill"]]}
    only = {**inverse, "argument_types": {"Kill": {"head": ["Loc"]}}}
    lives, back, kills = ("Peop", "Loc", "Live_In"), ("Loc", "Peop", "Kill"), ("Peop", "Peop", "Kill")
    for record, learned, expected in (
        (inverse, untrained.TRIPLES, {lives, back, kills, ("Peop", "Peop", "Live_In")}),
        (only, untrained.TRIPLES, {lives, back}),
        (only, None, {lives, back, ("Loc", "Loc", "Live_In"), ("Loc", "Loc", "Kill")}),
        ({"argument_types": {"Kill": {"tail": ["Loc"]}}}, untrained.TRIPLES, {lives}),
    ):
        found = Declared(LABELS, constraint_files.of_json(record, "c")).triples(learned)
        assert found == expected


def test_the_file_belongs_to_the_model(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "model")
    before = model_files.fingerprint(copy)
    assert before == model_files.fingerprint(folder)
    constraint_files.save(DECLARED, copy)
    assert model_files.fingerprint(copy) != before
    with pytest.raises(InputError, match=r"declares other constraints than .*, expected the same cons"):
        ensemble_dir.write(tmp_path / "ensemble", [folder, copy], 0.2, "a test")
    ensemble_dir.write(tmp_path / "ensemble", [copy, copy], 0.2, "a test")
    assert constraint_files.load_if_there(tmp_path / "ensemble") == DECLARED
    path = copy / constraint_files.FILE
    path.write_text('{"at_most": {"Lives": {"per_head": 1}}}')
    with pytest.raises(InputError, match=r"constraints\.json: at_most: 'Lives' is unknown, expected one of"):
        model_dir.load(copy)
