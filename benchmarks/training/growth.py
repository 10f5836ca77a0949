r"""What training costs as work grows: more sentences, longer ones, more entities in each.

    python -m benchmarks.training.growth --preset=ade --encoder=random \
      --corpus=DRUG-AE.rel --corpus_format=ade --threads=1 --plot=growth.svg

Each corpus is put together from the sentences of the given one, and trained on for a pass in a process of its
own. --encoder=random puts random vectors of MiniLM's shape in the place of an encoder's, which take no time:
made-up sentences would have to be encoded first. They are kept on disk and mapped, as an encoder's are.
docs/performance.md says what came out.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from absl import flags

from benchmarks.training import growth_corpora, growth_plot, growth_results
from benchmarks.training.growth_point import measured
from experiments import config_flags
from jner_re import files, program
from jner_re.corpora import data_dir, formats
from jner_re.schema import Sentence

_CORPUS = flags.DEFINE_string("corpus", "sample", "file or folder of a corpus, or sample for the bundled one")
_FORMAT = flags.DEFINE_enum("corpus_format", "spert", list(formats.FORMATS), "format of the corpus")
_THREADS = flags.DEFINE_integer("threads", 0, "threads of TensorFlow; 0 for one a core", lower_bound=0)
_SENTENCES = flags.DEFINE_integer(
    "sentences",
    128,
    "sentences of the smallest of the three corpora that differ in their number",
    lower_bound=1,
)
_TOKENS = flags.DEFINE_integer(
    "tokens", 8000, "tokens of each corpus that differs in length or entities", lower_bound=200
)
_PLOT = flags.DEFINE_string("plot", "", "SVG file for the plot; empty for none")
config_flags.define()

_TIMES = (1, 4, 16)
_LENGTHS = (10, 25, 50, 100, 200)
_ENTITIES, _LENGTH = (2, 5, 10, 20, 40), 80  # in sentences of so many tokens


def main() -> None:
    """Measures point by point, and prints the table."""
    model, train = config_flags.parsed()
    threads = _THREADS.value or len(os.sched_getaffinity(0))
    given = (
        data_dir.read_sample("train")
        if _CORPUS.value == data_dir.SAMPLE
        else formats.read(files.user_path(_CORPUS.value), _FORMAT.value)
    )

    def axis(
        name: str, sizes: tuple[int, ...], make: Callable[[int], list[Sentence]], whole_pass: bool = False
    ) -> growth_results.Axis:
        costs = []
        for size in sizes:
            costs.append(measured(model, train, make(size), threads))
            print(f"{size:,} {name}: {1e3 * costs[-1].sentence_seconds:.1f} ms a sentence", flush=True)
        return growth_results.Axis(name, sizes, whole_pass, tuple(costs))

    count = _TOKENS.value // _LENGTH
    axes = [
        axis(
            "sentences",
            tuple(times * _SENTENCES.value for times in _TIMES),
            lambda size: growth_corpora.repeated(given, size),
            whole_pass=True,
        ),
        axis(
            "tokens a sentence",
            _LENGTHS,
            lambda size: growth_corpora.of_length(given, size, _TOKENS.value // size),
        ),
        axis(
            f"entities in {_LENGTH} tokens",
            _ENTITIES,
            lambda size: growth_corpora.with_entities(given, size, _LENGTH, count),
        ),
    ]
    others = max(cost.other_programs for one in axes for cost in one.costs)
    print(
        f"\nthreads: {threads}, batch: {train.batch_size}, cores used by other programs: up to {others:.1f}\n"
    )
    print(growth_results.table(axes))
    if _PLOT.value:
        files.write_text(files.user_path(_PLOT.value), growth_plot.plot(axes))


if __name__ == "__main__":
    program.run(main)
