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
from typing import TextIO

import pandas as pd
from absl import flags

from jner_re import files, program
from jner_re.corpora import ade_rel, spert_json, statistics
from jner_re.corpora.corpus import Corpus, Finding, Loss, by_reason
from jner_re.corpora.dropping import drop_invalid
from jner_re.corpora.formats import FORMAT_HELP, FORMATS, TEXT_FORMATS, format_of, load, unsupported, write
from jner_re.corpora.splits import split
from jner_re.corpora.text_files import new_folder
from jner_re.errors import InputError
from jner_re.schema import Sentence
from jner_re.text.tokenization import TOKEN_PATTERNS

_ACTION = flags.DEFINE_enum(
    "action",
    None,
    ["validate", "convert", "stats", "split"],
    "validate: list all problems, exit code 1 if there are any. convert: write the corpus in another format. "
    "stats: tables of what is in the corpus. split: draw train.json, dev.json and test.json, a --data_dir "
    "for training.",
    required=True,
)
_INPUT = flags.DEFINE_string("input", None, "the corpus: a file; for brat, a folder", required=True)
_INPUT_FORMAT = flags.DEFINE_enum("corpus_format", None, list(FORMATS), f"format of --input, {FORMAT_HELP}")
_OUTPUT = flags.DEFINE_string(
    "output", None, "convert: the file (brat: the new folder); split: the new folder"
)
_OUTPUT_FORMAT = flags.DEFINE_enum(
    "output_format", None, list(FORMATS), f"convert: format of --output, {FORMAT_HELP}"
)
_TOKENIZATION = flags.DEFINE_enum(
    "tokenization",
    None,
    list(TOKEN_PATTERNS),
    "how running text is split into tokens, for ade (default fine), brat and documents (default news): news "
    "keeps abbreviations and hyphenated words whole, fine splits at every mark, whitespace at white space "
    "only",
)
_ADE_TYPES = flags.DEFINE_list(
    "ade_types",
    list(ade_rel.TYPES),
    "what the columns of an ade file hold: the types of the first and of the second entity, and of the "
    "relation from the first to the second; Dose,Drug,Dose for DRUG-DOSE.rel",
)
_EVENT_ARGUMENTS = flags.DEFINE_boolean(
    "event_arguments",
    False,
    "brat: the arguments of events are relations too, from the event's trigger to the argument, of the type "
    "that the role names",
)
_DROP_INVALID = flags.DEFINE_boolean(
    "drop_invalid",
    False,
    "convert, split: drop invalid annotation (of two overlapping entities, the shorter) instead of refusing "
    "the corpus; everything dropped is listed",
)
_DEV_FRACTION = flags.DEFINE_float(
    "dev_fraction", 0.1, "split: fraction of the sentences that go to dev.json"
)
_TEST_FRACTION = flags.DEFINE_float(
    "test_fraction", 0.1, "split: fraction of the sentences that go to test.json"
)
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
    if _EVENT_ARGUMENTS.value and _input_format() != "brat":
        raise InputError(f"--event_arguments is for brat, not for {_input_format()} (it has no events)")
    output = files.user_path(_OUTPUT.value or "")
    corpus = _load(source, _TOKENIZATION.value)
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
    return load(source, _input_format(), tokenization, _ade_types(), _EVENT_ARGUMENTS.value)


def _ade_types() -> ade_rel.Types:
    if len(_ADE_TYPES.value) != 3 or not all(_ADE_TYPES.value):
        raise InputError(f"--ade_types is {','.join(_ADE_TYPES.value)!r}, expected FIRST,SECOND,RELATION")
    types = ade_rel.Types(*_ADE_TYPES.value)
    if types != ade_rel.TYPES and _input_format() != "ade":
        raise InputError(f"--ade_types is for ade, not for {_input_format()}")
    return types


def _validate(source: pathlib.Path, corpus: Corpus) -> None:
    _list(corpus.findings, sys.stdout)
    kept, losses = _valid_part(corpus)
    if losses:
        title = "What --drop_invalid would lose" if corpus.problems else "Losses"
        _show(title, statistics.loss_table(kept, losses))
    verdict = "not valid" if corpus.problems else "valid"
    rows = _tokenization_table(source, corpus).itertuples()
    fits = ", ".join(f"{style} {whole:,} of {entities:,}" for style, whole, entities in rows)
    print(f"{source}: {_WHOLE_TOKENS.lower()}: {fits}")
    print(f"{source}: {verdict}: {_counts(kept, losses)}; {_finding_counts(corpus)}")
    if corpus.problems:
        sys.exit(1)


def _show_statistics(source: pathlib.Path, corpus: Corpus) -> None:
    sentences = corpus.sentences
    _show("Size", statistics.size_table(sentences))
    _show("Entities", statistics.entity_table(sentences))
    _show("Relations (distance: tokens between the two entities)", statistics.relation_table(sentences))
    _show("Lengths", statistics.length_table(sentences))
    _show("Overlapping entities", statistics.overlap_table(sentences))
    _show(_WHOLE_TOKENS, _tokenization_table(source, corpus))
    _show("Losses", statistics.loss_table(*_valid_part(corpus)))
    _show("Problems and warnings", statistics.finding_table(corpus.findings))


def _tokenization_table(source: pathlib.Path, corpus: Corpus) -> pd.DataFrame:
    """Reads running text in each style; of tokens, how each would split the text that they make."""
    if _input_format() not in TEXT_FORMATS:
        return statistics.tokenization_table(dict.fromkeys(TOKEN_PATTERNS, corpus))
    used = _TOKENIZATION.value or TEXT_FORMATS[_input_format()]
    return statistics.tokenization_table(
        {style: corpus if style == used else _load(source, style) for style in TOKEN_PATTERNS}
    )


def _convert(corpus: Corpus, output: pathlib.Path) -> None:
    sentences = _valid_sentences(corpus)
    format = format_of(output, _OUTPUT_FORMAT.value)
    findings = unsupported(sentences, output, format)
    if findings:
        _list(findings, sys.stderr)
        raise InputError(f"{output}: not written: {len(findings)} things that {format} cannot represent")
    write(sentences, output, format)
    print(f"{output}: {_counts(sentences)}")


def _split(corpus: Corpus, output: pathlib.Path) -> None:
    parts = split(_valid_sentences(corpus), _DEV_FRACTION.value, _TEST_FRACTION.value, _SEED.value)
    with new_folder(output) as folder:
        for name, sentences in parts.items():
            spert_json.write(sentences, folder / f"{name}.json")
    for name, sentences in parts.items():
        print(f"{output / name}.json: {_counts(sentences)}")


def _valid_sentences(corpus: Corpus) -> list[Sentence]:
    """The sentences to write; lists the findings; raises InputError if problems may not be dropped."""
    _list(corpus.findings, sys.stderr)
    sentences, losses = _valid_part(corpus)
    if not corpus.problems:
        _tell_losses(sentences, losses)
        return sentences
    if not _DROP_INVALID.value:
        raise InputError(
            f"{_INPUT.value}: {len(corpus.problems)} problems: nothing written; "
            "correct them, or drop invalid annotation with --drop_invalid"
        )
    if not sentences:
        raise InputError(f"{_INPUT.value}: no valid sentence: nothing written")
    _tell_losses(sentences, losses)
    return sentences


def _valid_part(corpus: Corpus) -> tuple[list[Sentence], list[Loss]]:
    """The sentences without invalid annotation, and what is lost on the way from the files to them."""
    sentences, losses = [], corpus.losses
    for whole in corpus.sentences:
        sentence, dropped = drop_invalid(whole)
        losses += dropped
        if sentence is not None:
            sentences.append(sentence)
    return sentences, by_reason(losses)


def _tell_losses(sentences: Sequence[Sentence], losses: Sequence[Loss]) -> None:
    if losses:
        table = statistics.loss_table(sentences, losses)
        print(f"{table}\nread {_counts(sentences, losses)}; kept {_counts(sentences)}", file=sys.stderr)


def _list(findings: Sequence[Finding], stream: TextIO) -> None:
    for finding in findings:
        print(f"{finding.kind}: {finding}", file=stream)


def _show(title: str, table: pd.DataFrame) -> None:
    print(title, "-" * len(title), sep="\n")
    print(
        table.to_string(float_format="{:.1f}".format, max_colwidth=110) if len(table) else "none", end="\n\n"
    )


def _counts(sentences: Sequence[Sentence], losses: Sequence[Loss] = ()) -> str:
    """How much the sentences have, and the losses had."""
    table = statistics.loss_table(sentences, losses)
    return ", ".join(f"{count} {name}" for name, count in table.loc["in the files"].items())


def _finding_counts(corpus: Corpus) -> str:
    return f"{len(corpus.problems)} problems, {len(corpus.warnings)} warnings"


if __name__ == "__main__":
    program.run(main)
