from __future__ import annotations

import collections
import errno
import os
import pathlib
import threading
import zlib

import numpy as np
import pytest
import tensorflow as tf

from jner_re.errors import InputError
from jner_re.features.cache import CachedLayers, cached_layers
from jner_re.schema import Entity, Sentence

L, D = 2, 3
SENTENCES = [Sentence(tuple(f"w{i}.{t}" for t in range(i * 5 % 7 + 1))) for i in range(30)]
LONG = [Sentence(("x",) * (200 + i)) for i in range(12)]  # 5, 4 and 3 of them fit one run of the encoder


class Stub:
    """An encoder whose vectors follow from the words; it counts, and fails when told to.

    Attributes:
      seen: how often each first word or, of `LONG`, each length was encoded.
      runs: number of batches.
      fail_at: the batch that raises.
    """

    num_layers, width = L, D

    def __init__(self, fingerprint: str = "stub", factor: float = 1.0, fail_at: int = -1) -> None:
        self.fingerprint = fingerprint
        self.factor = factor
        self.fail_at = fail_at
        self.seen: collections.Counter[tuple[bytes, int]] = collections.Counter()
        self.runs = 0

    def encode(self, tokens: tf.Tensor, sequence_len: tf.Tensor) -> tf.Tensor:
        return tf.numpy_function(self._encode, [tokens, sequence_len], tf.float32)

    def _encode(self, tokens: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        if self.runs == self.fail_at:
            raise RuntimeError("the machine went down")
        self.runs += 1
        self.seen.update((row[0], int(length)) for row, length in zip(tokens, lengths, strict=True))
        output = np.zeros((*tokens.shape, L, D), np.float32)
        for row, length in enumerate(lengths):
            assert (tokens[row, length:] == b"").all()
            for t in range(length):
                output[row, t] = vectors(tokens[row, t], self.factor)
        return output


def vectors(token: bytes, factor: float = 1.0) -> np.ndarray:
    seed = np.random.default_rng(zlib.crc32(token))
    return (factor * seed.normal(size=(L, D))).astype(np.float32)


def assert_right(layers: CachedLayers, sentences: list[Sentence], factor: float = 1.0) -> None:
    assert layers.shape == (L, D)
    for i, sentence in enumerate(sentences):
        expected = np.stack([vectors(token.encode(), factor) for token in sentence.tokens])
        assert layers[i].dtype == np.float16
        np.testing.assert_allclose(layers[i], expected, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("sentences", [SENTENCES, LONG])
def test_layers_are_the_encoders_in_float16(sentences: list[Sentence], tmp_path: pathlib.Path) -> None:
    encoder = Stub()
    assert_right(cached_layers(encoder, sentences, tmp_path / "new" / "folder"), sentences)
    assert set(encoder.seen.values()) == {1}
    assert len(encoder.seen) == len(sentences)


def test_memory_of_a_run_is_bounded(tmp_path: pathlib.Path) -> None:
    encoder = Stub()
    cached_layers(encoder, LONG, tmp_path)
    assert encoder.runs == 3  # at most 1,024 padded words each


def test_a_second_time_the_encoder_does_not_run(tmp_path: pathlib.Path) -> None:
    cached_layers(Stub(), SENTENCES, tmp_path)
    again = Stub(fail_at=0)
    assert_right(cached_layers(again, SENTENCES, tmp_path), SENTENCES)
    assert again.runs == 0
    annotated = [Sentence(s.tokens, (Entity(0, 1, "Loc"),), id="other") for s in SENTENCES]
    assert_right(cached_layers(again, annotated, tmp_path), SENTENCES)  # annotation doesn't matter
    assert len(list(tmp_path.iterdir())) == 1


def test_goes_on_after_an_interruption(tmp_path: pathlib.Path) -> None:
    first = Stub(fail_at=1)
    with pytest.raises(tf.errors.OpError, match="the machine went down"):
        cached_layers(first, LONG, tmp_path)
    second = Stub()
    assert_right(cached_layers(second, LONG, tmp_path), LONG)
    assert (first.runs, second.runs) == (1, 2)
    assert set((first.seen + second.seen).values()) == {1}
    assert len(first.seen + second.seen) == len(LONG)


@pytest.mark.parametrize(
    ("encoder", "sentences"),
    [
        (Stub("another"), SENTENCES),
        (Stub(), SENTENCES[:-1]),
        (Stub(), SENTENCES[::-1]),
        (Stub(), [Sentence(("w0.0", "w1.0", *SENTENCES[1].tokens[1:])), *SENTENCES[2:]]),
        (Stub(), [Sentence((SENTENCES[0].tokens[0].upper(),)), *SENTENCES[1:]]),
    ],
    ids=["encoder", "fewer", "order", "borders", "word"],
)
def test_other_content_has_another_place(
    encoder: Stub, sentences: list[Sentence], tmp_path: pathlib.Path
) -> None:
    cached_layers(Stub(), SENTENCES, tmp_path)
    assert_right(cached_layers(encoder, sentences, tmp_path), sentences)
    assert len(encoder.seen) == len(sentences)
    assert len(list(tmp_path.iterdir())) == 2
    assert_right(cached_layers(Stub(fail_at=0), SENTENCES, tmp_path), SENTENCES)


def test_places_tell_words_and_sentences_apart(tmp_path: pathlib.Path) -> None:
    corpora: list[list[tuple[str, ...]]] = [
        [("a", "b")],
        [("a b",)],
        [("a",), ("b",)],
        [("ab",)],
        [("a,b",)],
        [('a", "b',)],
    ]
    for count, corpus in enumerate(corpora, start=1):
        sentences = [Sentence(tokens) for tokens in corpus]
        assert_right(cached_layers(Stub(), sentences, tmp_path), sentences)
        assert len(list(tmp_path.iterdir())) == count


def test_two_at_once_share_the_work(tmp_path: pathlib.Path) -> None:
    encoders = [Stub(), Stub()]
    results: list[CachedLayers | None] = [None, None]

    def work(k: int) -> None:
        results[k] = cached_layers(encoders[k], LONG, tmp_path)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    for layers in results:
        assert layers is not None
        assert_right(layers, LONG)
    assert set((encoders[0].seen + encoders[1].seen).values()) == {1}


@pytest.mark.parametrize("factor", [1e6, np.nan, np.inf])
def test_numbers_that_float16_cannot_hold(
    factor: float, tmp_path: pathlib.Path, recwarn: pytest.WarningsRecorder
) -> None:
    with pytest.raises(InputError, match=r"sentence \d+: .* float16, expected finite numbers"):
        cached_layers(Stub(factor=factor), SENTENCES, tmp_path)
    assert not [warning for warning in recwarn if warning.category is RuntimeWarning]
    with pytest.raises(InputError, match="float16"):  # nothing of it counts as done
        cached_layers(Stub(factor=factor), SENTENCES, tmp_path)


@pytest.mark.parametrize("full_at", [0, 1])
@pytest.mark.parametrize("written", [0, 7])
def test_full_disk(
    full_at: int, written: int, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full when the room for the layers (0) or for the marks of what is done (1) is taken."""
    calls = iter(range(10))
    take = os.posix_fallocate

    def fallocate(file: int, offset: int, size: int) -> None:
        if next(calls) == full_at:
            os.write(file, b"\x01" * written)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        take(file, offset, size)

    encoder = Stub()
    with monkeypatch.context() as patch:
        patch.setattr(os, "posix_fallocate", fallocate)
        with pytest.raises(InputError, match="No space left on device") as error:
            cached_layers(encoder, SENTENCES, tmp_path)
    assert str(tmp_path) in str(error.value)
    assert encoder.runs == 0
    assert_right(cached_layers(encoder, SENTENCES, tmp_path), SENTENCES)
    assert len(encoder.seen) == len(SENTENCES)


@pytest.mark.parametrize("damage", ["missing", "short"])
@pytest.mark.parametrize("name", ["layers.float16", "done"])
def test_a_damaged_cache_is_made_anew(name: str, damage: str, tmp_path: pathlib.Path) -> None:
    cached_layers(Stub(), SENTENCES, tmp_path)
    (path,) = tmp_path.glob(f"*/{name}")
    if damage == "missing":
        path.unlink()
    else:
        os.truncate(path, path.stat().st_size - 1)
    encoder = Stub()
    assert_right(cached_layers(encoder, SENTENCES, tmp_path), SENTENCES)
    assert len(encoder.seen) == len(SENTENCES)


def test_folder_that_cannot_be_made(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="can't be written"):
        cached_layers(Stub(), SENTENCES, tmp_path / "file")


def test_no_sentences(tmp_path: pathlib.Path) -> None:
    assert cached_layers(Stub(), [], tmp_path).shape == (L, D)
