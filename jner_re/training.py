"""Training: compile, fit, checkpoints, resume."""

from __future__ import annotations

import json
import pathlib
import sys
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from jner_re import config as configs
from jner_re import files, optimizers
from jner_re.averaging import MovingAverage
from jner_re.config import ModelConfig, TrainConfig
from jner_re.errors import InputError
from jner_re.features.chars import characters
from jner_re.features.dataset import FeaturizedCorpus, evaluation_batches, training_batches
from jner_re.features.inputs import open_inputs
from jner_re.losses import ner_loss, relation_loss
from jner_re.metrics import strict
from jner_re.metrics.callback import StrictScores
from jner_re.models import trained
from jner_re.models.decode import without_scores
from jner_re.models.joint import JointModel
from jner_re.schema import LabelSet, Sentence

LOGS = "logs"
METRICS = "metrics.json"
_EVALUATION_BATCH = 32


class Progress(tf.train.experimental.PythonState):
    """How far a run is: saved in its checkpoint together with weights and optimizer.

    Attributes:
      history: the logs of each finished epoch.
      stopped: whether early stopping ended the run.
    """

    def __init__(self) -> None:
        self.history: list[dict[str, float]] = []
        self.stopped = False

    def serialize(self) -> str:
        """To JSON."""
        return json.dumps({"history": self.history, "stopped": self.stopped})

    def deserialize(self, string_value: bytes) -> None:
        """From JSON."""
        self.__dict__.update(json.loads(string_value))

    def best_epoch(self) -> int:
        """The first epoch (from 0) with the best dev score."""
        scores = [logs["val_average_f1"] for logs in self.history]
        return scores.index(max(scores))


class Checkpoints(tf.keras.callbacks.Callback):
    """After every epoch: the best (without a dev set: the latest) weights, then all that resuming needs.

    Args:
      model_dir: where checkpoints/ is.
      inference: the model whose weights are saved for use.
      checkpoint: weights, optimizer, averages and progress.
      progress: the run's progress.
      average: the moving average, whose weights are the ones saved for use.
      patience: epochs without a better dev score after which training stops; 0 for never.
    """

    def __init__(
        self,
        model_dir: pathlib.Path,
        inference: tf.keras.Model,
        checkpoint: tf.train.Checkpoint,
        progress: Progress,
        average: MovingAverage,
        patience: int,
    ) -> None:
        super().__init__()
        self._model_dir = model_dir
        self._inference = inference
        self._progress = progress
        self._average = average
        self._patience = patience
        self.manager = tf.train.CheckpointManager(
            checkpoint, str(model_dir / "checkpoints"), max_to_keep=1, checkpoint_name="last"
        )

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Saves, and stops the run if it is out of patience."""
        history = self._progress.history
        history.append({name: float(value) for name, value in (logs or {}).items()})
        has_dev = "val_average_f1" in history[-1]
        if not has_dev or self._progress.best_epoch() == epoch:
            with self._average.applied():
                trained.save_weights(self._inference, self._model_dir / trained.WEIGHTS)
        if has_dev and 0 < self._patience <= epoch - self._progress.best_epoch():
            self._progress.stopped = self.model.stop_training = True
        self.manager.save(checkpoint_number=epoch + 1)


def train(
    config: ModelConfig,
    train_config: TrainConfig,
    sentences: Sequence[Sentence],
    dev: Sequence[Sentence],
    model_dir: pathlib.Path,
) -> dict[str, Any]:
    """Trains a model, or goes on with a run that was interrupted.

    Args:
      config: the architecture.
      train_config: the optimization.
      sentences: to train on.
      dev: to choose the best epoch by (average of the strict micro F1 of NER and RE); may be empty: then the
        last epoch counts.
      model_dir: where everything is written.

    Returns:
      What metrics.json holds: the history, the best epoch, and the evaluation of its weights on dev.

    Raises:
      InputError: `model_dir` holds a run of another config, or something named in the config can't be had.
    """
    for name in ("calibrate", "patience"):
        if getattr(train_config, name) and not dev:
            raise InputError(
                f"{name} is {getattr(train_config, name)}, expected a dev set that is not trained on"
            )
    _check_directory(model_dir, config, train_config)
    label_set = LabelSet.of(sentences)
    if not label_set.relation_types:
        raise InputError(
            f"{len(sentences)} sentences without a relation, expected some with entities and relations"
        )
    label_set.check(dev, "dev")
    inputs = open_inputs(config, characters(sentences))
    vocabulary = trained.Vocabulary(
        label_set.entity_types,
        label_set.relation_types,
        characters(sentences),
        trained.argument_types(sentences),
        inputs.fingerprints,
        {"train": trained.corpus_hash(sentences), "dev": trained.corpus_hash(dev)},
    )
    _check_vocabulary(model_dir, vocabulary)
    corpus = inputs.corpus(sentences, trained.feature_cache())
    dev_corpus = inputs.corpus(dev, trained.feature_cache()) if dev else None

    if not (model_dir / trained.CONFIG).exists():
        vocabulary.save(model_dir / trained.VOCABULARY)
        configs.save(model_dir / trained.CONFIG, config, train_config)
    tf.keras.utils.set_random_seed(train_config.seed)
    model = trained.build(config, inputs, vocabulary, train_config.jit_compile)
    print(f"{trained.trainable_parameters(model.training):,} trainable parameters", flush=True)
    predictor = trained.Predictor(model.inference, label_set, _EVALUATION_BATCH)
    progress = _fit(
        train_config, model, predictor, corpus, dev_corpus, label_set, model_dir, config.threshold
    )

    metrics: dict[str, Any] = {"epochs": len(progress.history), "history": progress.history}
    if dev_corpus is not None:
        trained.load_weights(model.inference, model_dir / trained.WEIGHTS)
        threshold = _threshold(config, train_config, predictor, dev_corpus, label_set, model_dir)
        scored = predictor.scored(dev_corpus, threshold)
        metrics["best_epoch"] = progress.best_epoch() + 1
        metrics["threshold"] = threshold
        metrics["dev"] = strict.evaluate(dev, without_scores(dev, scored), label_set)
    files.write_text(model_dir / METRICS, json.dumps(metrics, indent=1) + "\n")
    return metrics


def _check_directory(model_dir: pathlib.Path, config: ModelConfig, train_config: TrainConfig) -> None:
    """Raises InputError if the directory holds something else than a run of these configs."""
    path = model_dir / trained.CONFIG
    if not path.exists():
        names = {entry.name for entry in model_dir.glob("*") if not entry.name.startswith(".")}
        unknown = names - {trained.VOCABULARY}  # a run killed at its very start has left no more
        if unknown:
            raise InputError(
                f"{model_dir}: holds {min(unknown)} and no {trained.CONFIG}, expected a new folder"
            )
        return
    for ours, theirs in zip((config, train_config), configs.load(path), strict=True):
        for name, value in vars(ours).items():
            if value != getattr(theirs, name):
                raise InputError(
                    f"{path}: {name} is {getattr(theirs, name)!r}, expected {value!r}: the directory holds a "
                    "run of another config"
                )


def _check_vocabulary(model_dir: pathlib.Path, vocabulary: trained.Vocabulary) -> None:
    """Raises InputError if the directory holds a run on another corpus or with another encoder."""
    path = model_dir / trained.VOCABULARY
    if (model_dir / trained.CONFIG).exists() and trained.Vocabulary.load(path) != vocabulary:
        raise InputError(
            f"{path}: is not of this run, expected a new folder: this one is of another corpus or encoder"
        )


def _fit(
    config: TrainConfig,
    model: JointModel,
    predictor: trained.Predictor,
    corpus: FeaturizedCorpus,
    dev: FeaturizedCorpus | None,
    label_set: LabelSet,
    model_dir: pathlib.Path,
    threshold: float,
) -> Progress:
    """Runs the epochs that are left."""
    progress = Progress()
    average = MovingAverage(model.training, config.average_decay)
    steps = -(-len(corpus.sentences) // config.batch_size)
    model.training.compile(
        optimizers.make(config, steps),
        loss={"ner": ner_loss, "re": relation_loss},
        loss_weights={"ner": 1.0, "re": config.relation_weight},
        jit_compile=False,
    )
    model.training.optimizer.build(model.training.trainable_variables)
    checkpoint = tf.train.Checkpoint(
        model=model.training, optimizer=model.training.optimizer, averages=average.averages, progress=progress
    )
    checkpoints = Checkpoints(model_dir, model.inference, checkpoint, progress, average, config.patience)
    if checkpoints.manager.latest_checkpoint:
        checkpoint.restore(checkpoints.manager.latest_checkpoint).assert_consumed()
        print(f"resuming after epoch {len(progress.history)}", flush=True)
    if progress.stopped or len(progress.history) >= config.epochs:
        return progress

    batches, steps = training_batches(
        corpus, label_set, config.batch_size, config.seed, len(progress.history)
    )
    callbacks: list[tf.keras.callbacks.Callback] = [average]
    if dev is not None:
        sentences = dev.sentences

        def predict() -> list[Sentence]:
            return without_scores(sentences, predictor.scored(dev, threshold))

        callbacks.append(StrictScores(predict, sentences, label_set, average.applied))
    board = tf.keras.callbacks.TensorBoard(str(model_dir / LOGS), write_graph=False)
    model.training.fit(
        batches,
        epochs=config.epochs,
        initial_epoch=len(progress.history),
        steps_per_epoch=steps,
        validation_data=None if dev is None else evaluation_batches(dev, label_set, _EVALUATION_BATCH),
        callbacks=[*callbacks, board, checkpoints],
        verbose=1 if sys.stdout.isatty() else 2,
    )
    return progress


def _threshold(
    config: ModelConfig,
    train_config: TrainConfig,
    predictor: trained.Predictor,
    dev: FeaturizedCorpus,
    label_set: LabelSet,
    model_dir: pathlib.Path,
) -> float:
    """theta_r: as configured, or the multiple of 0.05 with the best strict micro F1 on dev, then saved."""
    if not train_config.calibrate:
        return config.threshold
    scored = predictor.scored(dev, 0.0)

    def f1(threshold: float) -> float:
        predicted = without_scores(dev.sentences, scored, threshold)
        return strict.evaluate(dev.sentences, predicted, label_set)["re"]["strict"]["micro"]["f1"]

    threshold = max((round(0.05 * k, 2) for k in range(1, 20)), key=f1)
    record = {"threshold": threshold, "source": "best strict micro F1 of relations on dev"}
    files.write_text(model_dir / trained.THRESHOLD, json.dumps(record, indent=1) + "\n")
    return threshold
