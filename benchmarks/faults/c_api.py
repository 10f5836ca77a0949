"""Tries an exported model in several threads through TensorFlow's C API, as TensorFlow Serving asks it.

    python -m benchmarks.faults.c_api --export=exported/demo/1 --minutes=5

The model is loaded by the C++ loader of SavedModels, without Python's TensorFlow, into one session. Requests
of 1 to 32 sentences, as text and as tokens, among them empty ones, odd ones, broken UTF-8 and what has to be
refused (another type or rank, too many tokens), are asked one after the other first; then every thread asks
them again and again at random. The exit code is 1 if an outcome isn't the same as the first time (a score: to
1e-5, since TensorFlow adds in the order in which its threads come), what has to be refused was not, or the
resident set grew by more than 5% from the second minute on; a crash is one of the process.
"""

from __future__ import annotations

import collections
import dataclasses
import pathlib
import random
import re
import statistics
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

from absl import flags

from benchmarks.faults import given_model
from benchmarks.serving.c_api import SavedModel, TensorFlow, TensorFlowError, padded
from jner_re import program
from jner_re.corpora import data_dir
from jner_re.errors import InputError
from jner_re.extraction.rows import BATCH_SIZE
from jner_re.extraction.version_folders import SAVED_MODEL
from jner_re.text.long_sentences import MAX_TOKENS

_EXPORT = flags.DEFINE_string("export", None, "version folder of an exported model", required=True)
_MINUTES = flags.DEFINE_float("minutes", 5.0, "how long", lower_bound=0.01)
_REQUESTS = flags.DEFINE_integer("requests", 100, "different ones, beside the odd ones", lower_bound=1)
_THREADS = 4
_TOLERANCE = 1e-5  # of a score
_ODD_TEXTS = (
    "",
    " \r\n\t",
    "Ann\0Lee lives in Rome.",
    "😀 Früher: Ulm.",
    b"Ann\xff lives in \xc3(.\x80",
    "Oslo" * 300,
)


@dataclasses.dataclass(frozen=True)
class Request:
    """What a signature is given: strings, or numbers (None), of a shape; and whether it has to be refused."""

    signature: str
    shape: tuple[int, ...]
    values: Sequence[str | bytes] | None
    is_refused: bool = False

    def __str__(self) -> str:
        kind = "int32" if self.values is None else "string"
        return f"{self.signature} {kind} {list(self.shape)}"


def requests(count: int, choice: random.Random) -> list[Request]:
    """Ordinary ones at random, then odd ones and such as have to be refused."""
    sentences = [list(s.tokens) for s in data_dir.read_sample("train")]
    found = []
    for i in range(count):
        chosen = [choice.choice(sentences) for _ in range(choice.randint(1, BATCH_SIZE))]
        if i % 2:
            texts = [" ".join(tokens) for tokens in chosen]
            found.append(Request("serving_default", (len(texts),), texts))
        else:
            rows = padded(chosen)
            found.append(Request("tokens", (len(rows), len(rows[0])), [word for row in rows for word in row]))
    found += [Request("serving_default", (1,), [text]) for text in _ODD_TEXTS]
    found += [
        Request("serving_default", (len(_ODD_TEXTS),), _ODD_TEXTS),
        Request("serving_default", (0,), []),
        Request("tokens", (0, 0), []),
        Request("tokens", (2, 0), []),
        Request("tokens", (1, 3), [b"Ann\xff", b"\xc3(", b"\x80"]),
        Request("serving_default", (2,), None, True),
        Request("tokens", (2, 3), None, True),
        Request("serving_default", (), ["Ann lives in Rome."]),  # texts are taken in any shape
        Request("serving_default", (1, 2), ["Ann", "Bob"]),
        Request("tokens", (2,), ["Ann", "Bob"], True),
        Request("tokens", (1, 1, 2), ["Ann", "Bob"], True),
        Request("tokens", (1, MAX_TOKENS + 1), ["word"] * (MAX_TOKENS + 1), True),
    ]
    return found


class Trial:
    """One session, and what went wrong in it."""

    def __init__(self, model: SavedModel, asked: Sequence[Request]) -> None:
        """Asks for the outcomes to expect."""
        self._model, self._asked = model, asked
        self.faults: list[str] = []
        self.counts: collections.Counter[str] = collections.Counter()
        self.stop = threading.Event()
        self.largest = 0.0
        self._expected = [self._outcome(request) for request in asked]
        for request, expected in zip(asked, self._expected, strict=True):
            if isinstance(expected, str) != request.is_refused:
                self.faults.append(f"{request}: {expected!r:.200}")

    def _outcome(self, request: Request) -> dict[str, Any] | str:
        """The outputs, or what an error says."""
        try:
            return self._model.ask(request.signature, request.shape, request.values)
        except TensorFlowError as error:
            return str(error)

    def client(self, seed: int) -> None:
        """Asks until it is told to stop."""
        choice = random.Random(seed)
        while not self.stop.is_set():
            number = choice.randrange(len(self._asked))
            found, expected = self._outcome(self._asked[number]), self._expected[number]
            self.counts["refused" if isinstance(found, str) else "answered"] += 1
            difference = largest_difference(found, expected)
            self.largest = max(self.largest, difference)
            if difference > _TOLERANCE:
                self.faults.append(f"{self._asked[number]}: another outcome than alone")


def largest_difference(found: dict[str, Any] | str, expected: dict[str, Any] | str) -> float:
    """That of a score; infinite where anything else differs, but for which op says first what is wrong."""
    if isinstance(found, str) or isinstance(expected, str):
        return 0.0 if isinstance(found, str) and isinstance(expected, str) else float("inf")
    largest = 0.0
    for name in found.keys() | expected.keys():
        one, two = found.get(name), expected.get(name)
        if not name.endswith("_score"):
            largest = max(largest, 0.0 if one == two else float("inf"))
        elif one is None or two is None or list(map(len, one)) != list(map(len, two)):
            largest = float("inf")
        else:
            pairs = zip((x for row in one for x in row), (x for row in two for x in row), strict=True)
            # not max(): it would pass over what is no number
            largest = max([largest, *(d if (d := abs(x - y)) == d else float("inf") for x, y in pairs)])
    return largest


def main() -> None:
    """Runs and reports."""
    export = given_model.folder(_EXPORT.value, SAVED_MODEL)
    tensorflow = TensorFlow()
    tensorflow.load_text_ops()
    try:
        model = SavedModel(tensorflow, str(export))
    except TensorFlowError as error:
        raise InputError(f"{export}: can't be loaded: {' '.join(str(error).split())}") from None
    asked = requests(_REQUESTS.value, random.Random(1))
    trial = Trial(model, asked)
    threads = [threading.Thread(target=trial.client, args=[seed]) for seed in range(_THREADS)]
    for thread in threads:
        thread.start()
    sizes = watch(60 * _MINUTES.value)
    trial.stop.set()
    for thread in threads:
        thread.join()
    report(trial, sizes, tensorflow.version)


def watch(seconds: float) -> list[float]:
    """This process's resident set in MiB, every second."""
    sizes = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(min(1, seconds / 10))
        found = re.search(r"^VmRSS:\s+(\d+) kB", pathlib.Path("/proc/self/status").read_text(), re.MULTILINE)
        assert found is not None
        sizes.append(int(found[1]) / 1024)
    return sizes


def report(trial: Trial, sizes: list[float], version: str) -> None:
    """Prints, and ends with 1 if there were faults."""
    print(f"TensorFlow {version} through its C API, {_THREADS} threads, {_MINUTES.value:g} minutes")
    for kind, count in sorted(trial.counts.items()):
        print(f"  {kind}: {count} times")
    print(f"  largest difference of a score: {trial.largest:.1e}")
    for begin in range(0, len(sizes), 60):
        minute = sizes[begin : begin + 60]
        median, largest = statistics.median(minute), max(minute)
        print(f"  resident set in minute {begin // 60 + 1}: {median:.0f} MiB, largest {largest:.0f}")
    if len(sizes) > 120 and statistics.median(sizes[-60:]) > 1.05 * statistics.median(sizes[60:120]):
        trial.faults.append("memory grew")
    for fault, count in collections.Counter(trial.faults).most_common(20):
        print(f"fault, {count} times: {fault}")
    assert "tensorflow" not in sys.modules, "Python's TensorFlow was imported"
    sys.exit(bool(trial.faults))


if __name__ == "__main__":
    program.run(main)
