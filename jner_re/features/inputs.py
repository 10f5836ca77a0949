"""Everything frozen that stands before the trained model: encoders, word vectors, character ids, casing."""

from __future__ import annotations

import dataclasses
import hashlib
import logging
import pathlib
from collections.abc import Collection, Mapping, Sequence

from jner_re.config import ModelConfig, with_absolute_paths
from jner_re.encoders import fine_tuning, module
from jner_re.errors import InputError
from jner_re.features.cache import CachedLayers, cached_layers
from jner_re.features.chars import CharTable
from jner_re.features.dataset import FeaturizedCorpus, featurize
from jner_re.features.featurizer import Featurizer
from jner_re.features.specs import InputSizes, feature_specs, numbered
from jner_re.features.subwords import SubwordTable
from jner_re.features.words import WordTable
from jner_re.schema import Sentence
from jner_re.word_vectors import glove

_LOGGER = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Frozen:
    """What is the same for every model of a config: it can be opened once for many runs.

    Attributes:
      names: of the encoders and the word vectors, as the config has them, with absolute paths.
      encoders: the frozen token encoders by their handles, in the config's order.
      words: the table of word vectors, or None.
      fingerprints: hashes of the word vectors, `glove`, and the encoders, `encoder`, `encoder_2`, …, by which
        a trained model knows them again.
    """

    names: tuple[str, str]
    encoders: Mapping[str, module.Encoder]
    words: WordTable | None
    fingerprints: dict[str, str]

    def sources(self) -> dict[str, str]:
        """What the config calls each of those that have a fingerprint."""
        encoders = {numbered("encoder", i): handle for i, handle in enumerate(self.encoders)}
        return {"glove": self.names[1], **encoders}


@dataclasses.dataclass(frozen=True)
class Inputs:
    """Turns sentences into features.

    Attributes:
      featurizer: look-ups of characters, words and casing.
      encoders: the frozen token encoders by their handles.
      sizes: what the joint model is built for.
      fine_tuned: the folder of the encoder whose weights fine-tuning starts from, or None.
    """

    featurizer: Featurizer
    encoders: Mapping[str, module.Encoder]
    sizes: InputSizes
    fine_tuned: pathlib.Path | None = None

    def corpus(self, sentences: Sequence[Sentence], cache: pathlib.Path) -> FeaturizedCorpus:
        """Sentences with their features; the encoders' layers are kept in the folder `cache`.

        Raises:
          InputError: as `cached_layers`, with the encoder's handle.
        """
        layers = [_layers(handle, encoder, sentences, cache) for handle, encoder in self.encoders.items()]
        return FeaturizedCorpus(
            sentences, featurize(sentences, self.featurizer), layers, feature_specs(self.sizes)
        )


def open_frozen(config: ModelConfig, vocabulary: Collection[str] | None = None) -> Frozen:
    """Loads the encoders and the word vectors that `config` names.

    Args:
      config: what a model reads.
      vocabulary: keep the vectors of these words alone.

    Raises:
      InputError: nothing is left to read, none of the vocabulary has a vector, one of them isn't available,
        or it isn't one encoder that is to be fine-tuned.
    """
    if not (config.encoder or config.glove or config.char_rnn_size):
        raise InputError("encoder and glove are empty and char_rnn_size is 0, expected at least one of them")
    config = with_absolute_paths(config)
    _check_fine_tuning(config)
    fingerprints = {}
    words = None
    if config.glove:
        vectors = glove.load(config.glove)
        fingerprints["glove"] = _fingerprint(vectors)
        if vocabulary is not None:
            vectors = _restricted(vectors, vocabulary)
        words = WordTable(vectors.words, vectors.vectors)
    handles = module.handles(config.encoder)
    encoders = {handle: module.load(handle, config.fine_tune_encoder) for handle in handles}
    for i, encoder in enumerate(encoders.values()):
        fingerprints[numbered("encoder", i)] = encoder.fingerprint
    return Frozen((config.encoder, config.glove), encoders, words, fingerprints)


def make_inputs(config: ModelConfig, frozen: Frozen, characters: str) -> Inputs:
    """The inputs of one model.

    Args:
      config: what the model reads.
      frozen: of the same config.
      characters: those that the character BiRNN knows.

    Raises:
      InputError: the encoder can't be fine-tuned as the config asks.
    """
    _check_fine_tuning(config)
    chars = CharTable(characters, config.max_word_chars) if config.char_rnn_size else None
    encoders, fine_tuned, subwords = frozen.encoders, None, None
    if config.fine_tune_encoder:
        (encoder,) = encoders.values()
        encoders, fine_tuned = {}, encoder.folder
        subwords = SubwordTable(fine_tuning.read_vocabulary(fine_tuned))
        if config.frozen_encoder_layers >= encoder.num_layers:
            raise InputError(
                f"frozen_encoder_layers is {config.frozen_encoder_layers}, expected at most "
                f"{encoder.num_layers - 1}: {config.encoder} has {encoder.num_layers} layers "
                "with the embeddings, and one is to be trained"
            )
    sizes = InputSizes(
        encoders=tuple((encoder.num_layers, encoder.width) for encoder in encoders.values()),
        word_width=frozen.words.width if frozen.words else 0,
        num_chars=chars.size if chars else 0,
        casing=config.casing,
        subwords=subwords is not None,
    )
    featurizer = Featurizer(chars, frozen.words, config.casing, subwords)
    return Inputs(featurizer, encoders, sizes, fine_tuned)


def _check_fine_tuning(config: ModelConfig) -> None:
    if config.fine_tune_encoder and len(module.handles(config.encoder)) != 1:
        encoder = repr(config.encoder) if config.encoder else "empty"
        raise InputError(
            f"fine_tune_encoder is True and encoder is {encoder}, expected one encoder to fine-tune"
        )


def _layers(
    handle: str, encoder: module.Encoder, sentences: Sequence[Sentence], cache: pathlib.Path
) -> CachedLayers:
    try:
        return cached_layers(encoder, sentences, cache)
    except InputError as error:
        raise InputError(f"encoder {handle}: {error}") from None


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
