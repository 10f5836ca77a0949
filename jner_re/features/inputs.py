"""Everything frozen that stands before the trained model: encoder, word vectors, character ids, casing."""

from __future__ import annotations

import dataclasses
import hashlib
import pathlib
from collections.abc import Sequence

from jner_re.config import ModelConfig
from jner_re.encoders import module
from jner_re.errors import InputError
from jner_re.features.cache import cached_layers
from jner_re.features.chars import CharTable
from jner_re.features.dataset import FeaturizedCorpus, featurize
from jner_re.features.featurizer import Featurizer
from jner_re.features.words import WordTable
from jner_re.schema import Sentence
from jner_re.word_vectors import glove


@dataclasses.dataclass(frozen=True)
class InputSizes:
    """Sizes of the model's inputs that its config doesn't fix.

    Attributes:
      encoder_layers: L, 0 without an encoder.
      encoder_width: D of the encoder.
      word_width: size of the word vectors, 0 for none.
      num_chars: number of character ids, 0 for none.
    """

    encoder_layers: int = 0
    encoder_width: int = 0
    word_width: int = 0
    num_chars: int = 0


@dataclasses.dataclass(frozen=True)
class Inputs:
    """Turns sentences into features.

    Attributes:
      featurizer: look-ups of characters, words and casing.
      encoder: the frozen token encoder, or None.
      sizes: what the joint model is built for.
      fingerprints: hashes of the encoder and the word vectors, by which a trained model knows them again.
    """

    featurizer: Featurizer
    encoder: module.Encoder | None
    sizes: InputSizes
    fingerprints: dict[str, str]

    def corpus(self, sentences: Sequence[Sentence], cache: pathlib.Path) -> FeaturizedCorpus:
        """Sentences with their features; the encoder's layers are kept in the folder `cache`."""
        layers = None if self.encoder is None else cached_layers(self.encoder, sentences, cache)
        return FeaturizedCorpus(sentences, featurize(sentences, self.featurizer), layers)


def open_inputs(config: ModelConfig, characters: str) -> Inputs:
    """Loads what `config` names.

    Args:
      config: names the encoder and the word vectors.
      characters: those that the character BiRNN knows.

    Raises:
      InputError: nothing is left to read, or the encoder or the word vectors can't be had.
    """
    if not (config.encoder or config.glove or config.char_rnn_size):
        raise InputError("encoder and glove are empty and char_rnn_size is 0, expected at least one of them")
    fingerprints = {}
    chars = CharTable(characters, config.max_word_chars) if config.char_rnn_size else None
    words = encoder = None
    if config.glove:
        vectors = glove.load(config.glove)
        fingerprints["glove"] = _fingerprint(vectors)
        words = WordTable(vectors.words, vectors.vectors)
    if config.encoder:
        encoder = module.load(config.encoder)
        fingerprints["encoder"] = encoder.fingerprint
    sizes = InputSizes(
        encoder_layers=encoder.num_layers if encoder else 0,
        encoder_width=encoder.width if encoder else 0,
        word_width=words.width if words else 0,
        num_chars=chars.size if chars else 0,
    )
    return Inputs(Featurizer(chars, words, config.casing), encoder, sizes, fingerprints)


def _fingerprint(vectors: glove.WordVectors) -> str:
    """SHA-256 of words and vectors."""
    digest = hashlib.sha256("\n".join(vectors.words).encode())
    digest.update(vectors.vectors.tobytes())
    return digest.hexdigest()
