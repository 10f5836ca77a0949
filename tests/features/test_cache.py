"""The cache over an encoder: who is encoded, how often, and that the bytes are right."""

from __future__ import annotations

import collections
import errno
import functools
import json
import os
import pathlib
import tempfile
import threading
import zlib

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from jner_re import files
from jner_re.encoders import bert
from jner_re.errors import InputError
from jner_re.features.cache import CachedLayers, cached_layers
from jner_re.schema import EntitySpan, Sentence

_FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "fixtures" / "encoders"
L, D = 2, 3
SENTENCES = [Sentence(tuple(f"w{i}.{t}" for t in range(i * 5 % 7 + 1))) for i in range(30)]
LONG = [Sentence((f"x{i}",) * (500 + i)) for i in range(8)]  # written three, three and two at a time


class Stub:
    """An encoder whose vectors follow from the words; it counts, and fails when told to.

    Attributes:
      seen: how often each sentence was encoded.
      fail_at: the number of the sentence that raises.
    """

    num_layers, width = L, D

    def __init__(self, fingerprint: str = "stub", factor: float = 1.0, fail_at: int = -1) -> None:
        self.fingerprint = fingerprint
        self.factor = factor
        self.fail_at = fail_at
        self.seen: collections.Counter[tuple[str, ...]] = collections.Counter()

    def encode(self, tokens: tf.Tensor, sequence_len: tf.Tensor) -> tf.Tensor:
        if self.seen.total() == self.fail_at:
            raise RuntimeError("the machine went down")
        (words,) = tokens.numpy().tolist()
        assert sequence_len.numpy().tolist() == [len(words)]
        self.seen[tuple(word.decode() for word in words)] += 1
        return tf.constant([[vectors(word, self.factor) for word in words]])


class Unloaded:
    """An encoder that must not be loaded."""

    fingerprint = "stub"

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"{name} of the encoder was asked for")


@functools.cache
def vectors(token: bytes, factor: float = 1.0) -> np.ndarray:
    seed = np.random.default_rng(zlib.crc32(token))
    return (factor * seed.normal(size=(L, D))).astype(np.float32)


def assert_right(layers: CachedLayers, sentences: list[Sentence]) -> None:
    assert layers.shape == (L, D)
    for i, sentence in enumerate(sentences):
        expected = [vectors(token.encode()) for token in sentence.tokens]
        assert layers[i].dtype == np.float16
        np.testing.assert_array_equal(
            layers[i], np.array(expected).reshape(-1, L, D).astype(np.float16), strict=True
        )


def the_file(folder: pathlib.Path, name: str) -> pathlib.Path:
    (path,) = folder.glob(f"*/{name}")
    return path


@pytest.mark.parametrize("sentences", [SENTENCES, LONG], ids=["short", "long"])
def test_layers_are_the_encoders_in_float16(sentences: list[Sentence], tmp_path: pathlib.Path) -> None:
    encoder = Stub()
    assert_right(cached_layers(encoder, sentences, tmp_path / "new" / "folder"), sentences)
    assert encoder.seen == dict.fromkeys((sentence.tokens for sentence in sentences), 1)


@given(st.lists(st.lists(st.sampled_from(SENTENCES[:8]), max_size=12), max_size=4))
@settings(max_examples=25)
def test_corpora_share_sentences(corpora: list[list[Sentence]]) -> None:
    encoder = Stub()
    with tempfile.TemporaryDirectory() as folder:
        opened = [cached_layers(encoder, corpus, pathlib.Path(folder)) for corpus in corpora]
        for layers, corpus in zip(opened, corpora, strict=True):
            assert_right(layers, corpus)
    assert encoder.seen == dict.fromkeys({s.tokens for corpus in corpora for s in corpus}, 1)


def test_folds_and_other_orders_never_load_the_encoder(tmp_path: pathlib.Path) -> None:
    cached_layers(Stub(), SENTENCES, tmp_path)
    content = the_file(tmp_path, "layers.float16").read_bytes()
    assert len(content) == 2 * L * D * sum(len(sentence.tokens) for sentence in SENTENCES)
    annotated = [Sentence(s.tokens, (EntitySpan(0, 1, "Loc"),), id="other") for s in SENTENCES]
    folds = [[s for i, s in enumerate(SENTENCES) if i % 10 != fold] for fold in range(10)]
    for corpus in (SENTENCES, SENTENCES[::-1], SENTENCES[:-1], SENTENCES * 2, annotated, [], *folds):
        assert_right(cached_layers(Unloaded(), corpus, tmp_path), corpus)
    assert the_file(tmp_path, "layers.float16").read_bytes() == content


def test_readers_do_not_wait_for_a_writer(tmp_path: pathlib.Path) -> None:
    cached_layers(Stub(), SENTENCES, tmp_path)
    with files.locked(the_file(tmp_path, "lock")):
        assert_right(cached_layers(Unloaded(), SENTENCES, tmp_path), SENTENCES)


def test_another_encoder_has_another_store(tmp_path: pathlib.Path) -> None:
    cached_layers(Stub(), SENTENCES, tmp_path)
    other = Stub("another")
    assert_right(cached_layers(other, SENTENCES, tmp_path), SENTENCES)
    assert len(other.seen) == len(SENTENCES)
    assert len(list(tmp_path.iterdir())) == 2


def test_words_and_sentences_are_told_apart(tmp_path: pathlib.Path) -> None:
    corpora: list[list[tuple[str, ...]]] = [
        [("a", "b")],
        [("a b",)],
        [("a",), ("b",)],
        [("ab",)],
        [("A", "b")],
        [("b", "a")],
        [("a,b",)],
        [('a", "b',)],
        [("é",), ("e\u0301",)],
    ]
    encoder = Stub()
    for corpus in corpora:
        sentences = [Sentence(tokens) for tokens in corpus]
        assert_right(cached_layers(encoder, sentences, tmp_path), sentences)
    assert encoder.seen == dict.fromkeys((tokens for corpus in corpora for tokens in corpus), 1)


def test_goes_on_after_an_error(tmp_path: pathlib.Path) -> None:
    first = Stub(fail_at=7)
    with pytest.raises(RuntimeError, match="the machine went down"):
        cached_layers(first, LONG, tmp_path)
    second = Stub()
    assert_right(cached_layers(second, LONG, tmp_path), LONG)
    assert set(second.seen) == {sentence.tokens for sentence in LONG[6:]}  # LONG[6] was not yet written


def test_two_at_once_share_the_work(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Overlapping corpora; the second to get the lock encodes what the first did not."""
    encoders = [Stub(), Stub()]
    corpora = [LONG[:6], LONG[:1:-1]]
    results: list[CachedLayers | None] = [None, None]

    def work(k: int) -> None:
        results[k] = cached_layers(encoders[k], corpora[k], tmp_path)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    for layers, corpus in zip(results, corpora, strict=True):
        assert layers is not None
        assert_right(layers, corpus)
    assert encoders[0].seen + encoders[1].seen == dict.fromkeys((s.tokens for s in LONG), 1)


def test_same_sentence_same_bytes(tmp_path: pathlib.Path) -> None:
    """Whatever is encoded with it, before or after; long ones go through the encoder in windows."""

    class Real:
        fingerprint = "tiny_bert"

        def __init__(self) -> None:
            encoder = bert.read(_FIXTURES / "tiny_bert")
            self.num_layers, self.width = encoder.num_layers, encoder.width
            self.encode = lambda tokens, lengths: encoder.tokens(tokens, lengths)["layers"]

    texts = json.loads((_FIXTURES / "sentences.json").read_text(encoding="utf-8"))
    sentences = [Sentence(tuple(tokens)) for tokens in texts]
    encoder = Real()
    expected = cached_layers(encoder, sentences, tmp_path / "all")
    shuffled = np.random.default_rng(0).permutation(len(sentences)).tolist()
    for name, some in (("half", shuffled[::2]), ("alone", [17])):
        layers = cached_layers(encoder, [sentences[i] for i in some], tmp_path / name)
        for k, i in enumerate(some):
            assert layers[k].tobytes() == expected[i].tobytes()


@pytest.mark.parametrize("factor", [1e6, np.nan, np.inf])
def test_numbers_that_float16_cannot_hold(
    factor: float, tmp_path: pathlib.Path, recwarn: pytest.WarningsRecorder
) -> None:
    for _ in range(2):  # nothing of it counts as done
        with pytest.raises(InputError, match=r"sentence 'w1\.0 w1\.1 .* float16, expected finite numbers"):
            cached_layers(Stub(factor=factor), SENTENCES[1:], tmp_path)
    assert not [warning for warning in recwarn if warning.category is RuntimeWarning]


@pytest.mark.parametrize("full_at", range(5))
@pytest.mark.parametrize("written", [0, 7, 40])
def test_full_disk(
    full_at: int, written: int, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Full at a write of layers (0, 2, 4) or of the index (1, 3), of which some bytes get through."""
    calls = iter(range(100))
    write = os.write

    def fill(file: int, content: memoryview) -> int:
        if next(calls) == full_at:
            write(file, content[:written])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(file, content)

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", fill)
        with pytest.raises(InputError, match="No space left on device") as error:
            cached_layers(Stub(), LONG, tmp_path)
    assert str(tmp_path) in str(error.value)
    complete = LONG[: 3 * (full_at // 2)]
    if complete:
        assert_right(cached_layers(Unloaded(), complete, tmp_path), complete)
    encoder = Stub()
    assert_right(cached_layers(encoder, LONG, tmp_path), LONG)
    assert set(encoder.seen.values()) == {1}
    assert encoder.seen.keys().isdisjoint(sentence.tokens for sentence in complete)


@pytest.mark.parametrize(
    "content",
    [
        "not JSON",
        "[]",
        "{}",
        '{"format": 1, "encoder": "stub", "layers": 2, "width": 3}',
        '{"format": 2, "encoder": "another", "layers": 2, "width": 3}',
        '{"format": 2, "encoder": "stub", "layers": 0, "width": 3}',
        '{"format": 2, "encoder": "stub", "layers": "2", "width": 3}',
        '{"format": 2, "encoder": "stub", "layers": true, "width": 6}',
    ],
)
def test_a_store_of_something_else(content: str, tmp_path: pathlib.Path) -> None:
    cached_layers(Stub(), SENTENCES, tmp_path)
    about = the_file(tmp_path, "about.json")
    about.write_text(content)
    for _ in range(2):
        with pytest.raises(InputError, match=r"about\.json: .* expected"):
            cached_layers(Stub(), SENTENCES, tmp_path)


@pytest.mark.parametrize("shape", [(1, 6), (3, 2), (6, 1), (2, 4), (1, 1)])
def test_a_store_that_lies_about_its_shape(shape: tuple[int, int], tmp_path: pathlib.Path) -> None:
    """Even if as many numbers make a word."""
    cached_layers(Stub(), SENTENCES, tmp_path)
    about = {"format": 2, "encoder": "stub", "layers": shape[0], "width": shape[1]}
    the_file(tmp_path, "about.json").write_text(json.dumps(about))
    with pytest.raises(InputError, match=r"output for 1 words has the shape \(1, 2, 3\), expected \(1, "):
        cached_layers(Stub(), SENTENCES, tmp_path)


@pytest.mark.parametrize(
    ("name", "encoded"), [("about.json", 0), ("index", len(SENTENCES)), ("layers.float16", len(SENTENCES))]
)
def test_what_is_deleted_is_made_anew(name: str, encoded: int, tmp_path: pathlib.Path) -> None:
    before = cached_layers(Stub(), SENTENCES, tmp_path)
    the_file(tmp_path, name).unlink()
    encoder = Stub()
    for corpus in (SENTENCES[::-2], SENTENCES):
        assert_right(cached_layers(encoder, corpus, tmp_path), corpus)
    assert encoder.seen.total() == encoded
    assert_right(cached_layers(Unloaded(), SENTENCES, tmp_path), SENTENCES)
    assert_right(before, SENTENCES)  # who has it open keeps it


def test_shortened_layers(tmp_path: pathlib.Path) -> None:
    """The last sentences are lost; others are appended in their place and not taken for them."""
    cached_layers(Stub(), SENTENCES, tmp_path)
    data = the_file(tmp_path, "layers.float16")
    os.truncate(data, data.stat().st_size // 2 + 1)
    encoder = Stub()
    others = [Sentence((*sentence.tokens, "more")) for sentence in SENTENCES]
    assert_right(cached_layers(encoder, others, tmp_path), others)
    assert_right(cached_layers(encoder, SENTENCES, tmp_path), SENTENCES)
    assert len(others) + 5 < len(encoder.seen) < len(others) + 25


def test_folder_that_cannot_be_made(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="can't be written"):
        cached_layers(Stub(), SENTENCES, tmp_path / "file")


def test_no_sentences_and_no_words(tmp_path: pathlib.Path) -> None:
    assert cached_layers(Stub(fail_at=0), [], tmp_path).shape == (L, D)
    sentences = [Sentence(()), SENTENCES[1], Sentence(())]
    assert_right(cached_layers(Stub(fail_at=0), sentences[:1], tmp_path), sentences[:1])
    assert_right(cached_layers(Stub(), sentences, tmp_path), sentences)
