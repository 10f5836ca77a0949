"""A frozen encoder's layers on disk, computed once for each sentence and encoder.

Folds, splits and trials share one store per encoder. Every sentence is encoded alone: matrix products over
other batches are rounded otherwise, which float16 makes visible, so that only then a sentence has the same
bytes whatever its neighbours.
"""

from __future__ import annotations

import pathlib
import sys
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from jner_re.assets import download
from jner_re.errors import InputError
from jner_re.features.layer_store import LayerStore, LayerWriter, Shape, Snapshot, Span, sentence_key
from jner_re.schema import Sentence

_WORDS_PER_WRITE = 1024  # bounds what is held in memory, and what an interruption loses


class Encoder(Protocol):
    """What the cache needs of an encoder (DESIGN: token encoder contract).

    All but `fingerprint` are only asked for when something has to be encoded.
    """

    @property
    def fingerprint(self) -> str:
        """Equal only if two encoders give equal vectors."""

    @property
    def num_layers(self) -> int:
        """L."""

    @property
    def width(self) -> int:
        """D."""

    def encode(self, tokens: tf.Tensor, sequence_len: tf.Tensor) -> tf.Tensor:
        """string [B, T], int32 [B] -> float32 [B, T, L, D]."""


class CachedLayers:
    """The layers of a corpus, memory-mapped.

    Attributes:
      shape: (L, D).
    """

    def __init__(self, layers: np.ndarray, spans: Sequence[Span]) -> None:
        """Joins a store's array and the places of a corpus's sentences in it.

        Args:
          layers: float16 [tokens, L, D].
          spans: of each sentence, its first token and its number of tokens.
        """
        self._layers = layers
        self._spans = spans
        self.shape = layers.shape[1:]

    def __getitem__(self, sentence: int) -> np.ndarray:
        """float16 [T, L, D] of one sentence."""
        start, count = self._spans[sentence]
        return self._layers[start : start + count]


def cached_layers(encoder: Encoder, sentences: Sequence[Sentence], folder: pathlib.Path) -> CachedLayers:
    """The encoder's layers of all sentences, read from disk or computed and written there.

    Only sentences that the encoder's store lacks are encoded, each once; if there are none, the encoder is
    only asked for its fingerprint. What was written before an interruption is not computed again. Of several
    programs that encode for one store, one at a time does, and the others find what it wrote.

    Args:
      encoder: a frozen encoder.
      sentences: the corpus.
      folder: where stores are kept, one for each encoder.

    Raises:
      InputError: the disk is full, the store can't be read or written or is of something else, or the
        encoder gave numbers that float16 can't hold.
    """
    store = LayerStore(folder, encoder.fingerprint)
    keys = [sentence_key(sentence.tokens) for sentence in sentences]
    # The store has no record of sentences without words.
    wanted = {key: sentence.tokens for key, sentence in zip(keys, sentences, strict=True) if sentence.tokens}
    found = store.read()
    if not _has(found, wanted):
        with store.writer(lambda: (encoder.num_layers, encoder.width)) as writer:
            _encode_missing(encoder, wanted, writer)
        found = store.read()
    if found is None or not _has(found, wanted):
        raise InputError(f"{store.folder}: lost sentences that had just been written, expected to find them")
    return CachedLayers(found.layers, [found.spans[key] if key in wanted else (0, 0) for key in keys])


def _has(found: Snapshot | None, wanted: Mapping[bytes, object]) -> bool:
    return found is not None and found.spans.keys() >= wanted.keys()


def _encode_missing(encoder: Encoder, wanted: Mapping[bytes, tuple[str, ...]], writer: LayerWriter) -> None:
    missing = {key: tokens for key, tokens in wanted.items() if key not in writer.known}
    if not missing:
        return
    progress = tqdm(
        total=len(wanted),
        initial=len(wanted) - len(missing),
        desc="encoding",
        unit=" sentences",
        file=sys.stderr,
        mininterval=0.1 if sys.stderr.isatty() else 10.0,
    )
    encoded: dict[bytes, np.ndarray] = {}
    with progress:
        for key, tokens in missing.items():
            encoded[key] = _encode(encoder, tokens, writer.shape)
            if sum(map(len, encoded.values())) >= _WORDS_PER_WRITE:
                writer.append(encoded)
                encoded = {}
            progress.update()
        if encoded:
            writer.append(encoded)


def _encode(encoder: Encoder, tokens: tuple[str, ...], shape: Shape) -> np.ndarray:
    """float16 [T, L, D] of one sentence, encoded without neighbours or padding."""
    output = encoder.encode(tf.constant([tokens]), tf.constant([len(tokens)], tf.int32)).numpy()[0]
    if output.shape != (len(tokens), *shape):
        raise InputError(
            f"the encoder's output for {len(tokens)} words has the shape {output.shape}, expected "
            f"{(len(tokens), *shape)}"
        )
    with np.errstate(over="ignore"):  # what overflows is reported below
        layers = output.astype(np.float16)
    if not np.isfinite(layers).all():
        raise InputError(
            f"the encoder's output for the sentence {' '.join(tokens)[:200]!r} doesn't fit float16, expected "
            "finite numbers"
        )
    return layers


def feature_cache() -> pathlib.Path:
    """The folder in which encoder layers are kept."""
    return download.cache_dir() / "features"
