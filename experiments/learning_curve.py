"""What more annotation would bring: trains on growing parts of a corpus, and scores on dev.

%s --preset=conll04_fast --data_dir=DIR --output_dir=DIR --select

Parts are drawn by chance, anew for each seed, each one within the next; documents are kept together. With
--select there is a second curve: the first part by chance, and the next ones as `select` chooses them with
the model that was trained on the part before, which is what annotating in its order would have brought. Test
is not looked at. Beside the tables of all runs, --output_dir gets learning_curve.md, with what one point more
would take (an extrapolation, with its error), and learning_curve.svg. What is finished is not run again.
"""

from __future__ import annotations

import pathlib
from collections.abc import Sequence

from absl import flags

from jner_re import files, program
from jner_re.config import ModelConfig, TrainConfig
from jner_re.corpora import splits
from jner_re.errors import InputError

from . import config_flags, data_flags
from .jobs import corpus_parts, pool, pool_flags, records
from .jobs.corpus_parts import Group
from .jobs.protocols import SCORED_ON_DEV, refuse_choosing
from .jobs.training_job import Data, TrainingJob, slug
from .tables import curve_plot, folder_tables, learning_curve
from .tables.learning_curve import CHANCE, SELECTED, TASKS

_FRACTIONS = flags.DEFINE_list("fractions", ["0.1", "0.2", "0.4", "0.7", "1"], "parts of train, growing")
_SEEDS = flags.DEFINE_integer(
    "seeds", 2, "number of trainings of each part, of the seeds from --seed on", lower_bound=1
)
_SELECT = flags.DEFINE_boolean("select", False, "a second curve, whose parts are chosen as `select` does")
_BY = flags.DEFINE_enum("by", "max", ["max", "sum"], "as of `select`")
flags.adopt_module_key_flags(pool_flags)
flags.adopt_module_key_flags(data_flags)
config_flags.define()

_PAGE, _PLOT = "learning_curve.md", "learning_curve.svg"


def main() -> None:
    """Trains what is not trained yet, part by part, and writes table and plot."""
    fractions = _fractions()
    config, train_config = data_flags.configs()
    refuse_choosing(train_config, SCORED_ON_DEV)
    if _SELECT.value and config.window > 1:
        raise InputError(f"window is {config.window}, expected 1 with --select")
    corpus = _Corpus(config, train_config)
    corpus.check(fractions)
    settings: dict[str, tuple[float, str]] = {}
    failed = 0
    for number, fraction in enumerate(fractions):
        jobs = []
        for seed in corpus.seeds():
            jobs.append(corpus.by_chance(fraction, seed))
            settings[jobs[-1].setting] = (fraction, CHANCE)
            if _SELECT.value and number and fraction < 1:
                jobs.append(corpus.selected(fractions[: number + 1], seed))
                settings[jobs[-1].setting] = (fraction, SELECTED)
        failed += pool.run_all(jobs, pool_flags.folders(), pool_flags.workers())
        if failed:
            break  # the next part would be chosen by a model that isn't there
    output = pool_flags.folders().output
    folder_tables.write_and_print(output)
    pool.raise_if_failed(failed)
    curves = learning_curve.curves(records.read_folder(output), settings)
    table = learning_curve.table(curves)
    lines = [
        f"- {curve.name}, {title}: {learning_curve.gain(curve, task)}"
        for curve in curves
        for task, title in TASKS.items()
    ]
    text = (
        f"{table}\n\nWith all sentences, and what one point more would take, by the three largest parts "
        "(68% interval):\n\n" + "\n".join(lines)
    )
    print(f"\nStrict micro F1 on dev, mean ± standard deviation over seeds:\n\n{text}")
    files.write_text(output / _PAGE, f"# {output.as_posix()}\n\n{text}\n\n![learning curve]({_PLOT})\n")
    files.write_text(output / _PLOT, curve_plot.plot(curves, data_flags.name()))


def _fractions() -> list[float]:
    try:
        found = [float(text) for text in _FRACTIONS.value]
    except ValueError:
        found = []
    if not found or found != sorted(set(found)) or found[0] <= 0 or found[-1] > 1 or len(found) < 2:
        given = ",".join(_FRACTIONS.value)
        raise InputError(f"--fractions is {given}, expected at least two growing numbers above 0 and up to 1")
    return found


def _selected_way() -> str:
    return SELECTED if _BY.value == "max" else f"{SELECTED} by {_BY.value}"


class _Corpus:
    """The parts of the corpus, and their trainings."""

    def __init__(self, config: ModelConfig, train_config: TrainConfig) -> None:
        self._config, self._train_config = config, train_config
        self._train, self._dev = (data_flags.read_split(split, config) for split in ("train", "dev"))
        self._constraints = data_flags.constraints(self._train, self._dev)

    def seeds(self) -> list[TrainConfig]:
        return self._train_config.with_seeds(_SEEDS.value)

    def check(self, fractions: Sequence[float]) -> None:
        """Raises InputError if two parts would be the same, or one is empty."""
        sizes = [len(self._by_chance(fraction, self._train_config.seed)) for fraction in fractions]
        if not sizes[0] or len(set(sizes)) < len(sizes):
            told = ", ".join(map(str, sizes))
            raise InputError(f"--fractions: parts of {told} sentences or documents, expected growing ones")

    def by_chance(self, fraction: float, seed: TrainConfig) -> TrainingJob:
        return self._job(fraction, CHANCE, seed, self._by_chance(fraction, seed.seed))

    def selected(self, fractions: Sequence[float], seed: TrainConfig) -> TrainingJob:
        """The part of the last fraction: the one before, and what its model chooses of the rest."""
        return self._job(fractions[-1], _selected_way(), seed, self._selected(fractions, seed))

    def _selected(self, fractions: Sequence[float], seed: TrainConfig) -> list[Group]:
        if len(fractions) == 1:
            return self._by_chance(fractions[0], seed.seed)
        path = self._kept(fractions, seed)
        before = self._selected(fractions[:-1], seed)
        size = round(fractions[-1] * len(self._train))
        groups = splits.kept_together(self._train, seed.seed)
        if path.exists():
            wanted = {int(line) for line in files.read_text(path).split()}
            return [group for group in groups if wanted.issuperset(group)]
        taken = {i for group in before for i in group}
        rest = [group for group in groups if not taken.issuperset(group)]
        is_first = len(fractions) == 2
        job = self.by_chance(fractions[0], seed) if is_first else self.selected(fractions[:-1], seed)
        program.import_tensorflow_quietly(pool_flags.workers().threads)
        model = job.train(pool_flags.folders().runs).final
        order = corpus_parts.chosen(self._train, rest, model, _BY.value)
        found = [*before, *corpus_parts.first(order, size - len(taken))]
        numbers = sorted(i for group in found for i in group)
        files.write_text(path, "".join(f"{number}\n" for number in numbers))
        return found

    def _kept(self, fractions: Sequence[float], seed: TrainConfig) -> pathlib.Path:
        """Where the positions of the sentences of a selected part are kept, a line each."""
        parts = "-".join(slug(f"{100 * fraction:g}") for fraction in fractions)
        name = f"{slug(_selected_way())}-{parts}-seed-{seed.seed}.txt"
        return pool_flags.folders().output / "selected" / name

    def _by_chance(self, fraction: float, seed: int) -> list[Group]:
        return corpus_parts.first(splits.kept_together(self._train, seed), round(fraction * len(self._train)))

    def _job(self, fraction: float, way: str, seed: TrainConfig, groups: list[Group]) -> TrainingJob:
        setting = f"{100 * fraction:g}% {way}"
        part = corpus_parts.sentences_of(self._train, groups)
        data = Data(data_flags.name(), part, self._dev, (), self._constraints)
        name = f"{records.PART}{slug(setting)}-seed-{seed.seed}"
        return TrainingJob(name, setting, SCORED_ON_DEV, data, self._config, seed)


if __name__ == "__main__":
    program.run(main)
