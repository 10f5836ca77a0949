"""Speed of an exported model, from raw text to relations, beside PyTorch's encoder alone.

    python -m benchmarks.serving.beside_torch --model=runs/demo --corpus=data/conll04/test.json \
      --torch_python=torch-env/bin/python --threads=1

The environment of PyTorch needs torch, transformers and safetensors. The model's encoder must be "minilm" or
"mpnet" of the catalogue, whose checkpoint both read. The export is given texts, and answers with entities and
relations; PyTorch is given the ids of the same sentences' subwords, padded, and gives the encoder's last
layer. Both take turns in every round. Ratios are of processor time, which other programs disturb less, and of
the clock.
"""

from __future__ import annotations

import functools
import pathlib
import tempfile
from collections.abc import Sequence
from typing import TYPE_CHECKING

from absl import flags

from benchmarks.measuring import spread, timed
from benchmarks.serving import sentences
from benchmarks.torch_process import TorchProcess
from jner_re import config as configs
from jner_re import program
from jner_re.assets import catalogue
from jner_re.errors import InputError

if TYPE_CHECKING:
    from jner_re.extraction.in_process import SavedModel

_MODEL = flags.DEFINE_string("model", None, "model directory", required=True)
_TORCH = flags.DEFINE_string("torch_python", None, "Python of an environment with PyTorch", required=True)
flags.adopt_module_key_flags(sentences)
_THREADS = flags.DEFINE_integer("threads", 1, "threads of each", lower_bound=1)


def main() -> None:
    """Measures and prints."""
    encoder = configs.load(pathlib.Path(_MODEL.value, "config.json"))[0].encoder
    if encoder not in ("minilm", "mpnet"):
        raise InputError(f"{_MODEL.value}: its encoder is {encoder!r}, expected 'minilm' or 'mpnet'")
    program.import_tensorflow_quietly(_THREADS.value)
    from jner_re.extraction import extractor as extractors
    from jner_re.extraction.in_process import SavedModel
    from jner_re.serving import saved_model

    texts = sentences.texts(sentences.read())
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name) / "1"
        saved_model.write(extractors.load(_MODEL.value), folder, 0.0)
        model = SavedModel(folder)
    with TorchProcess(_TORCH.value, "benchmarks.serving.encoder_torch") as torch:
        checkpoint = str(catalogue.fetch(encoder))
        about = torch.ask(threads=_THREADS.value, folder=checkpoint, texts=texts)
        print(
            f"{len(texts)} sentences of {about['subwords']:.1f} subwords, {_THREADS.value} threads; "
            f"PyTorch {about['torch']}, transformers {about['transformers']}"
        )
        for size in map(int, sentences.BATCHES.value):
            measure(model, torch, texts, size)


def measure(model: SavedModel, torch: TorchProcess, texts: Sequence[str], size: int) -> None:
    """Prints speeds and ratios at a batch size; the first round is not counted."""
    batches = [texts[i : i + size] for i in range(0, len(texts), size)]
    ours, theirs = [], []
    for _ in range(sentences.ROUNDS.value + 1):
        ours.append(timed(functools.partial(answer, model, batches)))
        run = torch.ask(size=size)
        theirs.append((run["seconds"], run["processor"]))
    ours, theirs = ours[1:], theirs[1:]
    speeds = [
        spread([len(texts) / seconds for seconds, _ in times], ".1f") + " sentences/s"
        for times in (ours, theirs)
    ]
    by_clock, by_processor = (
        spread([t[i] / o[i] for o, t in zip(ours, theirs, strict=True)], ".2f") for i in (0, 1)
    )
    print(
        f"batch {size}: {speeds[0]}, PyTorch's encoder {speeds[1]}; times its speed: {by_processor} by "
        f"processor time, {by_clock} by the clock",
        flush=True,
    )


def answer(model: SavedModel, batches: Sequence[Sequence[str]]) -> None:
    for batch in batches:
        model.texts(batch, None)


if __name__ == "__main__":
    program.run(main)
