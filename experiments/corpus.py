"""Checks, converts, splits and describes corpora.

python -m experiments.corpus --action=validate --input=corpus.json
python -m experiments.corpus --action=convert --input=DRUG-AE.rel --input_format=ade --output=ade.json
python -m experiments.corpus --action=split --input=ade.json --output=data/ade
python -m experiments.corpus --action=stats --input=corpus.json

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
from jner_re.corpora import spert_json, statistics
from jner_re.corpora.corpus import Corpus, Finding
from jner_re.corpora.drop_invalid import drop_invalid
from jner_re.corpora.formats import FORMATS, TEXT_FORMATS, load, unsupported, write
from jner_re.corpora.splits import split
from jner_re.corpora.text_files import new_folder
from jner_re.corpora.tokenization import TOKEN_PATTERNS
from jner_re.errors import InputError
from jner_re.schema import Sentence

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
_INPUT_FORMAT = flags.DEFINE_enum("input_format", "spert", list(FORMATS), "format of --input")
_OUTPUT = flags.DEFINE_string(
    "output", None, "convert: the file (brat: the new folder); split: the new folder"
)
_OUTPUT_FORMAT = flags.DEFINE_enum("output_format", "spert", list(FORMATS), "convert: format of --output")
_TOKENIZATION = flags.DEFINE_enum(
    "tokenization",
    None,
    list(TOKEN_PATTERNS),
    "how running text is split into tokens, for ade (default fine) and brat (default news): news keeps "
    "abbreviations and hyphenated words whole, fine splits at every mark, whitespace at white space only",
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


def main() -> None:
    """Runs the action."""
    source = files.user_path(_INPUT.value)
    needs_output = _ACTION.value in ("convert", "split")
    if needs_output != (_OUTPUT.value is not None):
        raise InputError(f"--action={_ACTION.value} {'needs' if needs_output else 'takes no'} --output")
    if _TOKENIZATION.value and _INPUT_FORMAT.value not in TEXT_FORMATS:
        raise InputError(
            f"--tokenization is for ade and brat, not for {_INPUT_FORMAT.value} (tokenized already)"
        )
    output = files.user_path(_OUTPUT.value or "")
    corpus = load(source, _INPUT_FORMAT.value, _TOKENIZATION.value)
    if _ACTION.value == "validate":
        _validate(source, corpus)
    elif _ACTION.value == "stats":
        _show_statistics(corpus)
    elif _ACTION.value == "convert":
        _convert(corpus, output)
    else:
        _split(corpus, output)


def _validate(source: pathlib.Path, corpus: Corpus) -> None:
    _list(corpus.findings, sys.stdout)
    verdict = "not valid" if corpus.problems else "valid"
    print(f"{source}: {verdict}: {_counts(corpus.sentences)}; {_finding_counts(corpus)}")
    if corpus.problems:
        sys.exit(1)


def _show_statistics(corpus: Corpus) -> None:
    sentences = corpus.sentences
    _show("Size", statistics.size_table(sentences))
    _show("Entities", statistics.entity_table(sentences))
    _show("Relations (distance: tokens between the two entities)", statistics.relation_table(sentences))
    _show("Lengths", statistics.length_table(sentences))
    _show("Overlapping entities", statistics.overlap_table(sentences))
    _show("Problems and warnings", statistics.finding_table(corpus.findings))


def _convert(corpus: Corpus, output: pathlib.Path) -> None:
    sentences = _valid_sentences(corpus)
    findings = unsupported(sentences, output, _OUTPUT_FORMAT.value)
    if findings:
        _list(findings, sys.stderr)
        raise InputError(
            f"{output}: not written: {len(findings)} things that {_OUTPUT_FORMAT.value} cannot represent"
        )
    write(sentences, output, _OUTPUT_FORMAT.value)
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
    if not corpus.problems:
        return corpus.sentences
    if not _DROP_INVALID.value:
        raise InputError(
            f"{_INPUT.value}: {len(corpus.problems)} problems: nothing written; "
            "correct them, or drop invalid annotation with --drop_invalid"
        )
    cleaned = [drop_invalid(sentence) for sentence in corpus.sentences]
    sentences = [sentence for sentence in cleaned if sentence is not None]
    if not sentences:
        raise InputError(f"{_INPUT.value}: no valid sentence: nothing written")
    print(f"read {_counts(corpus.sentences)}; kept {_counts(sentences)}", file=sys.stderr)
    return sentences


def _list(findings: Sequence[Finding], stream: TextIO) -> None:
    for finding in findings:
        print(f"{finding.kind}: {finding}", file=stream)


def _show(title: str, table: pd.DataFrame) -> None:
    print(title, "-" * len(title), sep="\n")
    print(
        table.to_string(float_format="{:.1f}".format, max_colwidth=110) if len(table) else "none", end="\n\n"
    )


def _counts(sentences: Sequence[Sentence]) -> str:
    entities = sum(len(sentence.entities) for sentence in sentences)
    relations = sum(len(sentence.relations) for sentence in sentences)
    return f"{len(sentences)} sentences, {entities} entities, {relations} relations"


def _finding_counts(corpus: Corpus) -> str:
    return f"{len(corpus.problems)} problems, {len(corpus.warnings)} warnings"


if __name__ == "__main__":
    program.run(main)
