"""Four processes that share stores of encoded sentences, one of which is killed: the short form."""

from __future__ import annotations

import pathlib
import random

import pytest

from benchmarks.faults import store_rounds, store_worker
from jner_re.corpora import data_dir
from jner_re.features.layer_store import LayerStore


def test_one_of_four_is_killed(tmp_path: pathlib.Path) -> None:
    """In a writing call of its own, and at any moment; what is seen if something is not as promised."""
    draws = random.Random(0)
    sentences = data_dir.read_sample("train")[:60]
    expected = store_worker.content(tmp_path / "alone", [sentences])
    for i, in_a_call in enumerate([True, True, False]):
        folder = tmp_path / str(i)
        corpora = [store_rounds.drawn(sentences, draws) for _ in range(store_rounds.PROCESSES)]
        _, problems = store_rounds.one_round(folder, corpora, expected, draws, in_a_call=in_a_call, seconds=1)
        assert problems == []

    damaged, other = (LayerStore(tmp_path / "alone", name).folder for name in store_worker.ENCODERS)
    (damaged / "index").write_bytes((damaged / "index").read_bytes() * 2)
    with (damaged / "layers.float16").open("ab") as file:
        file.write(bytes(store_worker.Hashed.num_layers * store_worker.Hashed.width * 2 * 5000))
    (other / ".index.abcdefgh").mkdir()
    assert store_worker.problems(tmp_path / "alone", expected, 1) == [
        "one: 120.0 records of 60 sentences",
        "one: 5000 words that no record tells of",
        "another: holds .index.abcdefgh, about.json, index, layers.float16, lock",
    ]


def test_a_survivor_that_is_given_something_else_says_so(tmp_path: pathlib.Path) -> None:
    corpus = data_dir.read_sample("train")[:3]
    expected = store_worker.content(tmp_path, [corpus])
    wrong = {name: {tokens: layers[:-1] for tokens, layers in had.items()} for name, had in expected.items()}
    with pytest.raises(AssertionError, match=r"one: .* differs"):
        store_worker.work(store_worker.Work(tmp_path, [corpus], wrong))
