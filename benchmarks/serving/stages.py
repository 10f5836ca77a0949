"""Speed of an exported model, by stage, and what bfloat16 does to it.

    python -m benchmarks.serving.stages --model=runs/demo --threads=1

Exports the model into a temporary folder, loads it, and asks its signature `serving_default` for batches of
texts of one sentence each. Stages of the same graph (split and tokenize, encode, joint model; the rest is
decoding and grouping) are timed alone. All take turns in every round, so that what else the machine does
meets all alike: medians of the rounds, with their range. With an annotated corpus (--corpus) it also says
what bfloat16 does to the scores of the tokenized sentences.
"""

from __future__ import annotations

import functools
import pathlib
import tempfile
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from absl import flags

from benchmarks.measuring import spread, timed
from benchmarks.serving import sentences as asked
from jner_re import program
from jner_re.evaluation import strict
from jner_re.extraction.rows import Row, entities_of, relations_of
from jner_re.schema import Sentence

if TYPE_CHECKING:
    import tensorflow as tf

    from jner_re.extraction.client import Client
    from jner_re.extraction.extractor import Extractor

_MODEL = flags.DEFINE_string("model", None, "model directory", required=True)
flags.adopt_module_key_flags(asked)
_THREADS = flags.DEFINE_integer("threads", 0, "threads of TensorFlow; 0 for one a core", lower_bound=0)

_STAGES = ("split", "encode", "joint")


class Batch(NamedTuple):
    """The inputs of all stages."""

    texts: list[str]
    text: tf.Tensor
    tokens: tf.Tensor
    lengths: tf.Tensor
    layers: dict[str, tf.Tensor]


class Stages:
    """Parts of the graph, alone."""

    def __init__(self, extractor: Extractor) -> None:
        import tensorflow as tf

        from jner_re.text.splitter import split_text

        def graph(function: Callable[..., Any]) -> Callable[..., Any]:
            return tf.function(function, autograph=False, reduce_retracing=True)

        splitting = extractor.tokenization, extractor.lines, extractor.language

        def split(text: tf.Tensor) -> tf.Tensor:
            return split_text(text, *splitting).tokens.merge_dims(1, 2).to_tensor("")

        def joint(tokens: tf.Tensor, layers: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
            return extractor.model({**extractor.features(tokens), **layers})

        self._split, self._encode, self._joint = graph(split), graph(extractor.encode), graph(joint)

    def prepare(self, texts: list[str]) -> Batch:
        import tensorflow as tf

        text = tf.constant(texts)
        tokens = self._split(text)
        lengths = tf.reduce_sum(tf.cast(tokens != "", tf.int32), axis=1)
        return Batch(texts, text, tokens, lengths, self._encode(tokens, lengths))

    def split(self, batch: Batch) -> None:
        self._split(batch.text).numpy()

    def encode(self, batch: Batch) -> None:
        for layers in self._encode(batch.tokens, batch.lengths).values():
            layers.numpy()

    def joint(self, batch: Batch) -> None:
        self._joint(batch.tokens, batch.layers)["relation_scores"].numpy()


def main() -> None:
    """Measures and prints."""
    program.import_tensorflow_quietly(_THREADS.value)
    from jner_re.extraction import extractor as extractors
    from jner_re.extraction import precision
    from jner_re.extraction.client import Client
    from jner_re.extraction.in_process import SavedModel
    from jner_re.serving import saved_model

    extractor = extractors.load(_MODEL.value)
    sentences = asked.read()
    texts = asked.texts(sentences)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name) / "1"
        saved_model.write(extractor, folder, 0.0)
        model, rounded = SavedModel(folder), SavedModel(folder, precision.BFLOAT16)
    rows = model.texts(texts, None)
    words = [list(filter(None, row["token"])) for row in rows]
    length = sum(map(len, words)) / len(words)
    print(f"{len(texts)} sentences of {length:.1f} tokens, {asked.ROUNDS.value} rounds")
    stages = Stages(extractor)
    for size in map(int, asked.BATCHES.value):
        batches = [stages.prepare(texts[i : i + size]) for i in range(0, len(texts), size)]
        turns: dict[str, Callable[[Batch], object]] = {
            "whole": lambda batch: model.texts(batch.texts, None),
            **{name: getattr(stages, name) for name in _STAGES},
            "bfloat16": lambda batch: rounded.texts(batch.texts, None),
        }
        report(size, len(texts), measure(turns, batches))
    compare(rows, rounded.texts(texts, None), extractor.threshold)
    if asked.CORPUS.value:
        print()
        for name, exported in (("float32", model), ("bfloat16", rounded)):
            print(f"{name}: {strict_f1(Client(exported), sentences, extractor)}")


def measure(turns: dict[str, Callable[[Batch], object]], batches: Sequence[Batch]) -> dict[str, list[float]]:
    """Seconds that each takes for all batches, in each round; the first round is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in turns}
    for _ in range(asked.ROUNDS.value + 1):
        for name, turn in turns.items():
            seconds[name].append(timed(functools.partial(for_all, turn, batches))[0])
    return {name: times[1:] for name, times in seconds.items()}


def for_all(turn: Callable[[Batch], object], batches: Sequence[Batch]) -> None:
    for batch in batches:
        turn(batch)


def report(size: int, count: int, seconds: dict[str, list[float]]) -> None:
    """Speed of the whole, shares of the stages, and the ratios that matter."""
    whole, encode = seconds["whole"], seconds["encode"]
    print(f"\nbatch {size}: {spread([count / time for time in whole], '.1f')} sentences/s")
    for name in _STAGES:
        print(f"  {name:8} {spread(ratios(seconds[name], whole), '.1%')}")
    parts = [sum(times) for times in zip(*(seconds[name] for name in _STAGES), strict=True)]
    print(f"  {'rest':8} {spread([1 - share for share in ratios(parts, whole)], '.1%')}")
    others = [time - own for time, own in zip(whole, encode, strict=True)]
    print(f"  all but the encoder / encoder: {spread(ratios(others, encode), '.2f')}")
    print(f"  bfloat16: {spread(ratios(whole, seconds['bfloat16']), '.2f')} times the speed")


def ratios(times: Sequence[float], others: Sequence[float]) -> list[float]:
    return [time / other for time, other in zip(times, others, strict=True)]


def compare(rows: Sequence[Row], others: Sequence[Row], threshold: float) -> None:
    """How far bfloat16 changes what is found."""
    for name, found in (("entities", entities), ("relations", relations_above(threshold))):
        one = {(i, *key): score for i, row in enumerate(rows) for key, score in found(row).items()}
        two = {(i, *key): score for i, row in enumerate(others) for key, score in found(row).items()}
        largest = max((abs(one[key] - two[key]) for key in one.keys() & two.keys()), default=0.0)
        print(
            f"\nbfloat16: {len(one)} {name}, {len(one.keys() - two.keys())} lost, "
            f"{len(two.keys() - one.keys())} new; largest difference of a score {largest:.4f}"
        )


def strict_f1(client: Client, gold: list[Sentence], extractor: Extractor) -> str:
    """Of the signature `tokens` with the model's threshold."""
    scored = client.predict([sentence.tokens for sentence in gold], extractor.threshold)
    predicted = [
        Sentence(sentence.tokens, tuple(entity for entity, _ in entities), tuple(r for r, _ in relations))
        for sentence, (entities, relations) in zip(gold, scored, strict=True)
    ]
    report = strict.evaluate(gold, predicted, extractor.label_set)
    return ", ".join(f"{task} {report[task]['strict']['micro']['f1']:.2%}" for task in ("ner", "re"))


def entities(row: Row) -> dict[tuple[Any, ...], float]:
    """By type and place."""
    return {(kind, start, end): score for kind, start, end, score in entities_of(row)}


def relations_above(threshold: float) -> Callable[[Row], dict[tuple[Any, ...], float]]:
    """By type and the places of both entities."""

    def found(row: Row) -> dict[tuple[Any, ...], float]:
        places = list(zip(row["entity_start"], row["entity_end"], strict=True))
        return {
            (kind, places[head], places[tail]): score
            for kind, head, tail, score in relations_of(row, threshold)
        }

    return found


if __name__ == "__main__":
    program.run(main)
