"""A frozen encoder's layers on disk, computed once per corpus and encoder."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import math
import os
import pathlib
import sys
from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from jner_re import files
from jner_re.encoders import download
from jner_re.errors import InputError
from jner_re.schema import Sentence

_WORDS_PER_BATCH = 1024  # bounds the memory of one run of the encoder
_FORMAT = 1  # raise it when what is written changes


class Encoder(Protocol):
    """What the cache needs of an encoder (DESIGN: token encoder contract)."""

    num_layers: int
    width: int
    fingerprint: str

    def encode(self, tokens: tf.Tensor, sequence_len: tf.Tensor) -> tf.Tensor:
        """string [B, T], int32 [B] -> float32 [B, T, L, D]."""


class CachedLayers:
    """The layers of a corpus, memory-mapped.

    Attributes:
      shape: (L, D).
    """

    def __init__(self, layers: np.ndarray, offsets: np.ndarray) -> None:
        self._layers = layers
        self._offsets = offsets
        self.shape = layers.shape[1:]

    def __getitem__(self, sentence: int) -> np.ndarray:
        """float16 [T, L, D] of one sentence."""
        return self._layers[self._offsets[sentence] : self._offsets[sentence + 1]]


def cached_layers(encoder: Encoder, sentences: Sequence[Sentence], folder: pathlib.Path) -> CachedLayers:
    """The encoder's layers of all sentences, read from disk or computed and written there.

    What was computed before an interruption is not computed again: `done` marks, sentence by sentence, what
    has reached the disk. Two programs that want the same cache take turns.

    Args:
      encoder: a frozen encoder.
      sentences: the corpus.
      folder: where caches are kept, each in a folder named by a hash of the encoder and the tokens.

    Raises:
      InputError: the disk is full, or the encoder gave numbers that float16 can't hold.
    """
    offsets = np.concatenate([[0], np.cumsum([len(sentence.tokens) for sentence in sentences])]).astype(
        np.int64
    )
    place = folder / _key(encoder, sentences)
    shape = (int(offsets[-1]), encoder.num_layers, encoder.width)
    if not sentences:
        return CachedLayers(np.zeros(shape, np.float16), offsets)
    try:
        place.mkdir(parents=True, exist_ok=True)
        with _lock(place / "lock"):
            if not _has_size(place / "layers.float16", np.float16, shape):
                (place / "done").unlink(missing_ok=True)
            layers = _open(place / "layers.float16", np.float16, shape)
            done = _open(place / "done", np.uint8, (len(sentences),))
            _fill(encoder, sentences, offsets, layers, done)
        files.write_text(
            place / "about.json",
            json.dumps({"shape": shape, "encoder": encoder.fingerprint}, indent=2) + "\n",
        )
    except OSError as error:
        raise InputError(f"{place}: can't be written: {error.strerror}") from None
    return CachedLayers(np.memmap(place / "layers.float16", np.float16, "r", shape=shape), offsets)


def _key(encoder: Encoder, sentences: Sequence[Sentence]) -> str:
    content = hashlib.sha256(f"{_FORMAT}\n{encoder.fingerprint}\n".encode())
    for sentence in sentences:
        content.update(json.dumps(sentence.tokens).encode())
    return content.hexdigest()[:32]


@contextlib.contextmanager
def _lock(path: pathlib.Path) -> Iterator[None]:
    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _open(path: pathlib.Path, dtype: type, shape: tuple[int, ...]) -> np.memmap:
    """Opens or creates a memory-mapped array; its room on disk is taken before anything is computed."""
    if not _has_size(path, dtype, shape):
        with open(path, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, _size(dtype, shape))
    return np.memmap(path, dtype, "r+", shape=shape)


def _has_size(path: pathlib.Path, dtype: type, shape: tuple[int, ...]) -> bool:
    return path.exists() and path.stat().st_size == _size(dtype, shape)


def _size(dtype: type, shape: tuple[int, ...]) -> int:
    """Bytes of an array."""
    return math.prod(shape) * np.dtype(dtype).itemsize


def _fill(
    encoder: Encoder, sentences: Sequence[Sentence], offsets: np.ndarray, layers: np.memmap, done: np.memmap
) -> None:
    missing = sorted(np.flatnonzero(done == 0).tolist(), key=lambda i: len(sentences[i].tokens))
    if not missing:
        return
    run = tf.function(
        encoder.encode,
        input_signature=[tf.TensorSpec([None, None], tf.string), tf.TensorSpec([None], tf.int32)],
    )
    progress = tqdm(
        total=len(sentences),
        initial=len(sentences) - len(missing),
        desc="encoding",
        unit=" sentences",
        file=sys.stderr,
    )
    with progress:
        for batch in _batches(missing, sentences):
            lengths = [len(sentences[i].tokens) for i in batch]
            tokens = [
                [*sentences[i].tokens, *[""] * (max(lengths) - len(sentences[i].tokens))] for i in batch
            ]
            output = run(tf.constant(tokens), tf.constant(lengths, tf.int32)).numpy()
            with np.errstate(over="ignore"):  # what overflows is reported below
                output = output.astype(np.float16)
            for row, i in enumerate(batch):
                if not np.isfinite(output[row, : lengths[row]]).all():
                    raise InputError(
                        f"sentence {i}: the encoder's output doesn't fit float16, expected finite numbers"
                    )
                layers[offsets[i] : offsets[i + 1]] = output[row, : lengths[row]]
            layers.flush()
            done[batch] = 1
            done.flush()
            progress.update(len(batch))


def _batches(order: Sequence[int], sentences: Sequence[Sentence]) -> Iterator[list[int]]:
    batch: list[int] = []
    for i in order:
        if batch and (len(batch) + 1) * len(sentences[i].tokens) > _WORDS_PER_BATCH:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def feature_cache() -> pathlib.Path:
    """The folder in which encoder layers are kept."""
    return download.cache_dir() / "features"
