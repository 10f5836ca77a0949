"""Four processes share stores of encoded sentences, and one of them is killed while it writes.

    python -m benchmarks.faults.store --minutes=4

Each round begins with an empty folder: four processes encode overlapping parts of the sample corpus with two
encoders, a store each; their vectors follow from the words in no time, so that it is writing that counts.
One dies by SIGKILL: in every other round in one of its own writing calls, of which a part is done, in the
others at any moment. What the survivors are given is compared bit by bit with what one undisturbed process
had; they must end without an error. Then the killed one's corpora are encoded again, and the stores must give
the same, each sentence once, no lock held, and no other file left; layers that no record tells of stay, at
most those of one write for each kill. The exit code is 1 if something is not so.
"""

from __future__ import annotations

import collections
import contextlib
import os
import pathlib
import random
import tempfile
import time
from collections.abc import Iterator

from absl import flags

from benchmarks.table import aligned_table
from jner_re import program
from jner_re.corpora import data_dir
from jner_re.errors import InputError

_MINUTES = flags.DEFINE_float("minutes", 4, "how long", lower_bound=0)
_SEED = flags.DEFINE_integer("seed", 1, "of corpora and moments")


def main() -> None:
    """Rounds, and prints a table."""
    program.import_tensorflow_quietly(1)
    from benchmarks.faults import store_rounds, store_worker

    draws = random.Random(_SEED.value)
    sentences = data_dir.read_sample("train")
    counts: collections.Counter[str] = collections.Counter()
    wrong: list[str] = []
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.enter_context(standard_error_in(folder / "log"))
        alone = time.monotonic()
        expected = store_worker.content(folder / "alone", [sentences])
        alone = time.monotonic() - alone
        end = time.monotonic() + 60 * _MINUTES.value
        while time.monotonic() < end:
            counts["rounds"] += 1
            corpora = [store_rounds.drawn(sentences, draws) for _ in range(store_rounds.PROCESSES)]
            in_a_call = bool(counts["rounds"] % 2)
            ended, problems = store_rounds.one_round(
                folder / str(counts["rounds"]), corpora, expected, draws, in_a_call=in_a_call, seconds=alone
            )
            counts[ended] += 1
            wrong += problems
            for line in problems:
                print(f"round {counts['rounds']}: {line}", flush=True)
        if wrong:
            print((folder / "log").read_text(errors="replace")[-4000:])
    print(aligned_table([["", "times"], *([name, str(count)] for name, count in sorted(counts.items()))]))
    if wrong:
        raise InputError(f"{len(wrong)} times something was not as promised")


@contextlib.contextmanager
def standard_error_in(log: pathlib.Path) -> Iterator[None]:
    """What this process and those that it starts say goes to a file."""
    before = os.dup(2)
    with log.open("ab") as file:
        os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)


if __name__ == "__main__":
    program.run(main)
