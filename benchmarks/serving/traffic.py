"""Mixed traffic on a local server: latencies, faults, memory, and whether every answer stays the same.

  python -m export.serve --model_base_path=exported/mine &
  python -m benchmarks.serving.traffic --seconds=300 --concurrency=8

Every client asks, again and again, for 1 to 32 sentences of the sample corpus at random, as text or tokens;
one request in ten is malformed. The answers to expect are those to one sentence at a time, asked for before.
With --export_dir, the newest version is copied as the next one at half time, which the server has to take
over. The exit code is 1 if an answer differed (spans and types, or a score by more than 1e-4), a status was
not as expected (503, when more clients ask than the server takes, is), or memory grew by more than 5% in the
second half.
"""

from __future__ import annotations

import collections
import pathlib
import random
import re
import shutil
import statistics
import sys
import threading
import time
from typing import Any

import requests
from absl import flags

from jner_re import files, program
from jner_re.corpora import data_dir
from jner_re.extraction.rows import BATCH_SIZE, padded
from jner_re.extraction.version_folders import loadable

_URL = flags.DEFINE_string("url", "http://127.0.0.1:8501/v1/models/jner_re", "of the served model")
_SECONDS = flags.DEFINE_float("seconds", 300, "of traffic", lower_bound=1)
_CONCURRENCY = flags.DEFINE_integer("concurrency", 8, "clients", lower_bound=1)
_SENTENCES = flags.DEFINE_integer("sentences", 100, "different ones", lower_bound=1)
_EXPORT_DIR = flags.DEFINE_string("export_dir", None, "folder of the versions, to copy one meanwhile")

MALFORMED = (b"", b"{", b"[]", b"{}", b'{"instances": [1]}', b'{"instances": []}', b'{"instances": "a"}')
_LOADING_SECONDS = 120  # that a copied version may take beyond the traffic's time
_LINE = "{:10} {:6} requests, {:.1f} a second, p50 {:.0f} ms, p99 {:.0f} ms, largest {:.0f} ms"


class Traffic:
    """The clients, and what they saw."""

    def __init__(self, url: str, sentences: list[list[str]]) -> None:
        """Asks for the answers to expect."""
        self.url = url
        self.sentences = sentences
        self.expected = {
            signature: [self._alone(signature, i) for i in range(len(sentences))]
            for signature in ("serving_default", "tokens")
        }
        self.milliseconds: dict[str, list[float]] = collections.defaultdict(list)
        self.faults: list[str] = []
        self.statuses: collections.Counter[int] = collections.Counter()
        self.stop = threading.Event()

    def ask(self, signature: str, numbers: list[int], session: Any = requests) -> requests.Response:
        """Posts some of the sentences."""
        chosen = [self.sentences[i] for i in numbers]
        instances = padded(chosen) if signature == "tokens" else [" ".join(tokens) for tokens in chosen]
        body = {"signature_name": signature, "instances": instances}
        return session.post(f"{self.url}:predict", json=body, timeout=120)

    def _alone(self, signature: str, number: int) -> dict[str, list[Any]]:
        answer = self.ask(signature, [number])
        answer.raise_for_status()
        return plain(answer.json()["predictions"][0])

    def client(self, seed: int) -> None:
        """Asks until it is told to stop."""
        choice, session = random.Random(seed), requests.Session()
        while not self.stop.is_set():
            start = time.perf_counter()
            try:
                kind = self._once(choice, session)
            except requests.RequestException as error:
                self.faults.append(f"no answer: {error}")
                continue
            self.milliseconds[kind].append(1000 * (time.perf_counter() - start))

    def _once(self, choice: random.Random, session: requests.Session) -> str:
        if choice.random() < 0.1:
            answer = session.post(f"{self.url}:predict", data=choice.choice(MALFORMED), timeout=120)
            self._count(answer, 400)
            return "malformed"
        signature = choice.choice(("serving_default", "tokens"))
        numbers = [choice.randrange(len(self.sentences)) for _ in range(choice.randint(1, BATCH_SIZE))]
        answer = self.ask(signature, numbers, session)
        self._count(answer, 200)
        if answer.status_code == 200:
            for i, row in zip(numbers, answer.json()["predictions"], strict=True):
                if not alike(plain(row), self.expected[signature][i]):
                    self.faults.append(f"another answer to {signature} {i}")
        return "refused" if answer.status_code == 503 else signature

    def _count(self, answer: requests.Response, expected: int) -> None:
        self.statuses[answer.status_code] += 1
        if answer.status_code not in (expected, 503):
            self.faults.append(f"status {answer.status_code}, expected {expected}: {answer.text:.200}")

    def state(self, version: int) -> str:
        """LOADING, AVAILABLE or END; "unknown" of one that the server has not seen."""
        found = requests.get(f"{self.url}/versions/{version}", timeout=60).json()
        return found.get("model_version_status", [{}])[0].get("state", "unknown")

    def serves(self, version: int) -> bool:
        """Whether it has taken over."""
        return self.state(version) == "AVAILABLE"

    def memory(self) -> float:
        """Resident set of the server, in MiB."""
        page = requests.get(self.url.partition("/v1/")[0] + "/monitoring/prometheus/metrics", timeout=60).text
        found = re.search(r"^process_resident_memory_bytes (\S+)", page, re.MULTILINE)
        assert found is not None
        return float(found[1]) / 2**20


def plain(row: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """A row without padding."""
    return {name: [value for value in values if value not in ("", -1)] for name, values in row.items()}


def alike(found: dict[str, list[Any]], expected: dict[str, list[Any]]) -> bool:
    """Whether two rows are equal, scores to 1e-4."""
    return found.keys() == expected.keys() and all(
        len(found[name]) == len(expected[name])
        and all(
            abs(x - y) <= 1e-4 if name.endswith("score") else x == y
            for x, y in zip(found[name], expected[name], strict=True)
        )
        for name in found
    )


def copy_newest(export_dir: pathlib.Path) -> int:
    """Copies the newest version as the next one, which appears at once."""
    newest = max(loadable(export_dir))
    beside = export_dir / ".copy"
    shutil.copytree(export_dir / str(newest), beside)
    beside.rename(export_dir / str(newest + 1))
    return newest + 1


def main() -> None:
    """Runs and reports."""
    sentences = [list(s.tokens) for s in data_dir.read_sample("train")[: _SENTENCES.value]]
    traffic = Traffic(_URL.value, sentences)
    threads = [threading.Thread(target=traffic.client, args=[seed]) for seed in range(_CONCURRENCY.value)]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    sizes, copied = [], None
    while time.monotonic() - start < _SECONDS.value or not (copied is None or traffic.serves(copied)):
        time.sleep(min(5, _SECONDS.value / 10))
        sizes.append(traffic.memory())
        if _EXPORT_DIR.value and copied is None and time.monotonic() - start > _SECONDS.value / 2:
            copied = copy_newest(files.user_path(_EXPORT_DIR.value))
        if time.monotonic() - start > _SECONDS.value + _LOADING_SECONDS:
            traffic.faults.append(f"version {copied} was copied, but is not served")
            break
    traffic.stop.set()
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - start
    print(f"{_CONCURRENCY.value} clients, {seconds:.0f} s, statuses {dict(sorted(traffic.statuses.items()))}")
    for kind, times in sorted(traffic.milliseconds.items()):
        p99 = statistics.quantiles(times, n=100)[98] if len(times) > 1 else times[0]
        print(_LINE.format(kind, len(times), len(times) / seconds, statistics.median(times), p99, max(times)))
    half = sizes[len(sizes) // 2 :]
    print(
        f"resident set: {half[0]:.0f} MiB at half time, {half[-1]:.0f} at the end, largest {max(sizes):.0f}"
    )
    if copied is None and half[-1] > 1.05 * half[0]:
        traffic.faults.append("memory grew")
    for fault, count in collections.Counter(traffic.faults).most_common(10):
        print(f"fault, {count} times: {fault}")
    sys.exit(bool(traffic.faults))


if __name__ == "__main__":
    program.run(main)
