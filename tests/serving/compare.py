"""Compares what an exported model answers in several TensorFlows; `make compatibility` runs it.

  python tests/serving/compare.py VERSION MIN_SCORE PYTHON…

VERSION is the folder of an exported version, MIN_SCORE what it was exported with. The reference is answers.py
in this Python; compared with it are answers.py in each PYTHON, and this Python's libraries without Python
(benchmarks.serving.c_api).
Exit status 1 if a token, or a type, a place or a text of an entity differs anywhere, a relation is found by
one alone, or a score differs by more than TOLERANCE.
"""

from __future__ import annotations

import dataclasses
import json
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from jner_re.extraction.outputs import ENTITY
from jner_re.extraction.rows import relations_of

# Between versions of TensorFlow: the encoder's layers are rounded to float16, as in the cache for training,
# and a product's last bit decides how. With float32 layers 2.5e-6 was seen, with these up to 2.3e-5.
TOLERANCE = 5e-5
_IN_PROCESS = (pathlib.Path(__file__).resolve().with_name("answers.py"),)
_C_API = ("-m", "benchmarks.serving.c_api")
_ODD_TEXTS = [
    "",
    " ",
    " \t\r\n\u3000\u00a0",
    "😀 Anna Berg 👩‍👩‍👧 lives in Oslo 🇳🇴.",
    "Anna Berg lives in Oslo.\r\nPeter Novak lives in Boston.\r\n\r\nBoston\r",
    "\0",
    "Anna\0Berg lives in Oslo\0.",
    "Zoe\u0301 Du\u0308rr, né à Genève; 山田太郎は東京に住んでいる。",
    "\ufeffOslo\u2028Boston\u200b!",
    ".",
    "Oslo" * 300,
]
_ODD_SENTENCES = [
    [],
    ["."],
    ["Anna\0Berg", "lives", "in", "Oslo"],
    ["Anna Berg", "\r\n", " ", "😀"],
    ["Oslo" * 300],
]
_MOST_SHOWN = 20

Rows = list[dict[str, list[Any]]]
Answers = dict[str, Any]


@dataclasses.dataclass
class Comparison:
    """What was found; `differences` has a line for each, which says where it is."""

    differences: list[str] = dataclasses.field(default_factory=list)
    near_min_score: int = 0
    largest: float = 0.0


def requests() -> dict[str, list[Any]]:
    """Texts of one to seven sentences of the sample corpus, the tokens of each sentence, and odd ones."""
    from jner_re.corpora import data_dir

    sentences = [list(s.tokens) for split in ("train", "dev", "test") for s in data_dir.read_sample(split)]
    texts, begin = [], 0
    while begin < len(sentences):
        size = len(texts) % 7 + 1
        texts.append(" ".join(word for tokens in sentences[begin : begin + size] for word in tokens))
        begin += size
    return {"text": texts + _ODD_TEXTS, "tokens": sentences + _ODD_SENTENCES}


def compare(reference: Answers, other: Answers, min_score: float) -> Comparison:
    """Compares two answers to the same requests, of which no relation's score is `min_score` or less."""
    found = Comparison()
    for request in ("text", "tokens"):
        assert len(reference[request]) == len(other[request]), f"{request}: the number of rows differs"
        for i, (one, two) in enumerate(zip(reference[request], other[request], strict=True)):
            for difference in _row_differences(one, two, min_score, found):
                found.differences.append(f"{request} {i}: {difference}")
    return found


def _row_differences(one: dict, two: dict, min_score: float, found: Comparison) -> Iterator[str]:
    if one.keys() != two.keys():
        yield f"outputs {sorted(one)}, then {sorted(two)}"
        return
    if one["token"] != two["token"]:
        yield f"tokens {one['token']}, then {two['token']}"
    entities, other_entities = _entities(one), _entities(two)
    if [e[:-1] for e in entities] != [e[:-1] for e in other_entities]:
        yield f"entities {entities}, then {other_entities}"
        return  # the relations' numbers stand for something else
    for entity, other_entity in zip(entities, other_entities, strict=True):
        yield from _score_difference("entity", entity[:-1], entity[-1], other_entity[-1], found)
    relations, other_relations = _relations(one), _relations(two)
    for relation in sorted(relations.keys() & other_relations.keys()):
        yield from _score_difference(
            "relation", relation, relations[relation], other_relations[relation], found
        )
    for relation in sorted(relations.keys() ^ other_relations.keys()):
        score = relations.get(relation, other_relations.get(relation, 0.0))
        difference = f"relation {relation} with score {score:.9f} is {_whose(relation in relations)} alone"
        if score - min_score <= TOLERANCE:
            found.near_min_score += 1
            difference += (
                f", NEAR MIN_SCORE {min_score}: a score different by {score - min_score:.1e} explains it"
            )
        yield difference


def _score_difference(
    what: str, found_by_both: tuple, score: float, other_score: float, found: Comparison
) -> Iterator[str]:
    difference = abs(score - other_score)
    found.largest = max(found.largest, difference)
    if not difference <= TOLERANCE:  # nor if one of them is no number
        yield f"{what} {found_by_both}: score {score:.9f}, then {other_score:.9f}"


def _whose(of_reference: bool) -> str:
    return "the reference's" if of_reference else "the other's"


def _entities(row: dict[str, list[Any]]) -> list[tuple[Any, ...]]:
    """Type, start, end, text and score."""
    columns = (row[output.name] for output in ENTITY)
    return [entity for entity in zip(*columns, strict=True) if entity[0] != ""]


def _relations(row: dict[str, list[Any]]) -> dict[tuple[str, int, int], float]:
    """Type, head and tail -> score."""
    return {(kind, head, tail): score for kind, head, tail, score in relations_of(row, None)}


def _ask(python: str, program: Sequence[Any], version: str, folder: pathlib.Path) -> Answers:
    """Raises CalledProcessError if the model can't be loaded or asked there; what is wrong is on stderr."""
    out = folder / "answers.json"
    command: Sequence[Any] = (python, *program, version, folder / "requests.json", out)
    subprocess.run(command, check=True, cwd=folder)
    return json.loads(out.read_bytes())


def _counts(answers: Answers) -> str:
    def count(found: Iterable[Any]) -> int:
        return sum(map(len, found))

    rows = [*answers["text"], *answers["tokens"]]
    return f"{count(map(_entities, rows))} entities, {count(map(_relations, rows))} relations"


def main(version: str, min_score: float, pythons: Sequence[str]) -> bool:
    """Prints what each environment answers; whether all is equal."""
    version = str(pathlib.Path(version).resolve())
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        asked = requests()
        (folder / "requests.json").write_text(json.dumps(asked))
        texts, sentences = len(asked["text"]), len(asked["tokens"])
        print(f"{texts} texts, {sentences} tokenized sentences; relations above {min_score}")
        reference = _ask(sys.executable, _IN_PROCESS, version, folder)
        print(f"TensorFlow {reference['version']}, the reference: {_counts(reference)}")
        equal = True
        others = [(str(pathlib.Path(python).absolute()), _IN_PROCESS) for python in pythons]
        for python, program in (*others, (sys.executable, _C_API)):
            answers = _ask(python, program, version, folder)
            found = compare(reference, answers, min_score)
            equal = equal and not found.differences
            by = f"TensorFlow {answers['version']}{' through its C API' if program == _C_API else ''}"
            print(f"{by}: {_counts(answers)}; largest difference of a score {found.largest:.1e}")
            for difference in found.differences[:_MOST_SHOWN]:
                print(f"  DIFFERENT: {difference}")
            if found.differences:
                near = f"{found.near_min_score} are relations within {TOLERANCE} of MIN_SCORE"
                print(f"  {len(found.differences)} differences, of which {near}")
    print("All equal." if equal else "NOT EQUAL.")
    return equal


if __name__ == "__main__":
    sys.exit(not main(sys.argv[1], float(sys.argv[2]), sys.argv[3:]))
