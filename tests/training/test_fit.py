"""Training on a few sentences: it learns, and an interrupted run ends as an uninterrupted one."""

from __future__ import annotations

import dataclasses
import logging
import pathlib
import re
import shutil
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras
from lengths_encoder import save_encoder
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from jner_re.config import ModelConfig, TrainConfig
from jner_re.corpora import data_dir
from jner_re.encoders.module import Encoder
from jner_re.errors import InputError
from jner_re.features.inputs import open_frozen
from jner_re.models import model_dir, model_files
from jner_re.schema import EntitySpan, LabelSet, Sentence
from jner_re.training import checkpoints, fit
from jner_re.training.moving_average import MovingAverage

# Nothing to download; the encoder is added where one is needed. Most of these tests' time is spent on tracing
# graphs, which few layers make small; `DEEP` has one of each kind.
SMALL = ModelConfig(
    encoder="",
    glove="",
    rnn_size=24,
    char_rnn_size=16,
    ner_layers=0,
    re_layers=0,
    rnn_dropout=0.2,
    threshold=0.5,
)
DEEP = dataclasses.replace(SMALL, ner_layers=1, re_layers=1, pair_context_size=16)
QUICK = TrainConfig(
    batch_size=4, epochs=4, learning_rate=3e-3, average_decay=0.9, constant_fraction=0.5, clip_norm=5.0
)


@pytest.fixture(scope="module")
def sentences() -> list[Sentence]:
    """Twenty sentences with relations."""
    return [sentence for sentence in data_dir.read_sample("train") if sentence.relations][:20]


Run = tuple[dict[str, Any], pathlib.Path]
KILLED = "killed"


pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture(scope="module")
def encoded(tmp_path_factory: pytest.TempPathFactory) -> ModelConfig:
    """SMALL with an encoder in place of characters."""
    encoder = save_encoder(tmp_path_factory.mktemp("encoder") / "lengths [1]*", 0.1)
    return dataclasses.replace(SMALL, encoder=encoder, char_rnn_size=0)


@pytest.fixture(scope="module")
def whole(encoded: ModelConfig, sentences: list[Sentence], tmp_path_factory: pytest.TempPathFactory) -> Run:
    """An uninterrupted run: metrics and directory; beside it, what a kill in the second epoch leaves."""
    folder = tmp_path_factory.mktemp("runs") / "whole [1]*"  # no pattern
    left = [4 + 3]  # batches, four an epoch

    def end(_: int, logs: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            shutil.copytree(folder, folder.with_name(KILLED))

    copying = keras.callbacks.LambdaCallback(on_train_batch_end=end)
    train, dev = sentences[:16], sentences[16:]
    return fit.train(encoded, QUICK, train, dev, folder, callbacks=[copying]), folder


def tensorboard_steps(folder: pathlib.Path) -> dict[str, list[int]]:
    """Of every tag."""
    steps = {}
    for run in (folder / "logs").iterdir():
        events = EventAccumulator(str(run), size_guidance={"tensors": 0})
        events.Reload()
        for tag in events.Tags()["tensors"]:
            steps[f"{run.name}/{tag}"] = [event.step for event in events.Tensors(tag)]
    return steps


def weights(folder: pathlib.Path) -> list[np.ndarray]:
    return model_dir.load(folder).model.get_weights()


def test_twenty_sentences_are_fitted_to_f1_of_one_at_the_calibrated_threshold(
    sentences: list[Sentence], tmp_path: pathlib.Path
) -> None:
    config = dataclasses.replace(DEEP, rnn_size=64, rnn_dropout=0.0, re_dropout=0.0, threshold=0.95)
    train_config = TrainConfig(
        batch_size=5, epochs=20, learning_rate=1e-2, constant_fraction=0.5, calibrate=True
    )
    metrics = fit.train(config, train_config, sentences, sentences, tmp_path / "model")
    assert metrics["dev"]["ner"]["strict"]["micro"]["f1"] == 1.0
    assert metrics["dev"]["re"]["strict"]["micro"]["f1"] == 1.0
    assert model_dir.load(tmp_path / "model").threshold == metrics["threshold"]


def test_tensorboard_gets_every_epoch_once(whole: Run) -> None:
    steps = tensorboard_steps(whole[1])
    assert {
        "train/loss/total", "dev/loss/re", "train/training/learning_rate", "train/layer_average/layer_01",
        "train/layer_average/gamma", "dev/f1/average", "dev/f1/ner_micro", "dev/recall/re_macro",
        "dev/f1_by_type/ner_Peop", "dev/precision_by_type/re_Live_In", "dev/relations/pr_curves",
        "dev/mistakes/entity_types", "dev/mistakes/worst_sentences",
    } <= set(steps)  # fmt: skip
    assert all(numbers == [1, 2, 3, 4] for numbers in steps.values()), steps
    sections = sorted({tag.split("/")[1] for tag in steps})  # as TensorBoard has them
    assert sections[0] == "f1" and sections.count("layer_average") == 1
    assert {tag for tag in steps if "layer_" in tag} == {
        f"train/layer_average/{name}" for name in ("layer_00", "layer_01", "gamma")
    }


def test_calibration_and_patience_need_a_dev_set(sentences: list[Sentence], tmp_path: pathlib.Path) -> None:
    for options in ({"calibrate": True}, {"patience": 3}):
        with pytest.raises(InputError, match="dev set"):
            fit.train(SMALL, TrainConfig(**options), sentences, [], tmp_path / "none")
    assert not list(tmp_path.iterdir())


def test_what_is_of_fine_tuning_alone_is_refused_without_it(
    sentences: list[Sentence], tmp_path: pathlib.Path
) -> None:
    for options in ({"encoder_learning_rate": 1e-5}, {"encoder_warmup": 0.2}, {"recompute_gradients": True}):
        (name,) = options
        with pytest.raises(InputError, match=f"{name} is .*, expected .* without fine_tune_encoder"):
            fit.train(SMALL, TrainConfig(**options), sentences, [], tmp_path / "none")
    assert not list(tmp_path.iterdir())


class KilledError(Exception):
    """Stands for a kill: nothing is cleaned up or saved."""


def test_a_run_killed_three_times_resumes_to_the_same_result(
    whole: Run,
    encoded: ModelConfig,
    sentences: list[Sentence],
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Within an epoch (as `whole` has left it), while layers are encoded, and at an epoch's end, unsaved."""
    metrics, folder = whole
    killed = folder.with_name(KILLED)
    encode, update = Encoder.encode, MovingAverage.on_train_batch_end
    left = [0]

    def count_down() -> None:
        left[0] -= 1
        if left[0] < 0:
            raise KilledError

    def dying_encode(self: Encoder, *arguments: Any) -> tf.Tensor:
        count_down()
        return encode(self, *arguments)

    def dying_update(self: MovingAverage, number: int, logs: Any = None) -> None:
        count_down()
        update(self, number, logs)

    def train() -> dict[str, Any]:
        return fit.train(encoded, QUICK, sentences[:16], sentences[16:], killed)

    monkeypatch.setenv("JNER_RE_CACHE", str(tmp_path / "cache"))
    capsys.readouterr()
    for owner, name, dying, count in (
        (Encoder, "encode", dying_encode, 9),
        (MovingAverage, "on_train_batch_end", dying_update, 4),  # all of the epoch
    ):
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, dying)
            left[0] = count
            with pytest.raises(KilledError):
                train()
    with caplog.at_level(logging.INFO, "jner_re"):
        assert train() == metrics
    assert "resuming after epoch 2" in caplog.messages
    lines = re.findall("^epoch (.)/4  loss .*  best ", capsys.readouterr().out, re.MULTILINE)
    assert lines == ["2", "3", "4"]
    assert tensorboard_steps(killed) == tensorboard_steps(folder)
    for one, other in zip(weights(folder), weights(killed), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_finished_run_is_not_trained_again(
    whole: Run,
    encoded: ModelConfig,
    sentences: list[Sentence],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    metrics, folder = whole

    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("fit was called")

    monkeypatch.setattr("tf_keras.Model.fit", never)
    with caplog.at_level(logging.INFO, "jner_re"):
        assert fit.train(encoded, QUICK, sentences[:16], sentences[16:], folder) == metrics
    assert not [message for message in caplog.messages if message.startswith("resuming")]


def test_a_damaged_checkpoint_is_one_clear_error(
    whole: Run, encoded: ModelConfig, sentences: list[Sentence], tmp_path: pathlib.Path
) -> None:
    _, folder = whole
    (data,) = (folder / "checkpoints").glob("last-*.data*")
    content = data.read_bytes()
    try:
        for damaged in (content[: len(content) // 2], b"\0" * len(content)):
            data.write_bytes(damaged)
            with pytest.raises(InputError, match="can't be read, so that the run can't go on"):
                fit.train(encoded, QUICK, sentences[:16], sentences[16:], folder)
    finally:
        data.write_bytes(content)


def test_a_directory_is_trained_in_once_at_a_time(
    whole: Run, encoded: ModelConfig, sentences: list[Sentence]
) -> None:
    _, folder = whole
    with (
        model_files.training_lock(folder),
        pytest.raises(InputError, match=r"1\]\*: another training writes"),
    ):
        fit.train(encoded, QUICK, sentences[:16], sentences[16:], folder)
    with model_files.training_lock(folder):
        pass


@pytest.mark.parametrize("state", [b"", b'model_checkpoint_path: "la', None])
def test_the_name_of_the_last_checkpoint_is_all_that_resuming_needs(
    state: bytes | None, whole: Run, tmp_path: pathlib.Path
) -> None:
    """Older versions left the state file of TensorFlow's manager beside it."""
    folder = tmp_path / "checkpoints"
    shutil.copytree(whole[1] / "checkpoints", folder)
    assert sorted(path.name for path in folder.iterdir()) == [
        "best.weights.h5", "last-4.data-00000-of-00001", "last-4.index",
    ]  # fmt: skip
    if state is not None:
        (folder / "checkpoint").write_bytes(state)
    assert checkpoints.newest(folder) == folder / "last-4"


def test_a_loss_that_is_not_finite_ends_the_run(
    encoded: ModelConfig, sentences: list[Sentence], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def diverging(model: keras.Model, *_: Any, callbacks: list[Any], **__: Any) -> None:
        for callback in callbacks:
            callback.set_model(model)
            callback.on_epoch_end(6, {"loss": np.nan})

    monkeypatch.setattr("tf_keras.Model.fit", diverging)
    with pytest.raises(InputError, match=r"epoch 7: loss is nan, .* a lower learning_rate .* clip_norm"):
        fit.train(encoded, QUICK, sentences[:16], sentences[16:], tmp_path / "model")
    assert not (tmp_path / "model" / "checkpoints").exists()


def test_the_seed_fixes_the_weights_at_the_start(whole: Run, encoded: ModelConfig) -> None:
    trained = model_dir.load(whole[1])

    def start(seed: int) -> list[np.ndarray]:
        keras.utils.set_random_seed(seed)
        return model_dir.build(encoded, trained.inputs, trained.vocabulary).training.get_weights()

    def same(one: list[np.ndarray], other: list[np.ndarray]) -> bool:
        return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))

    first = start(1)
    assert same(first, start(1))
    assert not same(first, start(2))


def test_a_directory_of_another_config_or_corpus_is_refused(
    whole: Run, encoded: ModelConfig, sentences: list[Sentence], tmp_path: pathlib.Path
) -> None:
    _, folder = whole
    train, dev = sentences[:16], sentences[16:]
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    with pytest.raises(InputError, match=r"config.json: rnn_size is 24, expected 25"):
        fit.train(dataclasses.replace(encoded, rnn_size=25), QUICK, train, dev, folder)
    with pytest.raises(InputError, match=r"config.json: epochs is 4, expected 2"):
        fit.train(encoded, dataclasses.replace(QUICK, epochs=2), train, dev, folder)
    with pytest.raises(InputError, match="have changed since this one was begun"):
        fit.train(encoded, QUICK, dev, train, folder)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"notes\.txt"):
        fit.train(encoded, QUICK, train, dev, tmp_path / "other")


def test_early_stopping_callbacks_and_types_that_only_dev_has(
    encoded: ModelConfig,
    sentences: list[Sentence],
    tmp_path: pathlib.Path,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    config = dataclasses.replace(QUICK, epochs=9, learning_rate=0.0, patience=2)  # never better than at first
    dev = [  # nothing of it can be found
        dataclasses.replace(sentences[0], entities=(), relations=()),
        dataclasses.replace(sentences[1], entities=(EntitySpan(0, 1, "Rare"),), relations=()),
    ]
    seen: list[float] = []
    record = keras.callbacks.LambdaCallback(on_epoch_end=lambda _, logs: seen.append(logs["val_average_f1"]))
    labels = LabelSet(
        ("Loc", "Org", "Other", "Peop"), ("Kill", "Live_In", "Located_In", "OrgBased_In", "Work_For")
    )
    with caplog.at_level(logging.WARNING, "jner_re"):
        metrics = fit.train(
            encoded,
            config,
            sentences[:4],
            dev,
            tmp_path / "model",
            label_set=labels,
            frozen=open_frozen(encoded),
            callbacks=[record],
        )
    assert [message for message in caplog.messages if "Rare" in message] == [
        "dev: not in the training sentences, so scored as missed: entity type 'Rare' (1)"
    ]
    assert (metrics["epochs"], metrics["best_epoch"]) == (3, 3)
    assert caplog.messages[-1].startswith("nothing of dev was found in any epoch yet")
    assert capsys.readouterr().out.splitlines()[3:] == ["stopped after epoch 3 of 9"]
    assert seen == [logs["val_average_f1"] for logs in metrics["history"]]
    rare = metrics["dev"]["ner"]["strict"]["per_type"]["Rare"]
    assert (rare["tp"], rare["fp"], rare["fn"]) == (0, 0, 1)
    assert model_dir.load(tmp_path / "model").vocabulary.label_set == labels
    assert all(np.isfinite(list(logs.values())).all() for logs in metrics["history"])
    assert fit.train(encoded, config, sentences[:4], dev, tmp_path / "model", label_set=labels) == metrics
