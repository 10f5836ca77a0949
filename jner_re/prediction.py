"""Raw text to entities and relations, with places in the text and scores."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import sentencex

from jner_re.corpora.tokenization import Token, tokenize
from jner_re.models.decode import Scored
from jner_re.models.trained import TrainedModel
from jner_re.schema import Sentence


def extract(
    model: TrainedModel, texts: Sequence[str], threshold: float | None = None
) -> list[dict[str, Any]]:
    """Entities and relations of each text.

    A text of several sentences is split, since the model reads a sentence at a time; relations join entities
    of one sentence.

    Args:
      model: a trained model.
      texts: any texts; an empty one gives nothing.
      threshold: of relations, in place of the model's.

    Returns:
      For each text {"text", "entities": [{"type", "start", "end", "text", "score"}], "relations": [{"type",
      "head", "tail", "score"}]}: start and end are code points of the text (end exclusive), head and tail
      index the entities, scores are probabilities.
    """
    sentences: list[list[Token]] = []
    owners: list[int] = []
    for number, text in enumerate(texts):
        for tokens in split_sentences(text, model.config.tokenization):
            sentences.append(tokens)
            owners.append(number)
    results: list[dict[str, Any]] = [{"text": text, "entities": [], "relations": []} for text in texts]
    if sentences:
        tokenized = [Sentence(tuple(token.text for token in tokens)) for tokens in sentences]
        for owner, tokens, scored in zip(owners, sentences, model.predict(tokenized, threshold), strict=True):
            _add(results[owner], tokens, scored)
    return results


def split_sentences(text: str, tokenization: str) -> Iterator[list[Token]]:
    """The tokens of each sentence of a text, with their places in the whole text."""
    start = 0
    # Some white space of several bytes before a period makes the splitter fail; the length stays the same.
    for sentence in sentencex.segment("en", re.sub(r"[^\S\n]", " ", text)):
        tokens = tokenize(sentence, tokenization)
        if tokens:
            yield [Token(token.text, start + token.start, start + token.end) for token in tokens]
        start += len(sentence)


def _add(result: dict[str, Any], tokens: Sequence[Token], scored: Scored) -> None:
    """Appends what was found in one sentence."""
    entities, relations = scored
    offset = len(result["entities"])
    for entity, score in entities:
        start, end = tokens[entity.start].start, tokens[entity.end - 1].end
        result["entities"].append(
            {
                "type": entity.type,
                "start": start,
                "end": end,
                "text": result["text"][start:end],
                "score": round(score, 4),
            }
        )
    for relation, score in relations:
        result["relations"].append(
            {
                "type": relation.type,
                "head": offset + relation.head,
                "tail": offset + relation.tail,
                "score": round(score, 4),
            }
        )
