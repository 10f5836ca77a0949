"""Makes a model's scores probabilities, by temperatures that suit sentences it was not trained on.

%s --model=runs/mine --corpus=data/dev.json

What is found stays the same: the threshold goes with the scores. The model keeps both, and exports have them.
"""

from __future__ import annotations

from absl import flags

from jner_re import config as configs
from jner_re import files, program
from jner_re.errors import InputError
from jner_re.models import model_files

from . import annotated

_MODEL = flags.DEFINE_string("model", None, "model directory", required=True)
_CORPUS = flags.DEFINE_string(
    "corpus",
    None,
    "annotated sentences that it was not trained on, such as dev.json; sample for the dev set of the bundled "
    "corpus",
    required=True,
)
flags.adopt_module_key_flags(annotated)
_THREADS = flags.DEFINE_integer("threads", 0, "threads of TensorFlow; 0 for one a core", lower_bound=0)


def main() -> None:
    """Predicts, chooses temperatures, and keeps them."""
    folder = files.user_path(_MODEL.value)
    config, _ = configs.load(folder / model_files.CONFIG)
    if not any((folder / name).exists() for name in (model_files.METRICS, model_files.MEMBERS)):
        raise InputError(f"{folder}: its training has not ended, expected a trained model")
    read, corpus, _ = annotated.load(_CORPUS.value, "dev", config)
    sentences = read.valid_sentences()
    if not any(sentence.entities for sentence in sentences):
        raise InputError(f"{corpus}: {len(sentences)} sentences without an entity, expected annotated ones")
    program.import_tensorflow_quietly(_THREADS.value)
    from jner_re.evaluation import calibration, temperature_fit
    from jner_re.evaluation.card import card
    from jner_re.evaluation.evaluate import evaluate
    from jner_re.models import model_dir, temperatures

    with model_files.training_lock(folder):
        model = model_dir.load(folder)
        _, scored = evaluate(model, sentences, model.threshold, _CORPUS.value)
        known = temperatures.Temperatures.load(folder)
        raw = [temperatures.untempered(each, known) for each in scored]  # so that a second run says the same
        chosen = temperature_fit.fit(sentences, raw)
        before = calibration.calibration(sentences, scored)
        after = calibration.calibration(sentences, [temperatures.of_scored(each, chosen) for each in raw])
        errors = {task: result.expected_calibration_error for task, result in after.items()}
        source = f"the least cross-entropy on {corpus.parent.name}/{corpus.name}"
        temperatures.keep(folder, model.threshold, chosen, source, errors)
        card.write(folder)
    print(f"Before\n{calibration.table(before)}\n\nAfter\n{calibration.table(after)}\n")
    print(
        f"temperatures of {folder}: entities {chosen.entities:g}, relations {chosen.relations:g}\n"
        f"relation threshold: {model_files.read_threshold(folder, config):g}, until now {model.threshold:g}"
    )


if __name__ == "__main__":
    program.run(main)
