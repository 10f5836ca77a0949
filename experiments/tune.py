"""Searches depths, sizes and the other hyperparameters of the paper on the dev set.

%s --preset=conll04 --data_dir=DIR --output_dir=DIR

Trials that fall behind are stopped early (ASHA, Li et al., 2020). --search=depths takes all 48 combinations
of shared, NER-specific and RE-specific layers instead, each to its end. What is finished is not run again,
and an interrupted search goes on. The best trial's flags are in best.flags; test is never looked at.
"""

from __future__ import annotations

from collections.abc import Sequence

from absl import flags

from jner_re import files, program
from jner_re.config import TrainConfig

from . import config_flags, data_flags, search_space
from .jobs import asha, pool, pool_flags, protocols, records
from .jobs.search_job import METRIC, SearchJob, best_epoch
from .search_space import Candidate
from .tables import folder_tables, hparams_page

_SEARCH = flags.DEFINE_enum(
    "search",
    "random",
    ["random", "depths"],
    "random: --trials draws from all hyperparameters; depths: a grid",
)
_TRIALS = flags.DEFINE_integer("trials", 50, "number of draws of a random search", lower_bound=1)
_SEARCH_SEED = flags.DEFINE_integer("search_seed", 0, "seed of the draws", lower_bound=0)
_EARLY_STOPPING = flags.DEFINE_boolean(
    "early_stopping", None, "stop trials that fall behind; by default for a random search"
)
_GRACE = flags.DEFINE_integer("grace_epochs", 3, "epochs that every trial has", lower_bound=1)
_REDUCTION = flags.DEFINE_integer(
    "reduction_factor",
    3,
    "of the trials that come to an epoch where some stop, one of so many goes on",
    lower_bound=2,
)
flags.adopt_module_key_flags(pool_flags)
flags.adopt_module_key_flags(data_flags)
config_flags.define()


def main() -> None:
    """Runs the trials, and prints the best."""
    config, train_config = data_flags.configs()
    corpus = data_flags.name()
    train, dev = (data_flags.read_split(split, config) for split in ("train", "dev"))
    declared = data_flags.constraints(train, dev)
    candidates = (
        search_space.depth_grid()
        if _SEARCH.value == "depths"
        else search_space.draws(_TRIALS.value, _SEARCH_SEED.value)
    )
    stopping = _early_stopping(train_config)
    protocol = protocols.to_the_end()
    if stopping:
        protocol = protocols.stopped_early(stopping.grace, stopping.reduction)
    searched = ", ".join(candidates[0].values)
    print(f"Searched, in place of what the flags say: {searched}")
    jobs = [
        SearchJob(
            c.name, protocol, corpus, train, dev, *c.configs(config, train_config), constraints=declared
        )
        for c in candidates
    ]
    folders = pool_flags.folders()

    def compared(left: Sequence[SearchJob]) -> Sequence[SearchJob]:
        return asha.compared(left, records.read_folder(folders.output), stopping) if stopping else left

    failed = pool.run_all(jobs, folders, pool_flags.workers(), compared)
    program.import_tensorflow_quietly()
    _report(candidates, folders)
    pool.raise_if_failed(failed)


def _early_stopping(train_config: TrainConfig) -> asha.EarlyStopping | None:
    wanted = _SEARCH.value == "random" if _EARLY_STOPPING.value is None else _EARLY_STOPPING.value
    if not wanted or _GRACE.value >= train_config.epochs:
        return None
    return asha.EarlyStopping(train_config.epochs, _GRACE.value, _REDUCTION.value)


def _report(candidates: Sequence[Candidate], folders: pool.Folders) -> None:
    """Writes tables, TensorBoard's HParams page and best.flags."""
    found = {record.name: record for record in records.read_folder(folders.output)}
    finished = [(candidate, found[candidate.name]) for candidate in candidates if candidate.name in found]
    folder_tables.write_and_print(folders.output)
    if not finished:
        return
    logs = folders.runs / "hparams"
    hparams_page.write(logs, finished)
    best, record = max(finished, key=lambda pair: best_epoch(pair[1])[METRIC] or 0.0)
    path = folders.output / "best.flags"
    files.write_text(path, _flag_file(best, record))
    print(f"\nBest: {record.name}, flags in {path}\nTensorBoard's HParams page: --logdir {logs}")


def _flag_file(candidate: Candidate, record: records.Record) -> str:
    score = 100 * (best_epoch(record)[METRIC] or 0.0)
    lines = [f"# {record.name}, average F1 on dev {score:.2f}: to train or trials, after the search's flags."]
    lines += [f"--{name}={value}" for name, value in candidate.values.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    program.run(main)
