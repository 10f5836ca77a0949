"""Checks, converts, splits and describes corpora.

%s --action=validate --input=corpus.json
%s --action=convert --input=DRUG-AE.rel --corpus_format=ade --output=ade.json
%s --action=split --input=ade.json --output=data/ade
%s --action=stats --input=corpus.json

See docs/corpora.md.
"""

from __future__ import annotations

import pathlib
import sys
from collections.abc import Sequence

import pandas as pd
from absl import flags

from jner_re import files, program
from jner_re.corpora import ade_rel, documents, spert_json, statistics
from jner_re.corpora.corpus import Corpus, Finding, Loss, by_reason
from jner_re.corpora.dropping import drop_invalid, drop_invalid_annotation
from jner_re.corpora.formats import (
    FORMAT_HELP,
    FORMATS,
    SPLIT_FORMATS,
    TEXT_FORMATS,
    format_of,
    load,
    unsupported,
    write,
)
from jner_re.corpora.splits import split
from jner_re.corpora.text_files import new_folder
from jner_re.document import Document
from jner_re.errors import InputError
from jner_re.schema import Sentence
from jner_re.text.sentence_patterns import PARAGRAPH_END
from jner_re.text.tokenization import LANGUAGE_PATTERNS, TOKEN_PATTERNS

from . import reader_flags, repair_flag
from .corpus_output import counts, show_table, tell_losses
from .findings_output import finding_counts, list_findings

_ACTION = flags.DEFINE_enum(
    "action",
    None,
    ["validate", "convert", "stats", "split"],
    "validate: list all problems, exit code 1 if there are any. convert: write the corpus in another format. "
    "stats: tables of what is in the corpus. split: draw train, dev and test, a --data_dir for training: "
    "documents (.jsonl) of running text, else sentences (.json).",
    required=True,
)
_INPUT = flags.DEFINE_string(
    "input", None, "the corpus: a file; for brat, a folder; for cas, either", required=True
)
_INPUT_FORMAT = flags.DEFINE_enum("corpus_format", None, list(FORMATS), f"format of --input, {FORMAT_HELP}")
_OUTPUT = flags.DEFINE_string(
    "output", None, "convert: the file (brat, cas: the new folder); split: the new folder"
)
_OUTPUT_FORMAT = flags.DEFINE_enum(
    "output_format", None, list(FORMATS), f"convert: format of --output, {FORMAT_HELP}"
)
_TOKENIZATION = flags.DEFINE_enum(
    "tokenization",
    None,
    list(TOKEN_PATTERNS),
    "how text is split into tokens, for ade (default fine) and formats of running text (default news): news "
    "keeps abbreviations and hyphenated words whole, fine splits at every mark, characters also at every "
    "letter of scripts without spaces, whitespace at white space only",
)
_LINES = flags.DEFINE_enum(
    "lines",
    None,
    list(PARAGRAPH_END),
    "formats of running text: what a line is, a part of a paragraph (wrapped) or a paragraph (separate); by "
    "default what the collection looks like, which is said",
)
_LANGUAGE = flags.DEFINE_enum(
    "language",
    "en",
    list(LANGUAGE_PATTERNS),
    "ade and formats of running text: whether they have abbreviations and clitics of English",
)
flags.adopt_module_key_flags(repair_flag)
_ADE_TYPES = flags.DEFINE_list(
    "ade_types",
    list(ade_rel.TYPES),
    "what the columns of an ade file hold: the types of the first and of the second entity, and of the "
    "relation from the first to the second; Dose,Drug,Dose for DRUG-DOSE.rel",
)
flags.adopt_module_key_flags(reader_flags)
_DROP_INVALID = flags.DEFINE_boolean(
    "drop_invalid",
    False,
    "convert, split: drop invalid annotation (of two overlapping entities, the shorter) instead of refusing "
    "the corpus; everything dropped is listed",
)
_DEV_FRACTION = flags.DEFINE_float("dev_fraction", 0.1, "split: fraction of the sentences that go to dev")
_TEST_FRACTION = flags.DEFINE_float("test_fraction", 0.1, "split: fraction of the sentences that go to test")
_SEED = flags.DEFINE_integer("seed", 0, "split: seed of the draw")

_WHOLE_TOKENS = "Entities that begin and end where tokens do, by --tokenization"


def main() -> None:
    """Runs the action."""
    source = files.user_path(_INPUT.value)
    needs_output = _ACTION.value in ("convert", "split")
    if needs_output != (_OUTPUT.value is not None):
        raise InputError(f"--action={_ACTION.value} {'needs' if needs_output else 'takes no'} --output")
    if _TOKENIZATION.value and _input_format() not in TEXT_FORMATS:
        raise InputError(
            f"--tokenization is for {', '.join(TEXT_FORMATS)}, not for {_input_format()} (tokenized already)"
        )
    for name in (_LINES.name, repair_flag.NAME):
        if flags.FLAGS[name].value and _input_format() not in SPLIT_FORMATS:
            raise InputError(f"--{name} is for {' and '.join(SPLIT_FORMATS)}, not for {_input_format()}")
    output = files.user_path(_OUTPUT.value or "")
    if needs_output and output.exists() and source.exists() and output.samefile(source):
        raise InputError(f"--output is {output}, the input, expected another file")
    corpus = _load(source, _TOKENIZATION.value)
    if corpus.look:
        print(f"--lines={corpus.look.lines}: {corpus.look.reason}", file=sys.stderr)
    if _ACTION.value == "validate":
        _validate(source, corpus)
    elif _ACTION.value == "stats":
        _show_statistics(source, corpus)
    elif _ACTION.value == "convert":
        _convert(corpus, output)
    else:
        _split(corpus, output)


def _input_format() -> str:
    return format_of(files.user_path(_INPUT.value), _INPUT_FORMAT.value)


def _load(source: pathlib.Path, tokenization: str | None) -> Corpus:
    given = _ade_types(), _LINES.value, repair_flag.repairs()
    options = {"language": _LANGUAGE.value, **reader_flags.given()}
    return load(source, _input_format(), tokenization, *given, **options)


def _ade_types() -> ade_rel.Types:
    if len(_ADE_TYPES.value) != 3 or not all(_ADE_TYPES.value):
        raise InputError(f"--ade_types is {','.join(_ADE_TYPES.value)!r}, expected FIRST,SECOND,RELATION")
    types = ade_rel.Types(*_ADE_TYPES.value)
    if types != ade_rel.TYPES and _input_format() != "ade":
        raise InputError(f"--ade_types is for ade, not for {_input_format()}")
    return types


def _validate(source: pathlib.Path, corpus: Corpus) -> None:
    list_findings(corpus.findings, sys.stdout)
    kept, losses = _valid_part(corpus)
    if losses:
        title = "What --drop_invalid would lose" if corpus.problems else "Losses"
        show_table(title, statistics.loss_table(kept, losses))
    verdict = "not valid" if corpus.problems else "valid"
    rows = _tokenization_table(source, corpus).itertuples()
    fits = ", ".join(f"{style} {whole:,} of {entities:,}" for style, whole, entities in rows)
    print(f"{source}: {_WHOLE_TOKENS.lower()}: {fits}")
    print(f"{source}: {verdict}: {counts(kept, losses)}; {finding_counts(corpus)}")
    if corpus.problems:
        sys.exit(1)


def _show_statistics(source: pathlib.Path, corpus: Corpus) -> None:
    sentences = corpus.sentences
    show_table("Size", statistics.size_table(sentences))
    show_table("Entities", statistics.entity_table(sentences))
    show_table("Relations (distance: tokens between the two entities)", statistics.relation_table(sentences))
    if corpus.documents is not None:
        show_table("Relations by distance in sentences", statistics.distance_table(corpus.distances))
    show_table("Lengths", statistics.length_table(sentences, corpus.documents is not None))
    show_table("Overlapping entities", statistics.overlap_table(sentences))
    show_table(_WHOLE_TOKENS, _tokenization_table(source, corpus))
    show_table("Losses", statistics.loss_table(*_valid_part(corpus)))
    show_table("Problems and warnings", statistics.finding_table(corpus.findings))


def _tokenization_table(source: pathlib.Path, corpus: Corpus) -> pd.DataFrame:
    """Reads running text in each style; of tokens, how each would split the text that they make."""
    if _input_format() not in TEXT_FORMATS:
        return statistics.tokenization_table(dict.fromkeys(TOKEN_PATTERNS, corpus), _LANGUAGE.value)
    used = _TOKENIZATION.value or TEXT_FORMATS[_input_format()]
    return statistics.tokenization_table(
        {style: corpus if style == used else _load(source, style) for style in TOKEN_PATTERNS}
    )


def _convert(corpus: Corpus, output: pathlib.Path) -> None:
    format = format_of(output, _OUTPUT_FORMAT.value)
    if corpus.documents is not None and format in TEXT_FORMATS:
        corpus = _readable_documents(corpus)
        written = f"{len(corpus.documents or ())} documents"
    else:
        corpus = Corpus(_valid_sentences(corpus), [])
        written = counts(corpus.sentences)
    findings = unsupported(corpus, output, format)
    list_findings(findings, sys.stderr)
    if problems := [finding for finding in findings if finding.kind == "problem"]:
        raise InputError(f"{output}: not written: {len(problems)} things that {format} cannot represent")
    write(corpus, output, format)
    print(f"{output}: {written}")


def _readable_documents(corpus: Corpus) -> Corpus:
    """The corpus as it goes from one format of texts to another, sentences left aside.

    Lists the findings; raises InputError if there are problems, unless what they are about may be dropped.
    """
    findings = corpus.document_findings
    list_findings(findings, sys.stderr)
    _refuse_problems([finding for finding in findings if finding.kind == "problem"])
    if not corpus.documents:
        raise InputError(f"{_INPUT.value}: no document: nothing written")
    documents, dropped = _valid_documents(corpus)
    losses = by_reason([*(finding.loss for finding in findings if finding.loss), *dropped])
    if losses:
        print(statistics.loss_table(documents, losses, "documents"), file=sys.stderr)
    return Corpus([], [], documents=documents)


def _valid_documents(corpus: Corpus) -> tuple[list[Document], list[Loss]]:
    """The documents, with --drop_invalid without invalid annotation, and what was dropped."""
    documents, losses = list(corpus.documents or ()), []
    if _DROP_INVALID.value:
        for i, outside in enumerate(corpus.outside or [frozenset()] * len(documents)):
            documents[i], dropped = drop_invalid_annotation(documents[i], outside)
            losses += dropped
    return documents, losses


def _split(corpus: Corpus, output: pathlib.Path) -> None:
    sentences = _valid_sentences(corpus)
    parts = split(sentences, _DEV_FRACTION.value, _TEST_FRACTION.value, _SEED.value)
    if _input_format() not in SPLIT_FORMATS:
        with new_folder(output) as folder:
            for name, part in parts.items():
                spert_json.write(part, folder / f"{name}.json")
        for name, part in parts.items():
            print(f"{output / name}.json: {counts(part)}")
        return
    # A document goes where its sentences go; one that has none, to train.
    part_of = {sentence.document: name for name, part in parts.items() for sentence in part}
    by_part: dict[str, list[Document]] = {name: [] for name in parts}
    for document, key in zip(_valid_documents(corpus)[0], corpus.document_keys, strict=True):
        by_part[part_of.get(key, "train")].append(document)
    with new_folder(output) as folder:
        for name, part_documents in by_part.items():
            documents.write(part_documents, folder / f"{name}.jsonl")
    for name, part in parts.items():
        print(f"{output / name}.jsonl: {len(by_part[name])} documents, {counts(part)}")


def _valid_sentences(corpus: Corpus) -> list[Sentence]:
    """The sentences to write; lists the findings; raises InputError if problems may not be dropped."""
    list_findings(corpus.findings, sys.stderr)
    sentences, losses = _valid_part(corpus)
    if not corpus.problems:
        tell_losses(sentences, losses)
        return sentences
    _refuse_problems(corpus.problems)
    if not sentences:
        raise InputError(f"{_INPUT.value}: no valid sentence: nothing written")
    tell_losses(sentences, losses)
    return sentences


def _refuse_problems(problems: Sequence[Finding]) -> None:
    if problems and not _DROP_INVALID.value:
        raise InputError(
            f"{_INPUT.value}: {len(problems)} problems: nothing written; "
            "correct them, or drop invalid annotation with --drop_invalid"
        )


def _valid_part(corpus: Corpus) -> tuple[list[Sentence], list[Loss]]:
    """The sentences without invalid annotation, and what is lost on the way from the files to them."""
    sentences, losses = [], corpus.losses
    for whole in corpus.sentences:
        sentence, dropped = drop_invalid(whole)
        losses += dropped
        if sentence is not None:
            sentences.append(sentence)
    return sentences, by_reason(losses)


if __name__ == "__main__":
    program.run(main)
