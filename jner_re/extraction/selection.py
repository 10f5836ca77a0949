"""Which texts to annotate next: those of which a model is least sure, but not the same twice."""

from __future__ import annotations

import dataclasses
import itertools
import pathlib
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from jner_re import files
from jner_re.document import Document, Entity, Relation, Token
from jner_re.errors import InputError
from jner_re.extraction.client import is_exported, local_folder
from jner_re.extraction.extractor import Extractor
from jner_re.models import model_dir
from jner_re.models.uncertainty import Uncertainty, uncertainties, with_log_probability
from jner_re.text.sentences import split

By = str  # "max" or "sum"
_TOKENS_AT_ONCE = 2048
_ALIKE = 0.5
_QUOTED_WORDS = 8


@dataclasses.dataclass(frozen=True)
class Read:
    """A text that a model has read.

    Attributes:
      document: with what was found.
      sentences: how unsure the model is of each.
      tokens: of each sentence.
    """

    document: Document
    sentences: tuple[Uncertainty, ...]
    tokens: tuple[tuple[Token, ...], ...]

    def tags(self, by: By) -> float:
        """Uncertainty of the tags: that of the least certain sentence, or the sum over sentences."""
        return _aggregated(by, [sentence.tags for sentence in self.sentences])

    def relations(self, by: By) -> float:
        """Uncertainty of the relations: that of the least certain one, or the sum over all possible ones."""
        if by == "max":
            return max((sentence.relation for sentence in self.sentences), default=0.0)
        return sum(sentence.relations for sentence in self.sentences)


@dataclasses.dataclass(frozen=True)
class Selected:
    """A text to annotate.

    Attributes:
      number: of the text among all.
      score: how much its annotation would teach.
      reason: for people: what the model is least sure of.
    """

    number: int
    score: float
    reason: str


class Reader:
    """Reads texts with the model of a model directory."""

    def __init__(self, folder: str | pathlib.Path) -> None:
        """Opens it.

        Raises:
          InputError: it isn't one (of an exported model, too, nobody knows how sure it is of its tags), or it
            is damaged.
        """
        path = local_folder(files.user_path(folder))
        if is_exported(path):
            raise InputError(
                f"{folder}: is an exported model, which doesn't say how sure it is of its tags; expected the "
                "model directory that it was exported from"
            )
        trained = with_log_probability(model_dir.load(path))
        self._extractor = Extractor(trained)
        self._threshold, self._label_set = trained.threshold, trained.vocabulary.label_set
        self._limits = trained.limits
        for encoder in self._extractor.encoders:
            encoder.load_now()
        specs = [tf.TensorSpec([None, None], tf.string), tf.TensorSpec([None], tf.string)]
        self._outputs = tf.function(self._extractor.outputs, input_signature=specs, autograph=False)

    def read(self, texts: Sequence[str]) -> list[Read]:
        """Reads texts.

        Args:
          texts: Unicode.

        Raises:
          InputError: an encoder's output for one doesn't fit float16.
        """
        how, language = (self._extractor.tokenization, self._extractor.lines), self._extractor.language
        parts = [[tuple(tokens) for tokens in split(text, *how, language=language)] for text in texts]
        of_sentences = iter(self._read([tokens for sentences in parts for tokens in sentences]))
        found = []
        for text, sentences in zip(texts, parts, strict=True):
            read = tuple(itertools.islice(of_sentences, len(sentences)))
            found.append(Read(_document(text, sentences, read), read, tuple(sentences)))
        return found

    def _read(self, sentences: Sequence[Sequence[Token]]) -> list[Uncertainty]:
        order = sorted(range(len(sentences)), key=lambda i: -len(sentences[i]))
        found: dict[int, Uncertainty] = {}
        while order:
            longest = len(sentences[order[0]])
            count = max(_TOKENS_AT_ONCE // max(longest, 1), 1)
            batch, order = order[:count], order[count:]
            lengths = [len(sentences[i]) for i in batch]
            rows = [[*(t.text for t in sentences[i]), *[""] * (longest - len(sentences[i]))] for i in batch]
            try:
                outputs = self._outputs(tf.constant(rows), tf.constant([f"{row[:5]}:" for row in rows]))
            except tf.errors.InvalidArgumentError as error:
                raise InputError(error.message) from None
            arrays = {name: value.numpy() for name, value in outputs.items()}
            read = uncertainties(arrays, lengths, self._label_set, self._threshold, self._limits)
            found.update(zip(batch, read, strict=True))
        return [found[i] for i in range(len(sentences))]


def select(texts: Sequence[Read], count: int, by: By = "max") -> list[Selected]:
    """Chooses texts, the most instructive first.

    The uncertainties of tags and of relations are each divided by their mean over the texts, so that both
    weigh alike, and added. A text that is nearly the same as one that was chosen is passed over: half of the
    different runs of three tokens of both are in both. So is one without tokens.

    Args:
      texts: as `Reader.read` gives them.
      count: at most so many are chosen.
      by: what counts of a text: "max", its least certain sentence and relation, or "sum", all, which prefers
        long texts.
    """
    tags, relations = (_relative([part(text, by) for text in texts]) for part in (Read.tags, Read.relations))
    scores = tags + relations
    chosen: list[Selected] = []
    seen: list[frozenset[tuple[str, ...]]] = []
    for number in np.argsort(-scores, kind="stable").tolist():
        if len(chosen) == count:
            break
        runs = _runs(texts[number])
        if not runs or any(_alike(runs, other) for other in seen):
            continue
        seen.append(runs)
        reason = _reason(texts[number], tags[number] >= relations[number])
        chosen.append(Selected(number, float(scores[number]), reason))
    return chosen


def _aggregated(by: By, values: Sequence[float]) -> float:
    return max(values, default=0.0) if by == "max" else sum(values)


def _relative(values: Sequence[float]) -> np.ndarray:
    array = np.asarray(values, float)
    return array / array.mean() if array.size and array.mean() > 0 else array


def _runs(text: Read) -> frozenset[tuple[str, ...]]:
    words = [token.text.casefold() for tokens in text.tokens for token in tokens]
    if not words:
        return frozenset()
    return frozenset(tuple(words[i : i + 3]) for i in range(max(len(words) - 2, 1)))


def _alike(one: frozenset[tuple[str, ...]], other: frozenset[tuple[str, ...]]) -> bool:
    return len(one & other) >= _ALIKE * len(one | other)


def _reason(text: Read, by_tags: bool) -> str:
    """What the model is least sure of."""
    with_tokens = list(zip(text.sentences, text.tokens, strict=True))
    if by_tags:
        sentence, tokens = max(with_tokens, key=lambda pair: pair[0].tags)
        words = " ".join(token.text for token in tokens[:_QUOTED_WORDS])
        more = " …" if len(tokens) > _QUOTED_WORDS else ""
        return f"tags of {words + more!r}: probability {1 - sentence.tags:.2f} a token"
    sentence, tokens = max(with_tokens, key=lambda pair: pair[0].relation)
    assert sentence.nearest is not None  # or relations would not weigh more than tags
    relation, score = sentence.nearest
    entities = [entity for entity, _ in sentence.scored[0]]
    head, tail = (
        " ".join(token.text for token in tokens[entities[end].start : entities[end].end])
        for end in (relation.head, relation.tail)
    )
    return f"relation {relation.type} of {head!r} and {tail!r}: {score:.2f}"


def _document(text: str, sentences: Sequence[Sequence[Token]], read: Sequence[Uncertainty]) -> Document:
    """What was found in all sentences."""
    entities: list[Entity] = []
    relations: list[Relation] = []
    for tokens, uncertainty in zip(sentences, read, strict=True):
        found, pairs = uncertainty.scored
        first = len(entities)
        for span, score in found:
            start, end = tokens[span.start].start, tokens[span.end - 1].end
            entities.append(Entity(span.type, start, end, text[start:end], score))
        relations += [Relation(r.type, first + r.head, first + r.tail, score) for r, score in pairs]
    tokens_of_all = tuple(token for tokens in sentences for token in tokens)
    return Document(text, tokens_of_all, tuple(entities), tuple(relations))
