"""Training: reads features, compiles and fits; checkpoints.py makes it go on where it was interrupted."""

from __future__ import annotations

import logging
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import tf_keras as keras

from jner_re.config import ModelConfig, TrainConfig, check_together
from jner_re.config_paths import with_absolute_paths
from jner_re.constraints import NONE, Constraints
from jner_re.corpora import examples
from jner_re.errors import InputError
from jner_re.evaluation import strict
from jner_re.evaluation.card import card, corpus_facts
from jner_re.evaluation.evaluate import best_threshold
from jner_re.features import soft_targets as soft
from jner_re.features.dataset import Arrays, FeaturizedCorpus, evaluation_batches, training_batches
from jner_re.features.inputs import Frozen, open_frozen
from jner_re.models import model_dir as model_dirs
from jner_re.models import weights
from jner_re.models.declared import Declared
from jner_re.models.decode import without_scores
from jner_re.models.fine_tuned_encoder import FineTunedEncoder
from jner_re.models.joint import TrainingModel
from jner_re.models.predictor import Predictor
from jner_re.schema import LabelSet, Sentence
from jner_re.training import optimizers, reading, relation_distances
from jner_re.training.checkpoints import Checkpoints, Progress
from jner_re.training.divergence import EndOfDivergence
from jner_re.training.moving_average import MovingAverage
from jner_re.training.progress_line import ProgressLine
from jner_re.training.reading import Read
from jner_re.training.run_directory import RunDirectory
from jner_re.training.scores_callback import StrictScores
from jner_re.training.tensorboard import TensorBoardLogs

_EVALUATION_BATCH = 32
_LOGGER = logging.getLogger(__name__)


def train(
    config: ModelConfig,
    train_config: TrainConfig,
    sentences: Sequence[Sentence],
    dev: Sequence[Sentence],
    model_dir: pathlib.Path,
    *,
    label_set: LabelSet | None = None,
    frozen: Frozen | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    soft_targets: soft.SoftTargets | None = None,
    corpus_name: str = "",
    constraints: Constraints = NONE,
) -> dict[str, Any]:
    """Trains a model, or goes on with a run that was interrupted.

    Args:
      config: the architecture.
      train_config: the optimization.
      sentences: to train on.
      dev: to choose the best epoch by (average of the strict micro F1 of NER and RE); may be empty: then the
        last epoch counts. Types that only dev has are scored as missed.
      model_dir: where everything is written.
      label_set: the types that the model can give; by default those of `sentences`.
      frozen: encoder and word vectors of the same config, if they are open already.
      callbacks: more of Keras's callbacks; in their `on_epoch_end`, `logs` has the scores on dev.
      soft_targets: what is to be learned of each of `sentences` in place of its annotation
        (`soft_targets.mixed`); the loss on dev is still that of the annotation.
      corpus_name: for the card.
      constraints: that what the model gives is to respect, on dev, too; the loss doesn't know them. Those of
        types that it can't give are left out; `constraint_check.check` compares them with the annotation.

    Returns:
      What metrics.json holds: the history, the best epoch, and the evaluation of its weights on dev.

    Raises:
      InputError: `model_dir` holds a run of another config or is trained in by another program, something
        named in the config isn't available, a sentence has no soft target, or the training diverges.
    """
    for name in ("calibrate", "patience"):
        if getattr(train_config, name) and not dev:
            raise InputError(
                f"{name} is {getattr(train_config, name)}, expected a dev set that is not trained on"
            )
    check_together(config, train_config)
    config = with_absolute_paths(config)
    run = RunDirectory(model_dir, config, train_config)
    label_set = label_set or LabelSet.of(sentences)
    if not label_set.relation_types:
        raise InputError(
            f"{len(sentences)} sentences without a relation, expected some with entities and relations"
        )
    if config.window > 1 and not any(sentence.breaks for sentence in sentences):
        _LOGGER.warning(
            "window is %d, and no text has two sentences, so that there are no neighbours to read",
            config.window,
        )
    if unknown := label_set.unknown(sentences):
        raise InputError(f"training sentences: {', '.join(unknown)}: not in the given label set")
    constraints = constraints.known_part(label_set)
    frozen = frozen or open_frozen(config, origins=run.origins())
    read = reading.read(config, sentences, dev, label_set, frozen, soft_targets, corpus_name, constraints)
    with run.claimed(read.vocabulary, constraints, examples.choose(sentences, config.tokenization)):
        return _train(config, train_config, read, run, callbacks)


def _train(
    config: ModelConfig,
    train_config: TrainConfig,
    read: Read,
    run: RunDirectory,
    callbacks: Sequence[keras.callbacks.Callback],
) -> dict[str, Any]:
    """As `train`, in a directory that no other training writes to."""
    keras.utils.set_random_seed(train_config.seed)
    model = model_dirs.build(
        config,
        read.inputs,
        read.vocabulary,
        train_config.jit_compile,
        read.targets is not None,
        train_config.recompute_gradients,
        read.constraints,
    )
    if config.relation_distance:
        odds = relation_distances.log_odds(read.corpus.sentences, config.relation_distance)
        bias = model.training.get_layer("pair_scorer").distance_bias
        bias.assign(np.broadcast_to(odds[:, np.newaxis], bias.shape))
    _LOGGER.info("%s trainable parameters", f"{weights.count(model.training):,}")
    compile_model(model.training, train_config, len(read.corpus.examples))
    average = MovingAverage(model.training, train_config.average_decay, train_config.jit_compile)
    checkpoints = Checkpoints(run.weights, model.training, model.inference, average, train_config.patience)
    label_set = read.vocabulary.label_set
    limits = Declared(label_set, read.constraints).limits()
    predictor = Predictor(model.inference, read.corpus.specs, label_set, _EVALUATION_BATCH, limits)
    scores = _scores(predictor, read.dev, read.reported, average, config.threshold)
    in_order = [
        EndOfDivergence(),
        average,
        *([scores] if scores else []),
        *callbacks,
        checkpoints,
        TensorBoardLogs(run.logs, scores),
        ProgressLine(checkpoints.progress),
    ]
    _fit(model.training, train_config, read.corpus, read.dev, label_set, read.targets, checkpoints, in_order)

    progress = checkpoints.progress
    metrics: dict[str, Any] = {
        "epochs": len(progress.history),
        "history": progress.history,
        "corpus": read.corpus_name,
        "corpora": {"train": corpus_facts.counts(read.corpus.sentences)},
        "versions": card.versions(),
    }
    if read.dev is not None:
        weights.load(model.inference, run.weights)
        metrics["corpora"]["dev"] = corpus_facts.counts(read.dev.sentences)
        metrics |= _on_dev(predictor, read.dev, read.reported, progress, config, train_config)
    run.finish(metrics)
    return metrics


def _on_dev(
    predictor: Predictor,
    dev: FeaturizedCorpus,
    reported: LabelSet,
    progress: Progress,
    config: ModelConfig,
    train_config: TrainConfig,
) -> dict[str, Any]:
    """The best epoch, the threshold, which is calibrated on request, and the evaluation of both."""
    scored = predictor.scored(dev, 0.0)
    threshold, source = config.threshold, "as configured"
    if train_config.calibrate:
        threshold, source = best_threshold(dev.sentences, scored, threshold)
    if not progress.found_on_dev():
        _LOGGER.warning(
            "nothing of dev was found in any epoch yet, so the last one's weights are kept: train longer "
            "(epochs), on more sentences, or with another learning_rate"
        )
    predicted = without_scores(dev.sentences, scored, threshold)
    return {
        "best_epoch": progress.best_epoch() + 1,
        "threshold": threshold,
        "threshold_source": source,
        "dev": strict.evaluate(dev.sentences, predicted, reported),
    }


def compile_model(model: TrainingModel, config: TrainConfig, num_examples: int) -> None:
    """Sets the optimizer and the loss's weight, for epochs of so many sentences or passages."""
    steps = -(-num_examples // config.batch_size)
    encoders = [layer for layer in model.layers if isinstance(layer, FineTunedEncoder)]
    encoder_weights = [weight for encoder in encoders for weight in encoder.trainable_weights]
    model.compile(
        optimizers.make(config, steps, encoder_weights), config.relation_weight, config.relation_loss
    )


def _scores(
    predictor: Predictor,
    dev: FeaturizedCorpus | None,
    label_set: LabelSet,
    average: MovingAverage,
    threshold: float,
) -> StrictScores | None:
    """The strict scores on dev, if there is one."""
    if dev is None:
        return None
    return StrictScores(
        lambda: predictor.scored(dev, 0.0),
        lambda scored: without_scores(dev.sentences, scored, threshold),
        dev.sentences,
        label_set,
        average.applied,
    )


def _fit(
    model: TrainingModel,
    config: TrainConfig,
    corpus: FeaturizedCorpus,
    dev: FeaturizedCorpus | None,
    label_set: LabelSet,
    targets: Sequence[Arrays] | None,
    checkpoints: Checkpoints,
    callbacks: Sequence[keras.callbacks.Callback],
) -> None:
    """Runs the epochs that are left."""
    checkpoints.restore()
    done = len(checkpoints.progress.history)
    if checkpoints.progress.stopped or done >= config.epochs:
        return
    if done:
        _LOGGER.info("resuming after epoch %d", done)
    batches, steps = training_batches(corpus, label_set, config.batch_size, config.seed, done, targets)
    validation = None
    if dev is not None:
        dev_targets = (
            None if targets is None else [soft.hard(sentence, label_set) for sentence in dev.sentences]
        )
        validation = evaluation_batches(dev, label_set, _EVALUATION_BATCH, dev_targets)
    model.fit(
        batches,
        epochs=config.epochs,
        initial_epoch=done,
        steps_per_epoch=steps,
        validation_data=validation,
        callbacks=list(callbacks),
        verbose=0,
    )
