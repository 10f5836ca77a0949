"""Processes that are killed while they write a store of encoded sentences; four of them share some."""

from __future__ import annotations

import os
import pathlib
import random
import signal

import pytest
import tensorflow as tf
from test_cache import LONG, Stub, Unloaded, assert_right

from benchmarks.faults import store_rounds, store_worker
from jner_re.corpora import data_dir
from jner_re.features.cache import cached_layers
from jner_re.features.layer_store import LayerStore


class Killed(Stub):
    """Its process dies at the eighth sentence."""

    def encode(self, tokens: tf.Tensor, sequence_len: tf.Tensor) -> tf.Tensor:
        if self.seen.total() == 7:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().encode(tokens, sequence_len)


def test_goes_on_after_a_kill(tmp_path: pathlib.Path) -> None:
    killed = store_rounds.context().Process(target=cached_layers, args=(Killed(), LONG, tmp_path))
    killed.start()
    killed.join(120)
    assert killed.exitcode == -signal.SIGKILL
    assert_right(cached_layers(Unloaded(), LONG[:6], tmp_path), LONG[:6])
    encoder = Stub()
    assert_right(cached_layers(encoder, LONG, tmp_path), LONG)
    assert set(encoder.seen) == {sentence.tokens for sentence in LONG[6:]}


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
