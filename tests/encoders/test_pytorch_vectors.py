"""Encoders against what PyTorch's transformers gave for 50 sentences, in every layer (make_reference.py)."""

from __future__ import annotations

import json
import os
import pathlib
from collections.abc import Iterator

import numpy as np
import pytest
import tensorflow as tf

from jner_re.assets import catalogue, download
from jner_re.encoders import architectures
from jner_re.encoders.token_encoder import TokenEncoder
from jner_re.errors import InputError

_FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "fixtures" / "encoders"
_SENTENCES = json.loads((_FIXTURES / "sentences.json").read_text(encoding="utf-8"))


def _checkpoint(name: str) -> pathlib.Path:
    if name.startswith("tiny"):
        return _FIXTURES / name
    cached = (download.cache_dir() / "downloads" / name / "model.safetensors").exists()
    if name == "mpnet" and not (cached or os.environ.get("JNER_RE_TEST_MPNET")):
        pytest.skip("mpnet (440 MB) isn't in the cache; set JNER_RE_TEST_MPNET=1 to fetch it")
    try:
        return catalogue.fetch(name)
    except InputError as error:
        if cached or "sha256" in str(error):
            raise
        pytest.skip(f"{name} isn't in the cache and can't be fetched: {error}")


@pytest.mark.parametrize(
    ("name", "count"), [("tiny_bert", 37), ("tiny_mpnet", 36), ("minilm", 50), ("mpnet", 50)]
)
def test_every_layer_equals_pytorch(name: str, count: int) -> None:
    encoder = architectures.read(_checkpoint(name))
    with np.load(_FIXTURES / f"{name}.npz") as reference:
        numbers = [int(key.removeprefix("projected_")) for key in reference if key.startswith("projected_")]
        assert len(numbers) == count
        vectors = dict(zip(numbers, _encode(encoder, numbers), strict=True))
        for i in numbers:
            projected = vectors[i] @ reference["signs"] / np.float32(encoder.width**0.5)
            np.testing.assert_allclose(projected, reference[f"projected_{i}"], atol=1e-5, rtol=0)
        for (i, t), expected in zip(reference["words"], reference["vectors"], strict=True):
            np.testing.assert_allclose(vectors[i][t], expected, atol=1e-4, rtol=0)


def _encode(encoder: TokenEncoder, numbers: list[int]) -> Iterator[np.ndarray]:
    """Vectors [T, L, D] of sentences, ten at a time."""
    for start in range(0, len(numbers), 10):
        sentences = [_SENTENCES[i] for i in numbers[start : start + 10]]
        lengths = [len(sentence) for sentence in sentences]
        padded = [sentence + [""] * (max(lengths) - len(sentence)) for sentence in sentences]
        layers = encoder.tokens(tf.constant(padded), tf.constant(lengths))["layers"].numpy()
        yield from (layer[:length] for layer, length in zip(layers, lengths, strict=True))
