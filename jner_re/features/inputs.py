"""Everything frozen that stands before the trained model: encoders, word vectors, character ids, casing."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import logging
import pathlib
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from jner_re.config import ModelConfig
from jner_re.config_paths import with_absolute_paths
from jner_re.encoders import fine_tuning, module
from jner_re.encoders.checkpoint_source import Origin
from jner_re.errors import InputError
from jner_re.features import passages
from jner_re.features.cache import CachedLayers, cached_layers
from jner_re.features.chars import CharTable
from jner_re.features.dataset import Example, FeaturizedCorpus, Layers, featurize, whole
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

    def origins(self) -> dict[str, Origin]:
        """Where those encoders are from that are of the Hugging Face hub, named as the fingerprints."""
        found = {numbered("encoder", i): encoder.origin for i, encoder in enumerate(self.encoders.values())}
        return {name: origin for name, origin in found.items() if origin}


@dataclasses.dataclass(frozen=True)
class Inputs:
    """Turns sentences into features.

    Attributes:
      featurizer: look-ups of characters, words and casing.
      encoders: the frozen token encoders by their handles.
      sizes: what the joint model is built for.
      fine_tuned: the folder of the encoder whose weights fine-tuning starts from, or None.
      reading: how documents are read; None for sentences.
    """

    featurizer: Featurizer
    encoders: Mapping[str, module.Encoder]
    sizes: InputSizes
    fine_tuned: pathlib.Path | None = None
    reading: Reading | None = None

    def corpus(self, sentences: Sequence[Sentence], cache: pathlib.Path) -> FeaturizedCorpus:
        """Sentences with their features; the encoders' layers are kept in the folder `cache`.

        Raises:
          InputError: as `cached_layers`, with the encoder's handle.
        """
        examples = whole(sentences) if self.reading is None else self.reading.examples(sentences)
        read = [Sentence(sentences[e.sentence].tokens[e.start : e.end]) for e in examples]
        alone = self.reading is not None and not self.reading.encoder_context
        units = [Sentence(part) for sentence in sentences for part in sentence.parts()] if alone else read
        layers: list[Layers] = []
        for handle, encoder in self.encoders.items():
            found = _layers(handle, encoder, units, cache)
            layers.append(JoinedLayers(found, _parts_of(sentences, examples)) if alone else found)
        features = featurize(read, self.featurizer)
        return FeaturizedCorpus(sentences, examples, features, layers, feature_specs(self.sizes))


@dataclasses.dataclass(frozen=True)
class Reading:
    """How documents are read (passages.py).

    Attributes:
      window: K.
      step: sentences that a passage decides.
      encoder_context: whether encoders read passages, not each sentence alone.
    """

    window: int
    step: int
    encoder_context: bool

    def examples(self, sentences: Sequence[Sentence]) -> list[Example]:
        """The passages of documents, in their order."""
        found = []
        for i, sentence in enumerate(sentences):
            bounds = (0, *sentence.breaks, len(sentence.tokens))
            for passage in passages.cut(list(map(len, sentence.parts())), self.window, self.step):
                found.append(Example(i, bounds[passage.start], bounds[passage.end], passage))
        return found


class JoinedLayers:
    """An encoder's layers of passages, of whose sentences each was read alone."""

    def __init__(self, layers: CachedLayers, parts: Sequence[range]) -> None:
        """Takes the layers of sentences, and of each passage the numbers of its own."""
        self._layers, self._parts = layers, parts

    def __getitem__(self, example: int) -> np.ndarray:
        """float16 [T, L, D] of one passage."""
        return np.concatenate([self._layers[part] for part in self._parts[example]])


def _parts_of(sentences: Sequence[Sentence], examples: Sequence[Example]) -> list[range]:
    """Of each passage the numbers of its sentences, counted over all documents."""
    firsts = [0, *itertools.accumulate(len(sentence.breaks) + 1 for sentence in sentences)]
    found = []
    for example in examples:
        assert example.passage is not None
        first = firsts[example.sentence]
        found.append(range(first + example.passage.start, first + example.passage.end))
    return found


def open_frozen(
    config: ModelConfig,
    vocabulary: Collection[str] | None = None,
    origins: Mapping[str, Origin] | None = None,
) -> Frozen:
    """Loads the encoders and the word vectors that `config` names.

    Args:
      config: what a model reads.
      vocabulary: keep the vectors of these words alone.
      origins: of the encoders with which the model was trained (`Frozen.origins`).

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
    origins = origins or {}
    encoders = {
        handle: module.load(handle, config.fine_tune_encoder, origins.get(numbered("encoder", i)))
        for i, handle in enumerate(handles)
    }
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
        passages=config.window > 1,
    )
    featurizer = Featurizer(chars, frozen.words, config.casing, subwords)
    reading = Reading(config.window, config.window_step, config.encoder_context) if sizes.passages else None
    return Inputs(featurizer, encoders, sizes, fine_tuned, reading)


def _check_fine_tuning(config: ModelConfig) -> None:
    if config.fine_tune_encoder and len(module.handles(config.encoder)) != 1:
        encoder = repr(config.encoder) if config.encoder else "empty"
        raise InputError(
            f"fine_tune_encoder is True and encoder is {encoder}, expected one encoder to fine-tune"
        )
    if config.fine_tune_encoder and config.window > 1:
        raise InputError(
            f"window is {config.window}, expected 1 with fine_tune_encoder, which reads single sentences"
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
