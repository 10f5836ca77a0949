"""A process that encodes corpora into stores which it shares, and may be killed while it writes."""

from __future__ import annotations

import dataclasses
import fcntl
import os
import pathlib
import random
import signal
import threading
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from jner_re import program
from jner_re.features.cache import cached_layers
from jner_re.features.layer_store import LayerStore
from jner_re.schema import Sentence

ENCODERS = ("one", "another")  # a store each
_WRITE = os.write
_OWN_WRITES = (_WRITE, os.ftruncate, os.fsync, os.replace)  # what a store's files are written with

Corpus = Sequence[Sentence]
Content = Mapping[tuple[str, ...], bytes]  # of a store: each sentence's layers


@dataclasses.dataclass(frozen=True)
class Work:
    """What a process does.

    Attributes:
      folder: of the stores.
      corpora: to be encoded one after the other, for each of the encoders.
      expected: what each store is to give.
      dies_at: of its writing calls the one that it doesn't survive; None to end by itself.
      seed: of how much of that is done.
    """

    folder: pathlib.Path
    corpora: Sequence[Corpus]
    expected: Mapping[str, Content]
    dies_at: int | None = None
    seed: int = 0


def start(this: Work, ready: threading.Barrier) -> None:
    """`work`, once all the others are ready, too."""
    program.import_tensorflow_quietly(1)
    ready.wait()
    work(this)


def work(this: Work) -> None:
    """Encodes, and compares what it is given; raises AssertionError if that is something else."""
    encoders = [Hashed(name) for name in ENCODERS]
    if this.dies_at is not None:
        die_while_writing(this.dies_at, random.Random(this.seed))
    for corpus in this.corpora:
        for each in encoders:
            layers = cached_layers(each, corpus, this.folder)
            for i, sentence in enumerate(corpus):
                expected = this.expected[each.fingerprint][sentence.tokens]
                assert layers[i].tobytes() == expected, f"{each.fingerprint}: {sentence.tokens} differs"


class Hashed:
    """An encoder whose vectors follow from the words and their neighbours, in no time.

    Attributes:
      fingerprint: of its store.
    """

    num_layers, width = 3, 64

    def __init__(self, fingerprint: str) -> None:
        self.fingerprint = fingerprint

    def encode(self, tokens: tf.Tensor, sequence_len: tf.Tensor) -> tf.Tensor:
        (words,) = tokens.numpy().tolist()
        numbers = np.random.default_rng([zlib.crc32(self.fingerprint.encode()), *map(zlib.crc32, words)])
        size = (1, len(words), self.num_layers, self.width)
        return tf.constant(numbers.standard_normal(size, np.float32))


def die_while_writing(call: int, moments: random.Random) -> None:
    """Lets this process die by SIGKILL in its writing call of this number, before or after some of it."""
    calls = iter(range(call + 1))

    def dying(function: Callable[..., object]) -> Callable[..., object]:
        def called(first: Any, *others: Any) -> object:
            if next(calls) < call:
                return function(first, *others)
            if function is _WRITE:
                function(first, others[0][: moments.randrange(len(others[0]) + 1)])
            elif moments.random() < 0.5:
                function(first, *others)
            os.kill(os.getpid(), signal.SIGKILL)
            raise AssertionError("SIGKILL was survived")

        return called

    for function in _OWN_WRITES:
        setattr(os, function.__name__, dying(function))


def content(folder: pathlib.Path, corpora: Sequence[Corpus]) -> dict[str, dict[tuple[str, ...], bytes]]:
    """Of each encoder, what a folder's store gives for the sentences of all corpora."""
    found = {}
    sentences = list({sentence.tokens: sentence for corpus in corpora for sentence in corpus}.values())
    for each in map(Hashed, ENCODERS):
        layers = cached_layers(each, sentences, folder)
        found[each.fingerprint] = {s.tokens: layers[i].tobytes() for i, s in enumerate(sentences)}
    return found


def is_free(lock: pathlib.Path) -> bool:
    """Whether nobody holds a lock."""
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def problems(folder: pathlib.Path, expected: Mapping[str, Content], kills: int) -> list[str]:
    """What is not as it should be once nobody writes any more and all is encoded.

    Every sentence is there once, no lock is held, no other file is left, and layers that no record tells of
    are at most one write (1,024 words and the sentence that exceeds them) for each kill.
    """
    found = []
    longest = max(len(tokens) for content in expected.values() for tokens in content)
    for fingerprint, content_ in expected.items():
        store = LayerStore(folder, fingerprint)
        snapshot = store.read()
        shape = store.shape()
        if snapshot is None or shape is None:
            found.append(f"{fingerprint}: no store")
            continue
        names = {path.name for path in store.folder.iterdir()}
        if names != {"about.json", "index", "layers.float16", "lock"}:
            found.append(f"{fingerprint}: holds {', '.join(sorted(names))}")
        records = (store.folder / "index").stat().st_size / 32
        if records != len(content_) or len(snapshot.spans) != len(content_):
            found.append(f"{fingerprint}: {records} records of {len(content_)} sentences")
        told = sum(map(len, content_.values()))
        untold = (store.folder / "layers.float16").stat().st_size - told
        token_bytes = int(np.prod(shape)) * 2
        if not 0 <= untold <= kills * (1024 + longest) * token_bytes:
            found.append(f"{fingerprint}: {untold // token_bytes} words that no record tells of")
        if not is_free(store.folder / "lock"):
            found.append(f"{fingerprint}: is locked")
    return found
