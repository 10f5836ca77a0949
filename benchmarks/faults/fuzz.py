"""Gives mutated files and bodies to whatever reads some, and counts what is no answer.

    python -m benchmarks.faults.fuzz --minutes=5 --model=runs/demo

Valid files (of the sample corpus in every format, of requests and answers, of a model directory, of flags)
have bytes flipped, cut out and repeated, and values of JSON replaced (mutation.py). Targets get the same time
each, and the same inputs for the same --seed. An answer is a result or the documented error, whose text can
be printed; all else is a crash: it is told once by its place, and its input is kept in --crashes. The exit
code is 1 if there was one. The table has for each target its inputs, how many were refused with an error, the
slowest, and the kinds of crashes.
"""

from __future__ import annotations

import collections
import dataclasses
import hashlib
import logging
import pathlib
import random
import tempfile
import time
import traceback

from absl import flags

from benchmarks.faults import mutation
from benchmarks.faults.target import Target
from benchmarks.faults.targets import all_targets
from benchmarks.table import aligned_table
from jner_re import files, program
from jner_re.errors import InputError, printable

_MINUTES = flags.DEFINE_float("minutes", 5.0, "how long", lower_bound=0.0)
_MODEL = flags.DEFINE_string(
    "model", None, "model directory whose files are mutated in a copy; none by default"
)
_SEED = flags.DEFINE_integer("seed", 1, "of the mutations")
_CRASHES = flags.DEFINE_string("crashes", "crashes", "folder for inputs that crash a target")
_ONLY = flags.DEFINE_string("only", "", "targets whose name has this alone")


@dataclasses.dataclass
class Count:
    """What a target did.

    Attributes:
      inputs: that it was given.
      refused: with an error that is an answer.
      seconds: all took.
      slowest: seconds of one.
      crashes: inputs that are kept, by the kind and the place of the error.
    """

    inputs: int = 0
    refused: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    crashes: dict[str, pathlib.Path] = dataclasses.field(default_factory=dict)


def give(target: Target, content: bytes, count: Count, crashes: pathlib.Path) -> None:
    """Gives a target one input."""
    begun = time.monotonic()
    try:
        target.give(content)
    except target.refusals as error:
        printable(str(error)).encode()
        count.refused += 1
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        kind = f"{type(error).__name__} at {pathlib.Path(place.filename).name}:{place.lineno}"
        if kind not in count.crashes:
            path = crashes / f"{hashlib.sha256(content).hexdigest()[:12]}"
            files.write_bytes(path, content)
            count.crashes[kind] = path
            print(f"{target.name}: {kind}: {printable(str(error)):.200} ({path})", flush=True)
            print("".join(traceback.format_tb(error.__traceback__)[-4:]), flush=True)
    count.inputs += 1
    count.seconds += (took := time.monotonic() - begun)
    count.slowest = max(count.slowest, took)


def main() -> None:
    """Gives inputs until the time is over, and prints the table."""
    program.import_tensorflow_quietly(1)
    logging.getLogger("jner_re").setLevel(logging.CRITICAL)  # what is wrong with every file
    counts: dict[str, Count] = collections.defaultdict(Count)
    end = time.monotonic() + 60 * _MINUTES.value
    model = files.user_path(_MODEL.value) if _MODEL.value else None
    with tempfile.TemporaryDirectory() as folder, all_targets(pathlib.Path(folder), model) as targets:
        chosen = [target for target in targets if _ONLY.value in target.name]
        if not chosen:
            raise InputError(
                f"--only={_ONLY.value!r}, expected a part of {', '.join(t.name for t in targets)}"
            )
        for target in chosen:
            for content in target.valid:
                target.give(content) if b'"error"' not in content else None
        sources = {target.name: random.Random(f"{_SEED.value} {target.name}") for target in chosen}
        while time.monotonic() < end:
            target = min(chosen, key=lambda target: counts[target.name].seconds)
            source = sources[target.name]
            content = mutation.mutated(source.choice(target.valid), source)
            give(target, content, counts[target.name], pathlib.Path(_CRASHES.value))
    rows = [["target", "inputs", "refused", "slowest, s", "crashes"]]
    for name, count in counts.items():
        cells = (f"{count.inputs:,}", f"{count.refused:,}", f"{count.slowest:.2f}", str(len(count.crashes)))
        rows.append([name, *cells])
    print(aligned_table(rows))
    found = sum(len(count.crashes) for count in counts.values())
    print(f"{sum(count.inputs for count in counts.values()):,} inputs, {found} kinds of crashes")
    if found:
        raise InputError(f"{found} kinds of crashes, expected none; their inputs are in {_CRASHES.value}")


if __name__ == "__main__":
    program.run(main)
