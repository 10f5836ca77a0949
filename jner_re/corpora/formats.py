"""A corpus by its format's name."""

from __future__ import annotations

import dataclasses
import itertools
import pathlib
from collections.abc import Sequence

from jner_re.corpora import ade_rel, brat, documents, multihead, spert_json
from jner_re.corpora.corpus import Corpus, Finding, Loss
from jner_re.errors import InputError
from jner_re.schema import RelationPair, Sentence
from jner_re.text.long_sentences import MAX_TOKENS, break_points

FORMATS = {"spert": spert_json, "multihead": multihead, "ade": ade_rel, "brat": brat, "documents": documents}
TEXT_FORMATS = {
    "ade": "fine",
    "brat": "news",
    "documents": "news",
}  # formats of running text, and how it is tokenized by default


FORMAT_HELP = "by default documents for a file that ends in .jsonl, else spert"


def format_of(path: pathlib.Path, given: str | None) -> str:
    """The format that a user has given, or that of a file by its ending (`FORMAT_HELP`)."""
    return given or ("documents" if path.suffix == ".jsonl" else "spert")


def load(
    path: pathlib.Path,
    format: str,
    tokenization: str | None = None,
    ade_types: ade_rel.Types = ade_rel.TYPES,
    event_arguments: bool = False,
) -> Corpus:
    """Reads a corpus with everything found about it; sentences that are too long are broken.

    Args:
      path: a file; for brat, a folder.
      format: a key of `FORMATS`.
      tokenization: a key of `tokenization.TOKEN_PATTERNS`, for the formats of `TEXT_FORMATS`.
      ade_types: what the columns of an ade file hold.
      event_arguments: brat: the arguments of events are relations too.

    Raises:
      InputError: the corpus cannot be read at all.
    """
    _check_kind(pathlib.Path(path), format)
    if format == "ade":
        corpus = ade_rel.load(path, tokenization or TEXT_FORMATS["ade"], ade_types)
    elif format == "brat":
        corpus = brat.load(path, tokenization or TEXT_FORMATS["brat"], event_arguments)
    elif format == "documents":
        corpus = documents.load(path, tokenization or TEXT_FORMATS["documents"])
    else:
        corpus = multihead.load(path) if format == "multihead" else spert_json.load(path)
    return _broken(corpus, path)


def holds_brat(folder: pathlib.Path) -> bool:
    """Whether there are .ann files in a folder, or in one in it."""
    return any(itertools.chain(folder.glob("*.ann"), folder.glob("*/*.ann")))


def _check_kind(path: pathlib.Path, format: str) -> None:
    """Raises InputError for a file where the format has a folder, and the reverse."""
    if format == "brat" and path.is_file():
        raise InputError(f"{path}: is a file, expected a folder with .txt and .ann files")
    if format != "brat" and path.is_dir():
        hint = f"expected a file in the format {format}"
        if holds_brat(path):
            hint += " (--corpus_format=brat reads folders with .ann files)"
        elif (path / "test.json").is_file():
            hint += f", such as {path / 'test.json'}"
        raise InputError(f"{path}: is a folder, {hint}")


def read(path: pathlib.Path, format: str = "spert", tokenization: str | None = None) -> list[Sentence]:
    """The sentences of a corpus that is valid.

    Raises:
      InputError: the corpus cannot be read or has problems; the first ones are quoted.
    """
    return load(path, format, tokenization).valid_sentences()


def unsupported(sentences: Sequence[Sentence], path: pathlib.Path, format: str) -> list[Finding]:
    """What the format cannot represent of valid sentences."""
    return FORMATS[format].unsupported(sentences, path)


def write(sentences: Sequence[Sentence], path: pathlib.Path, format: str = "spert") -> None:
    """Writes sentences; raises InputError if they are not valid or the format cannot represent them."""
    FORMATS[format].write(sentences, path)


def _broken(corpus: Corpus, path: pathlib.Path) -> Corpus:
    """The corpus with its long sentences broken, and a warning for each; entities and relations across go.

    Args:
      corpus: as a reader gives it.
      path: quoted in the warnings.
    """
    sentences: list[Sentence] = []
    warnings = []
    for number, sentence in enumerate(corpus.sentences):
        pieces = _pieces(sentence)
        sentences += pieces
        if len(pieces) > 1:
            entities = len(sentence.entities) - sum(len(piece.entities) for piece in pieces)
            relations = len(sentence.relations) - sum(len(piece.relations) for piece in pieces)
            warnings.append(
                Finding(
                    str(path),
                    f"sentence {number} ({' '.join(sentence.tokens[:4])[:40] + ' …'!r})",
                    "length",
                    f"{len(sentence.tokens)} tokens",
                    f"at most {MAX_TOKENS}",
                    f"broken into {len(pieces)}; across the breaks and left out: "
                    f"{entities} entities, {relations} relations",
                    kind="warning",
                    loss=Loss("across a break of a long sentence", 1 - len(pieces), entities, relations),
                )
            )
    if not warnings:
        return corpus
    return dataclasses.replace(corpus, sentences=sentences, findings=[*corpus.findings, *warnings])


def _pieces(sentence: Sentence) -> list[Sentence]:
    cuts = break_points(sentence.tokens)
    if not cuts:
        return [sentence]
    bounds = [0, *cuts, len(sentence.tokens)]
    return [_piece(sentence, begin, end) for begin, end in itertools.pairwise(bounds)]


def _piece(sentence: Sentence, begin: int, end: int) -> Sentence:
    inside = [i for i, e in enumerate(sentence.entities) if begin <= e.start and e.end <= end]
    entities = (sentence.entities[i] for i in inside)
    place = {old: new for new, old in enumerate(inside)}
    return Sentence(
        sentence.tokens[begin:end],
        tuple(dataclasses.replace(e, start=e.start - begin, end=e.end - begin) for e in entities),
        tuple(
            RelationPair(place[r.head], place[r.tail], r.type)
            for r in sentence.relations
            if r.head in place and r.tail in place
        ),
        sentence.id,
    )
