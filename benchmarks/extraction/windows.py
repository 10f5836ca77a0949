"""What a window of several sentences costs: two models on the same documents, in turns, and a long document.

    python -m benchmarks.extraction.windows --model=WINDOW_1 --other=WINDOW_3 --corpus=dev.jsonl --threads=1

The ratio is that of the second model's time to the first one's for the same texts, asked for 32 at a time;
seconds are a call's, sentences those that the models split the texts into. The long document has the
sentences of the corpus one after the other; memory is the greatest resident set of the process, which holds
both models.
"""

from __future__ import annotations

import functools
import resource
import statistics

from absl import flags

from benchmarks.measuring import timed
from jner_re import files, program
from jner_re.corpora import documents
from jner_re.text.sentences import split

_MODEL = flags.DEFINE_string("model", None, "model directory that the other is compared with", required=True)
_OTHER = flags.DEFINE_string("other", None, "model directory with a window", required=True)
_CORPUS = flags.DEFINE_string("corpus", None, "documents, as JSON lines", required=True)
_BATCH = flags.DEFINE_integer("batch_size", 32, "texts that are asked for together", lower_bound=1)
_ROUNDS = flags.DEFINE_integer("rounds", 7, "calls of each model", lower_bound=2)
_LONG = flags.DEFINE_integer("sentences", 3000, "of the long document", lower_bound=1)
_THREADS = flags.DEFINE_integer("threads", 0, "threads of TensorFlow; 0 for one a core", lower_bound=0)


def main() -> None:
    """Measures and prints."""
    program.import_tensorflow_quietly(_THREADS.value)
    from jner_re.extraction.client import Client
    from jner_re.extraction.in_process import ModelDirectory

    models = [ModelDirectory(files.user_path(flag)) for flag in (_MODEL.value, _OTHER.value)]
    one, other = map(Client, models)
    extractor = models[1].extractor
    split_as = functools.partial(
        split, tokenization=extractor.tokenization, lines=extractor.lines, language=extractor.language
    )
    texts = [text.document.text for text in documents.texts(files.user_path(_CORPUS.value))[0]]
    batches = [texts[at : at + _BATCH.value] for at in range(0, len(texts), _BATCH.value)]
    for batch in batches:
        one(batch)
        other(batch)
    ratios, seconds = [], []
    for number in range(_ROUNDS.value):
        batch = batches[number % len(batches)]
        count = sum(1 for text in batch for _ in split_as(text))
        taken = [timed(functools.partial(model, batch))[0] for model in (one, other)]
        ratios.append(taken[1] / taken[0])
        seconds.append([count / each for each in taken])
    rates = [statistics.median(rate) for rate in zip(*seconds, strict=True)]
    print(
        f"{_BATCH.value} documents at a time: {rates[0]:.0f} and {rates[1]:.0f} sentences/s, ratio of times "
        f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
    )
    parts = [text[tokens[0].start : tokens[-1].end] for text in texts for tokens in split_as(text)]
    for count in (_LONG.value // 10, _LONG.value):
        text = "\n\n".join(parts[i % len(parts)] for i in range(count))
        times = [timed(functools.partial(model, text))[0] for model in (one, other)]
        memory = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**30
        print(
            f"a document of {count:,} sentences: {times[0]:.1f} and {times[1]:.1f} s; "
            f"largest resident set {memory:.2f} GiB"
        )


if __name__ == "__main__":
    program.run(main)
