r"""Cross-validation with a dev set held out of all folds: for ADE the paper's protocol.

%s --preset=ade --corpus=DRUG-AE.rel \
    --corpus_format=ade --output_dir=DIR

Each fold is the test set of one model, trained on the other folds; dev chooses its best epoch and its
threshold, or with --protocol=paper both are taken as given. What is finished is not run again, and an
interrupted run goes on.
"""

from __future__ import annotations

import dataclasses
import os
import pathlib

from absl import flags

from jner_re import corpora, files, program
from jner_re.corpora import data_dir
from jner_re.corpora.corpus import Corpus, Finding
from jner_re.corpora.formats import FORMAT_HELP, FORMATS, TEXT_FORMATS, format_of
from jner_re.corpora.tokenization_fit import warn_of_misfit

from . import config_flags, reader_flags, repair_flag
from .jobs import pool, pool_flags, protocol_flags
from .jobs.job_lists import fold_jobs
from .run_jobs import run_jobs

_CORPUS = flags.DEFINE_string(
    "corpus",
    None,
    "the whole corpus: a file, for brat a folder, or sample for the bundled corpus",
    required=True,
)
_FORMAT = flags.DEFINE_enum("corpus_format", None, list(FORMATS), f"format of the corpus, {FORMAT_HELP}")
_CORPUS_NAME = flags.DEFINE_string(
    "corpus_name",
    None,
    "name of the corpus, by default ade for that format, else its file's; published figures are shown beside "
    "conll04 and ade",
)
_FOLDS = flags.DEFINE_integer("folds", 10, "number of folds", lower_bound=2)
_FIRST = flags.DEFINE_integer(
    "first_folds", 0, "run only so many of the folds, the first ones; 0 for all", lower_bound=0
)
_DEV = flags.DEFINE_float("dev_fraction", 0.1, "fraction of the sentences held out as dev")
_SPLIT_SEED = flags.DEFINE_integer("split_seed", 0, "seed of the draw of dev and folds")
flags.adopt_module_key_flags(repair_flag)
flags.adopt_module_key_flags(reader_flags)
flags.adopt_module_key_flags(pool_flags)
flags.adopt_module_key_flags(protocol_flags)
config_flags.define()


def main() -> None:
    """Runs the folds and prints their table."""
    corpus, name = _read()
    config, train_config = config_flags.parsed(look=corpus.look)
    sentences, changes = corpus.valid_sentences(), corpus.warnings
    warn_of_misfit(sentences, config.tokenization, config.language)
    protocol = protocol_flags.protocol_of_folds(train_config)
    split = (_FOLDS.value, _DEV.value, _SPLIT_SEED.value)
    jobs = fold_jobs(name, sentences, *split, protocol, config, train_config)[: _FIRST.value or None]
    folders = pool_flags.folders()
    removed = [change for change in changes if change.action.startswith("removed")]
    relations = sum(int(change.action.rpartition(" ")[2]) for change in removed)
    print(
        f"{name}: {len(sentences)} sentences; removed because of overlaps: {len(removed)} entities with "
        f"{relations} relations"
    )
    pool.unfinished(jobs, folders.output)  # refuses the folder of other runs before a file in it is replaced
    if changes:
        path = folders.output / "corpus_changes.txt"
        files.write_text(path, "".join(f"{_without_folders(change)}\n" for change in changes))
        print(f"{len(changes)} changes of the annotation are listed in {path}")
    run_jobs(jobs)


def _without_folders(change: Finding) -> Finding:
    """With the file's path from the corpus on: the rest is of this machine."""
    beside = files.user_path(_CORPUS.value).absolute().parent
    return dataclasses.replace(change, file=os.path.relpath(pathlib.Path(change.file).absolute(), beside))


def _read() -> tuple[Corpus, str]:
    """The corpus and its name.

    Raises:
      InputError: it can't be read.
    """
    if _CORPUS.value == data_dir.SAMPLE:
        sentences = [s for split in ("train", "dev", "test") for s in data_dir.read_sample(split)]
        return Corpus(sentences, []), _CORPUS_NAME.value or "sample"
    path = files.user_path(_CORPUS.value)
    format = format_of(path, _FORMAT.value)
    given = flags.FLAGS.tokenization if format in TEXT_FORMATS else None
    lines, repair = flags.FLAGS[config_flags.LINES].value, repair_flag.repairs()
    how = {"lines": lines, "repair": repair, "window": flags.FLAGS.window, "language": flags.FLAGS.language}
    corpus = corpora.load(path, format, given, **how, **reader_flags.given())
    return corpus, _CORPUS_NAME.value or ("ade" if format == "ade" else path.stem)


if __name__ == "__main__":
    program.run(main)
