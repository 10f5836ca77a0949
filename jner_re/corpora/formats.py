"""A corpus by its format's name."""

from __future__ import annotations

import dataclasses
import importlib.util
import itertools
import pathlib
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from jner_re import extras
from jner_re.corpora import (
    ade_rel,
    bioc,
    brat,
    cas,
    docbin,
    doccano,
    documents,
    dygie,
    label_studio,
    line_style,
    multihead,
    prodigy,
    spert_json,
)
from jner_re.corpora.breaking import broken
from jner_re.corpora.corpus import Corpus, Finding, raise_problems, require_valid
from jner_re.corpora.text_sentences import Splitting, corpus_of
from jner_re.document import Document
from jner_re.errors import InputError
from jner_re.schema import Sentence

SENTENCE_FORMATS = {"spert": spert_json, "multihead": multihead, "dygie": dygie}
_TEXT_MODULES: dict[str, ModuleType] = {
    "ade": ade_rel,
    "brat": brat,
    "documents": documents,
    "label_studio": label_studio,
    "doccano": doccano,
    "prodigy": prodigy,
    "bioc": bioc,
    "cas": cas,
    "docbin": docbin,
}
# Those that have texts, and how these are tokenized by default.
TEXT_FORMATS = {name: "fine" if name == "ade" else "news" for name in _TEXT_MODULES}
# Those of them whose texts are split into sentences; ade's are sentences.
SPLIT_FORMATS = tuple(name for name in TEXT_FORMATS if name != "ade")
_PREDICTION_FORMATS = ("label_studio", "prodigy")
# The package that one needs, and its extra.
_PACKAGES = {"cas": ("cassis", "annotation"), "docbin": ("spacy", "spacy")}
# Those that are folders.
FOLDER_FORMATS = ("brat", "cas")
_TESTS = ("test.json", "test.jsonl")  # in a data directory
FORMATS = (*SENTENCE_FORMATS, *TEXT_FORMATS)
# What else readers take, each for one format.
OPTIONS = {
    "event_arguments": "brat",
    "annotator": "label_studio",
    "offsets": "doccano",
    "span_layer": "cas",
    "relation_layer": "cas",
}

FORMAT_HELP = "by default documents for a file that ends in .jsonl, else spert"


def format_of(path: pathlib.Path, given: str | None) -> str:
    """The format that a user has given, or that of a file by its ending (`FORMAT_HELP`)."""
    return given or ("documents" if path.suffix == ".jsonl" else "spert")


def load(
    path: pathlib.Path,
    format: str,
    tokenization: str | None = None,
    ade_types: ade_rel.Types = ade_rel.TYPES,
    lines: str | None = None,
    repair: bool = False,
    window: int = 1,
    language: str = "en",
    **options: Any,
) -> Corpus:
    """Reads a corpus with everything found about it; sentences that are too long are broken.

    Args:
      path: a file; for brat, a folder; for cas, either.
      format: a key of `FORMATS`.
      tokenization: a key of `tokenization.TOKEN_PATTERNS`, for the formats of `TEXT_FORMATS`.
      ade_types: what the columns of an ade file hold.
      lines: a key of `PARAGRAPH_END`, for the formats of `SPLIT_FORMATS`; by default what
        `line_style.look` says of the texts.
      repair: for them, whether tokens and ends of sentences give way to entities (`Splitting.repair`).
      window: how many sentences of a document the model reads (`Splitting.window`), for formats that have
        documents.
      language: of the rules by which texts are split, a key of `tokenization.LANGUAGE_PATTERNS`.
      **options: what the reader of the format takes besides (`OPTIONS`).

    Raises:
      InputError: the corpus cannot be read at all, or an option is for another format.
    """
    path = pathlib.Path(path)
    for name in options:
        if OPTIONS[name] != format:
            raise InputError(f"--{name} is for {OPTIONS[name]}, not for {format}")
    _check_kind(path, format)
    if format == "dygie":
        return broken(dygie.load(path, window), path, window)
    if format in SENTENCE_FORMATS:
        return broken(SENTENCE_FORMATS[format].load(path), path)
    style = tokenization or TEXT_FORMATS[format]
    if format == "ade":
        return broken(ade_rel.load(path, style, ade_types, language), path)
    texts, findings = _TEXT_MODULES[format].texts(path, **options)
    look = line_style.look(text.document.text for text in texts)
    splitting = Splitting(style, lines or look.lines, repair, window, language)
    corpus = corpus_of(texts, findings, splitting, path)
    return dataclasses.replace(broken(corpus, path, window), look=None if lines else look)


def holds_brat(folder: pathlib.Path) -> bool:
    """Whether there are .ann files in a folder, or in one in it."""
    return any(itertools.chain(folder.glob("*.ann"), folder.glob("*/*.ann")))


def _check_kind(path: pathlib.Path, format: str) -> None:
    """Raises InputError for a file where the format has a folder, and the reverse."""
    if format == "brat" and path.is_file():
        raise InputError(f"{path}: is a file, expected a folder with .txt and .ann files")
    if format not in FOLDER_FORMATS and path.is_dir():
        hint = f"expected a file in the format {format}"
        if holds_brat(path):
            hint += " (--corpus_format=brat reads folders with .ann files)"
        elif found := next((file for name in _TESTS if (file := path / name).is_file()), None):
            hint = f"expected a file, such as {found}"
        raise InputError(f"{path}: is a folder, {hint}")


def read(
    path: pathlib.Path, format: str = "spert", tokenization: str | None = None, language: str = "en"
) -> list[Sentence]:
    """The sentences of a corpus that is valid.

    Raises:
      InputError: the corpus cannot be read or has problems; the first ones are quoted.
    """
    return load(path, format, tokenization, language=language).valid_sentences()


def unsupported(corpus: Corpus, path: pathlib.Path, format: str) -> list[Finding]:
    """What the format cannot represent of a valid corpus."""
    if format in SENTENCE_FORMATS:
        return SENTENCE_FORMATS[format].unsupported(corpus.sentences, path)
    findings = [] if corpus.documents else _not_in_texts(corpus.sentences, path)
    return findings or unsupported_documents(_documents(corpus), path, format)


def write(corpus: Corpus | Sequence[Sentence], path: pathlib.Path, format: str = "spert") -> None:
    """Writes a corpus, or sentences; where both it and the format have documents, these.

    In a format of texts, a sentence is a document, its tokens joined by spaces.

    Raises:
      InputError: sentences are not valid, or the format cannot represent them.
    """
    if not isinstance(corpus, Corpus):
        corpus = Corpus(list(corpus), [])
    if format in SENTENCE_FORMATS:
        SENTENCE_FORMATS[format].write(corpus.sentences, path)
        return
    path = pathlib.Path(path)
    if not corpus.documents:
        require_valid(corpus.sentences, path)
        raise_problems(_not_in_texts(corpus.sentences, path))
    write_documents(_documents(corpus), path, format)


def check_installed(format: str) -> None:
    """Raises InputError if a format needs a package that is missing."""
    package, extra = _PACKAGES.get(format, ("", ""))
    if package and importlib.util.find_spec(package) is None:
        raise extras.missing(package, extra)


def write_documents(
    documents: Sequence[Document], path: pathlib.Path, format: str, predicted: bool = False
) -> None:
    """Writes documents.

    Args:
      documents: valid ones.
      path: of the new file or folder.
      format: a key of `TEXT_FORMATS`.
      predicted: whether nobody has accepted the annotation yet, for formats that tell this. They take what
        has scores for predicted anyway.

    Raises:
      InputError: the format cannot represent a document, or it cannot be written.
    """
    told = {"predicted": True} if predicted and format in _PREDICTION_FORMATS else {}
    _TEXT_MODULES[format].write(documents, path, **told)


def unsupported_documents(documents: Sequence[Document], path: pathlib.Path, format: str) -> list[Finding]:
    """What a format of `TEXT_FORMATS` cannot represent of valid documents."""
    findings: list[Finding] = _TEXT_MODULES[format].unsupported(documents, path)
    having = sum(bool(document.clusters) for document in documents)
    if having and format != "documents":
        told = ("clusters", f"in {having} documents", f"none in {format}", "left out")
        findings.append(Finding(str(path), "all records", *told, kind="warning"))
    return findings


def _documents(corpus: Corpus) -> list[Document]:
    return corpus.documents or [Document.of_sentence(sentence) for sentence in corpus.sentences]


def _not_in_texts(sentences: Sequence[Sentence], path: pathlib.Path) -> list[Finding]:
    """What of sentences no text can represent: tokens with white space."""
    return [
        Finding(str(path), f"record {i}", f"tokens[{j}]", repr(token), "no white space in a token of a text")
        for i, sentence in enumerate(sentences)
        for j, token in enumerate(sentence.tokens)
        if token.split() != [token]
    ]
