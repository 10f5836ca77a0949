"""Everything frozen that stands before the trained model: encoder, word vectors, character ids, casing."""

from __future__ import annotations

import dataclasses
import hashlib
import logging
import pathlib
from collections.abc import Collection, Sequence

from jner_re.config import ModelConfig
from jner_re.encoders import fine_tuning, module
from jner_re.errors import InputError
from jner_re.features.cache import cached_layers
from jner_re.features.chars import CharTable
from jner_re.features.dataset import FeaturizedCorpus, featurize
from jner_re.features.featurizer import Featurizer
from jner_re.features.pieces import PieceTable
from jner_re.features.specs import InputSizes, feature_specs
from jner_re.features.words import WordTable
from jner_re.schema import Sentence
from jner_re.word_vectors import glove

_LOGGER = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Frozen:
    """What is the same for every model of a config: it can be opened once for many runs.

    Attributes:
      names: of the encoder and the word vectors, as the config has them.
      encoder: the frozen token encoder, or None.
      words: the table of word vectors, or None.
      fingerprints: hashes of the encoder and the word vectors, by which a trained model knows them again.
    """

    names: tuple[str, str]
    encoder: module.Encoder | None
    words: WordTable | None
    fingerprints: dict[str, str]


@dataclasses.dataclass(frozen=True)
class Inputs:
    """Turns sentences into features.

    Attributes:
      featurizer: look-ups of characters, words and casing.
      encoder: the frozen token encoder, or None.
      sizes: what the joint model is built for.
      fine_tuned: the folder of the encoder whose weights fine-tuning starts from, or None.
    """

    featurizer: Featurizer
    encoder: module.Encoder | None
    sizes: InputSizes
    fine_tuned: pathlib.Path | None = None

    def corpus(self, sentences: Sequence[Sentence], cache: pathlib.Path) -> FeaturizedCorpus:
        """Sentences with their features; the encoder's layers are kept in the folder `cache`."""
        layers = None if self.encoder is None else cached_layers(self.encoder, sentences, cache)
        return FeaturizedCorpus(
            sentences, featurize(sentences, self.featurizer), layers, feature_specs(self.sizes)
        )


def open_frozen(config: ModelConfig, vocabulary: Collection[str] | None = None) -> Frozen:
    """Loads the encoder and the word vectors that `config` names.

    Args:
      config: what a model reads.
      vocabulary: keep the vectors of these words alone.

    Raises:
      InputError: nothing is left to read, none of the vocabulary has a vector, or one of them can't be had.
    """
    if not (config.encoder or config.glove or config.char_rnn_size):
        raise InputError("encoder and glove are empty and char_rnn_size is 0, expected at least one of them")
    if config.fine_tune_encoder and not config.encoder:
        raise InputError("fine_tune_encoder is True and encoder is empty, expected an encoder to fine-tune")
    if config.frozen_encoder_layers and not config.fine_tune_encoder:
        raise InputError(
            f"frozen_encoder_layers is {config.frozen_encoder_layers}, expected 0 without fine_tune_encoder"
        )
    fingerprints = {}
    words = encoder = None
    if config.glove:
        vectors = glove.load(config.glove)
        fingerprints["glove"] = _fingerprint(vectors)
        if vocabulary is not None:
            vectors = _restricted(vectors, vocabulary)
        words = WordTable(vectors.words, vectors.vectors)
    if config.encoder:
        encoder = module.load(config.encoder, config.fine_tune_encoder)
        fingerprints["encoder"] = encoder.fingerprint
    return Frozen((config.encoder, config.glove), encoder, words, fingerprints)


def make_inputs(config: ModelConfig, frozen: Frozen, characters: str) -> Inputs:
    """The inputs of one model.

    Args:
      config: what the model reads.
      frozen: of the same config.
      characters: those that the character BiRNN knows.

    Raises:
      InputError: the encoder can't be fine-tuned as the config asks.
    """
    chars = CharTable(characters, config.max_word_chars) if config.char_rnn_size else None
    encoder, fine_tuned, pieces = frozen.encoder, None, None
    if frozen.encoder and config.fine_tune_encoder:
        encoder, fine_tuned = None, frozen.encoder.folder
        pieces = PieceTable(fine_tuning.read_vocabulary(fine_tuned))
        if config.frozen_encoder_layers >= frozen.encoder.num_layers:
            raise InputError(
                f"frozen_encoder_layers is {config.frozen_encoder_layers}, expected at most "
                f"{frozen.encoder.num_layers - 1}: {config.encoder} has {frozen.encoder.num_layers} layers "
                "with the embeddings, and one is to be trained"
            )
    sizes = InputSizes(
        encoder_layers=encoder.num_layers if encoder else 0,
        encoder_width=encoder.width if encoder else 0,
        word_width=frozen.words.width if frozen.words else 0,
        num_chars=chars.size if chars else 0,
        casing=config.casing,
        pieces=pieces is not None,
    )
    featurizer = Featurizer(chars, frozen.words, config.casing, pieces)
    return Inputs(featurizer, encoder, sizes, fine_tuned)


def _restricted(vectors: glove.WordVectors, vocabulary: Collection[str]) -> glove.WordVectors:
    kept = vectors.restrict(vocabulary)
    if not kept.words:
        raise InputError(f"none of the {len(vocabulary):,} words to keep has a word vector, expected some")
    _LOGGER.info(
        "word vectors: %s of %s words kept, %.1f of %.1f MB",
        f"{len(kept.words):,}",
        f"{len(vectors.words):,}",
        kept.vectors.nbytes / 1e6,
        vectors.vectors.nbytes / 1e6,
    )
    return kept


def _fingerprint(vectors: glove.WordVectors) -> str:
    """SHA-256 of words and vectors."""
    digest = hashlib.sha256("\n".join(vectors.words).encode())
    digest.update(vectors.vectors.tobytes())
    return digest.hexdigest()
