"""From text or tokens to entities and relations, in one graph."""

from __future__ import annotations

import os
import pathlib
import re
from collections.abc import Iterator, Sequence
from typing import overload

import numpy as np
import sentencex
import tensorflow as tf

from jner_re.corpora.tokenization import Token, tokenize
from jner_re.document import Document, Entity, Relation
from jner_re.errors import InputError
from jner_re.models import model_dir as model_dirs
from jner_re.models.decode import scored_annotations
from jner_re.models.model_dir import TrainedModel
from jner_re.schema import Scored

MAX_TOKENS = 2000  # of a sentence: pairs of entities take memory by their square
_TOKENS_AT_ONCE = 2048  # padded tokens that go through the graph together


class Extractor(tf.Module):
    """A trained model from tokens to entities and relations; it holds featurizer, encoder and joint model.

    Calling it on a text gives a `Document`, on a list of texts a list of them. A text of several sentences is
    split, since the model reads a sentence at a time; relations join entities of one sentence.
    """

    def __init__(self, trained: TrainedModel) -> None:
        """Takes a model directory as `model_dir.load` opens it."""
        super().__init__(name="extractor")
        self.config = trained.config
        self.label_set = trained.vocabulary.label_set
        self.threshold = trained.threshold
        self.featurizer = trained.inputs.featurizer
        self.encoder = trained.inputs.encoder
        self._model = trained.model

    @overload
    def __call__(self, texts: str, threshold: float | None = None) -> Document: ...

    @overload
    def __call__(self, texts: list[str], threshold: float | None = None) -> list[Document]: ...

    def __call__(self, texts: str | list[str], threshold: float | None = None) -> Document | list[Document]:
        """Entities and relations of a text, or of each of several texts.

        Args:
          texts: any text; an empty one gives nothing.
          threshold: of relations, in place of the model's.

        Raises:
          InputError: a sentence is too long, or a text is not Unicode; nothing is computed then.
        """
        if isinstance(texts, str):
            return self([texts], threshold)[0]
        split = []
        for number, text in enumerate(texts):
            try:
                split.append(self.split(text))
            except InputError as error:
                raise InputError(f"text {number}: {error}") from None
        return self.documents(texts, split, threshold)

    def documents(
        self, texts: Sequence[str], split: Sequence[Sequence[Sequence[Token]]], threshold: float | None = None
    ) -> list[Document]:
        """The same for texts that `split` has split already."""
        scored = iter(
            self.predict(
                [[token.text for token in tokens] for sentences in split for tokens in sentences], threshold
            )
        )
        return [
            _document(text, sentences, [next(scored) for _ in sentences])
            for text, sentences in zip(texts, split, strict=True)
        ]

    def split(self, text: str) -> list[list[Token]]:
        """The tokens of each sentence of a text, with their places in the whole text.

        Raises:
          InputError: a sentence is longer than MAX_TOKENS, or the text is not valid Unicode.
        """
        if not isinstance(text, str):
            raise InputError(f"is {text!r:.100}, expected a string")
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise InputError(
                f"character {error.start} is {text[error.start]!r}, half of a pair, expected Unicode"
            ) from None
        sentences = list(self._sentences(text))
        _check([[token.text for token in tokens] for tokens in sentences])
        return sentences

    def _sentences(self, text: str) -> Iterator[list[Token]]:
        start = 0
        # Some white space of several bytes before a period makes the splitter fail; lengths stay the same.
        for sentence in sentencex.segment("en", re.sub(r"[^\S\n]", " ", text)):
            tokens = tokenize(sentence, self.config.tokenization)
            if tokens:
                yield [Token(token.text, start + token.start, start + token.end) for token in tokens]
            start += len(sentence)

    def predict(self, sentences: Sequence[Sequence[str]], threshold: float | None = None) -> list[Scored]:
        """Entities and relations of tokenized sentences, each with its score.

        Args:
          sentences: tokens of each, at most MAX_TOKENS; a bounded number of tokens is computed at a time.
          threshold: of relations, in place of the model's.

        Raises:
          InputError: a sentence is too long or has an empty token; nothing is computed then.
        """
        _check(sentences)
        threshold = self.threshold if threshold is None else threshold
        results: list[Scored] = [([], [])] * len(sentences)
        for group in _groups([len(tokens) for tokens in sentences]):
            longest = max(len(sentences[i]) for i in group)
            padded = [[*sentences[i], *[""] * (longest - len(sentences[i]))] for i in group]
            outputs = {name: value.numpy() for name, value in self.tokens(tf.constant(padded)).items()}
            for i, scored in zip(group, scored_annotations(outputs, self.label_set, threshold), strict=True):
                results[i] = scored
        return results

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.string, "tokens")], autograph=False)
    def tokens(self, tokens: tf.Tensor) -> dict[str, tf.Tensor]:
        """The graph.

        Args:
          tokens: string [B, T], T >= 1, padded with "".

        Returns:
          `tag_ids` int32 [B, T], `spans` int32 [B, M, 2] of start and end (exclusive; zeros for padding),
          `entity_types` int32 [B, M] (-1 for padding), `entity_scores` float32 [B, M], `relation_scores`
          float32 [B, M, M, R].
        """
        lengths = tf.reduce_sum(tf.cast(tokens != "", tf.int32), axis=1)
        return self._outputs(tokens, lengths)

    @tf.autograph.experimental.do_not_convert
    def _outputs(self, tokens: tf.Tensor, lengths: tf.Tensor) -> dict[str, tf.Tensor]:
        features = {**self.featurizer.features(tokens), "lengths": lengths}
        if self.encoder is not None:
            # As the feature cache, from which the model was trained, keeps them.
            features["encoder_layers"] = tf.cast(self.encoder.encode(tokens, lengths), tf.float16)
        return self._model(features, training=False)


def load(model_dir: str | os.PathLike[str]) -> Extractor:
    """Opens a model directory.

    Raises:
      InputError: it isn't one, it is damaged, or its encoder or word vectors can't be had.
    """
    extractor = Extractor(model_dirs.load(pathlib.Path(model_dir)))
    if extractor.encoder is not None:
        extractor.encoder.load_now()
    return extractor


def _check(sentences: Sequence[Sequence[str]]) -> None:
    """Raises InputError if a sentence has more tokens than MAX_TOKENS, or an empty one."""
    for number, tokens in enumerate(sentences):
        if "" in tokens:
            raise InputError(
                f"sentence {number}: token {tokens.index('')} is '', expected a non-empty string"
            )
        if len(tokens) > MAX_TOKENS:
            raise InputError(
                f"sentence {number} has {len(tokens):,} tokens, expected at most {MAX_TOKENS:,}: "
                "break it into shorter ones"
            )


def _groups(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Sentences of similar length together, `_TOKENS_AT_ONCE` with padding; empty ones are left out."""
    group: list[int] = []
    for i in np.argsort(lengths, kind="stable").tolist():
        if group and (len(group) + 1) * lengths[i] > _TOKENS_AT_ONCE:
            yield group
            group = []
        if lengths[i]:
            group.append(i)
    if group:
        yield group


def _document(text: str, sentences: Sequence[Sequence[Token]], scored: Sequence[Scored]) -> Document:
    """Puts what was found in each sentence together, with places in the text and indexes of all entities."""
    entities: list[Entity] = []
    relations: list[Relation] = []
    for tokens, (found_entities, found_relations) in zip(sentences, scored, strict=True):
        offset = len(entities)
        for entity, score in found_entities:
            start, end = tokens[entity.start].start, tokens[entity.end - 1].end
            entities.append(Entity(entity.type, start, end, text[start:end], score))
        relations += [
            Relation(relation.type, offset + relation.head, offset + relation.tail, score)
            for relation, score in found_relations
        ]
    tokens_of_all = tuple(token for tokens in sentences for token in tokens)
    return Document(text, tokens_of_all, tuple(entities), tuple(relations))
