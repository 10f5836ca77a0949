"""A short run of benchmarks.faults.fuzz: every target takes each mutated file for an answer."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

import pytest
import untrained
from absl import flags

from benchmarks.faults import mutation, server_targets, targets
from benchmarks.faults.target import Target
from jner_re.errors import printable

_INPUTS = 25  # of each target; a model is opened with fewer
_FORMATS = ("spert", "multihead", "dygie", "brat", "documents", "label_studio", "doccano", "prodigy")
_NAMES = (
    *("corpus: ade", "corpus: bioc, .json", "corpus: bioc, .xml", "corpus: spert", "corpus: multihead"),
    *("corpus: dygie", "corpus: brat, .ann", "corpus: documents", "corpus: label_studio", "corpus: doccano"),
    *("corpus: prodigy", "server: predict", "server: drawing", "Label Studio: /setup"),
    *("Label Studio: /predict", "Label Studio: /train", "Label Studio: /webhook", "flags"),
    *("export: about.json", "model: config.json", "model: vocabulary.json", "model: threshold.json"),
    *("opened: config.json", "client: answers"),
)


@pytest.fixture(scope="module")
def all_targets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Target]]:
    model = untrained.write(tmp_path_factory.mktemp("model"))
    with targets.all_targets(tmp_path_factory.mktemp("fuzz"), model, _FORMATS) as found:
        yield {target.name: target for target in found}


@pytest.mark.parametrize("name", _NAMES)
def test_every_input_has_an_answer(name: str, all_targets: dict[str, Target]) -> None:
    target = all_targets[name]
    for content in target.valid:
        if b'"error"' not in content:
            target.give(content)
    source = random.Random(f"1 {name}")
    for _ in range(1 if name.startswith("opened") else _INPUTS):
        content = mutation.mutated(source.choice(target.valid), source)
        try:
            target.give(content)
        except target.refusals as error:
            printable(str(error)).encode()


def test_mutations_are_repeated_and_differ() -> None:
    content = json.dumps([{"tokens": ["a", "b"], "entities": []}]).encode()
    runs = [
        [mutation.mutated(content, source) for _ in range(200)] for source in map(random.Random, (1, 1, 2))
    ]
    assert runs[0] == runs[1] != runs[2]
    assert len(set(runs[0])) > 100
    assert any(b"[" * 20_000 in run for run in runs[0]) and any(b"9" * 5_000 in run for run in runs[0])


@pytest.mark.parametrize(
    "content",
    [
        b'{"predictions": 1}',
        b'{"predictions": [7]}',
        b'{"predictions": [' + b"[" * 20_000,
        b'{"predictions": [' + b"9" * 5_000,
        *(
            json.dumps({"predictions": [{**server_targets.ROW, name: value}]}).encode()
            for name, value in (
                ("token", ["Bob", "Ann"]), ("token", 7), ("token", [7]), ("entity_start", [0, 99, -1]),
                ("entity_end", [0, 30, -1]), ("entity_start", [0]), ("entity_score", [True, 0.1, -1.0]),
                ("entity_score", [float("nan"), 0.1, -1.0]), ("relation_head", [2, -1]), ("broken_at", [99]),
                ("relation_tail", [-1, -1]), ("broken_at", None),
            )
        ),
    ],
)  # fmt: skip
def test_answers_that_are_no_rows(content: bytes, all_targets: dict[str, Target]) -> None:
    target = all_targets["client: answers"]
    with pytest.raises(target.refusals, match=r"expected JSON|expected the predictions of an exported model"):
        target.give(content)


def test_flags_that_are_no_text(all_targets: dict[str, Target]) -> None:
    with pytest.raises(flags.Error, match="--flagfile: byte 0 is not UTF-8"):
        all_targets["flags"].give(b"\xff\n")


def test_a_flag_with_a_very_long_name(all_targets: dict[str, Target]) -> None:
    with pytest.raises(flags.Error, match="a flag has a name of a thousand characters"):
        all_targets["flags"].give(b"--" + b"x" * 3000 + b"=1\n")
