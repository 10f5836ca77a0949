"""`python -m export.saved_model`, and what it leaves."""

from __future__ import annotations

import json
import pathlib
import re
import subprocess
import sys

import pytest
import tensorflow as tf
import untrained
import yaml
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
from tensorflow_serving.apis import prediction_log_pb2
from tensorflow_serving.config import model_server_config_pb2

from jner_re.corpora import data_dir
from jner_re.errors import InputError
from jner_re.extraction import about
from jner_re.extraction.in_process import SavedModel
from jner_re.extraction.rows import BATCH_SIZE
from jner_re.serving import saved_model, serving_files, warmup

_ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(*flags: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "export.saved_model", *flags]
    return subprocess.run(command, cwd=_ROOT, capture_output=True, text=True)


@pytest.fixture(scope="module")
def written(
    model_folder: pathlib.Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[pathlib.Path, subprocess.CompletedProcess[str]]:
    """A second version, of a pruned vocabulary, in a folder with a config that its user has changed.

    Its name has signs of patterns, which TensorFlow would take it for.
    """
    folder = tmp_path_factory.mktemp("exports") / "exports [1]*"
    (folder / "1").mkdir(parents=True)
    (folder / "batching.config").write_text("mine")
    words = folder / "words.txt"
    words.write_text("Ann lives somewhere .")
    flags = ("--min_score=0.01", "--model_name=news", f"--prune_vocabulary={words}")
    return folder, run(f"--model={model_folder}", f"--export_dir={folder}", *flags)


@pytest.fixture(scope="module")
def model(written: tuple[pathlib.Path, subprocess.CompletedProcess[str]]) -> SavedModel:
    return SavedModel(written[0] / "2")


def test_the_program_writes_the_next_version_and_reports(
    written: tuple[pathlib.Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, result = written
    assert result.returncode == 0, result.stderr
    assert re.fullmatch(rf"{re.escape(str(folder))}/2: \d+\.\d MB\n", result.stdout)
    assert "word vectors: 2 of 4 words kept, 0.0 of 0.0 MB\n" in result.stderr
    assert {path.name for path in folder.iterdir()} == {"1", "2", "words.txt", *serving_files.CONFIGS}
    assert (folder / "batching.config").read_text() == "mine"
    assert {path.name for path in (folder / "2").iterdir()} >= {
        "saved_model.pb", "variables", "assets.extra", "SIGNATURES.md"
    }  # fmt: skip


def test_the_page_shows_what_the_model_answers(
    written: tuple[pathlib.Path, subprocess.CompletedProcess[str]], model: SavedModel
) -> None:
    page = (written[0] / "2" / "SIGNATURES.md").read_text()
    assert "{{" not in page and "{%" not in page
    assert "tensorflow/serving:2.15.1" in page and "models/news:predict" in page
    requests = [json.loads(text) for text in re.findall(r'^    (\{.*"instances".*\})$', page, re.MULTILINE)]
    answers = re.findall(r'^    \{"predictions".*?^    \}\]\}$', page, re.MULTILINE | re.DOTALL)
    responses = [json.loads(text) for text in answers]
    assert [request.get("signature_name") for request in requests] == [None, "tokens"]
    assert requests[0]["instances"] == [untrained.EXAMPLE]  # the model's own, not the news of everyone
    assert requests[1]["instances"][0][:4] == ["Ann", "'s", "friend", "Bob"]
    examples = [untrained.EXAMPLE, "Bob saw Ann."]
    assert about.read(written[0] / "2") == {"examples": examples, "min_score": 0.01}
    for request, response, ask in zip(requests, responses, (model.texts, model.sentences), strict=True):
        (row,), (shown,) = ask(request["instances"], None), response["predictions"]
        assert shown.keys() == row.keys() and shown["token"]
        for name, values in row.items():
            assert shown[name] == (pytest.approx(values, rel=1e-6) if name.endswith("score") else values)


def test_warm_up_requests_are_answered(
    written: tuple[pathlib.Path, subprocess.CompletedProcess[str]], model: SavedModel
) -> None:
    signatures = {"serving_default": ("text", model.texts), "tokens": ("tokens", model.sentences)}
    sizes = []
    for record in tf.data.TFRecordDataset(str(written[0] / "2" / warmup.FILE)).as_numpy_iterator():
        request = prediction_log_pb2.PredictionLog.FromString(record).predict_log.request
        ((name, value),) = request.inputs.items()
        values = tf.make_ndarray(value).tolist()
        expected_name, ask = signatures[request.model_spec.signature_name]
        assert (request.model_spec.name, name) == ("news", expected_name)
        assert len(ask(values, None)) == len(values)
        sizes.append((request.model_spec.signature_name, len(values)))
    full = BATCH_SIZE
    assert sizes == [("serving_default", 1), ("serving_default", full), ("tokens", 1), ("tokens", full)]


def test_examples_are_the_models_or_those_of_a_file(
    tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "mine.txt").write_text("Früher.\n\n  Then. \r\n", encoding="utf-8")
    assert serving_files.examples(tmp_path, str(tmp_path / "mine.txt"), "news") == ["Früher.", "Then."]
    assert serving_files.examples(tmp_path, "", "news") == [] == caplog.records
    assert serving_files.examples(tmp_path, None, "news") == []  # of a training that kept none
    assert "examples.txt: not there, so that no examples are shown; --examples=FILE" in caplog.text
    (tmp_path / "examples.txt").write_text("Its own.\n")
    assert serving_files.examples(tmp_path, None, "news") == ["Its own."]
    (tmp_path / "mine.txt").write_text(" \n")
    with pytest.raises(InputError, match=r"mine\.txt: is empty, expected a text a line"):
        serving_files.examples(tmp_path, str(tmp_path / "mine.txt"), "news")


def test_an_example_has_as_many_tokens_as_the_model_takes(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "mine.txt"
    path.write_text(f"Früher.\n\n{'a-b ' * 2000}\n", encoding="utf-8")
    assert len(serving_files.examples(tmp_path, str(path), "news")) == 2
    message = r"mine\.txt: line 3 \('a-b a-b .* …'\): 6000 tokens, expected at most 2000$"
    with pytest.raises(InputError, match=message):
        serving_files.examples(tmp_path, str(path), "fine")


def message(name: str, fields: dict[str, tuple[int, str]]) -> type:
    """A message of protos that tensorflow-serving-api leaves out: fields by name, number and type."""
    file = descriptor_pb2.FileDescriptorProto(name=f"{name}.proto", package="serving_test", syntax="proto3")
    for wrapper, kind in (("Int64", "int64"), ("Text", "string")):
        wrapped = file.message_type.add(name=wrapper)
        wrapped.field.add(name="value", number=1, label=1, type=_TYPES[kind])
    described = file.message_type.add(name=name)
    for field, (number, kind) in fields.items():
        entry = described.field.add(name=field, number=number, label=1, type=_TYPES.get(kind, 11))
        if kind not in _TYPES:
            entry.type_name = f".serving_test.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"serving_test.{name}"))


_TYPES = {"int64": 3, "bool": 8, "string": 9}


def test_the_configs_are_what_tensorflow_serving_reads() -> None:
    models = model_server_config_pb2.ModelServerConfig()
    text_format.Parse(serving_files.config("models.config", "news"), models)
    (model,) = models.model_config_list.config
    assert (model.name, model.base_path, model.model_platform) == ("news", "/models/news", "tensorflow")

    # tensorflow_serving/servables/tensorflow/session_bundle_config.proto, BatchingParameters
    names = ("max_batch_size", "batch_timeout_micros", "max_enqueued_batches", "num_batch_threads")
    fields = {name: (number, "Int64") for number, name in enumerate(names, start=1)}
    fields["pad_variable_length_inputs"] = (7, "bool")
    batching = message("BatchingParameters", fields)()
    text_format.Parse(serving_files.config("batching.config", "news"), batching)
    assert batching.max_batch_size.value == BATCH_SIZE and not batching.pad_variable_length_inputs

    # tensorflow_serving/config/monitoring_config.proto, PrometheusConfig in MonitoringConfig
    prometheus = message("PrometheusConfig", {"enable": (1, "bool"), "path": (2, "string")})()
    text = serving_files.config("monitoring.config", "news")
    inner = re.search(r"prometheus_config \{(.*)\}", text, re.DOTALL)
    assert inner is not None
    text_format.Parse(inner[1], prometheus)
    assert prometheus.enable and prometheus.path.startswith("/")

    compose = yaml.safe_load(serving_files.config("docker-compose.yml", "news"))
    service = compose["services"]["news"]
    assert service["image"] == "tensorflow/serving:2.15.1" and ".:/models/news:ro" in service["volumes"]
    for flag in service["command"]:
        name, _, path = flag.partition("=")
        assert not path or path.removeprefix("/models/news/") in serving_files.CONFIGS, name


@pytest.mark.parametrize(
    ("name", "resource"),
    [
        ("news", "news"),
        ("My_News.2", "my-news-2"),
        ("_", "model"),
        ("a" * 70, "a" * 63),
        ("4news", "m-4news"),
        ("4" * 60 + "_a", "m-" + "4" * 60),
    ],
)
def test_the_manifest_for_kubernetes(name: str, resource: str) -> None:
    deployment, service = yaml.safe_load_all(serving_files.config("kubernetes.yml", name))
    assert (deployment["kind"], service["kind"]) == ("Deployment", "Service")
    assert deployment["metadata"]["name"] == service["metadata"]["name"] == resource
    pod = deployment["spec"]["template"]
    assert (
        pod["metadata"]["labels"]
        == deployment["spec"]["selector"]["matchLabels"]
        == service["spec"]["selector"]
    )
    (container,) = pod["spec"]["containers"]
    assert container["image"] == "tensorflow/serving:2.15.1"
    ports = {port["name"] for port in container["ports"]}
    assert ports == {port["targetPort"] for port in service["spec"]["ports"]}
    for probe in ("startupProbe", "readinessProbe"):
        assert container[probe]["httpGet"] == {"path": f"/v1/models/{name}", "port": "rest"}
    assert container["livenessProbe"]["tcpSocket"]["port"] in ports
    (mount,), (volume,) = container["volumeMounts"], pod["spec"]["volumes"]
    assert (mount["name"], mount["mountPath"]) == (volume["name"], f"/models/{name}")
    for flag in container["args"]:
        _, _, path = flag.partition("=/models/")
        assert not path or path.removeprefix(f"{name}/") in serving_files.CONFIGS


def test_a_failed_export_leaves_nothing(tmp_path: pathlib.Path) -> None:
    target = tmp_path / "deep" / "exports"
    with pytest.raises(RuntimeError, match="late"), saved_model.new_version(target) as new:
        new.folder.mkdir()
        (new.folder / "saved_model.pb").write_text("half")
        (new.beside / "models.config").write_text("half")
        assert not [path for path in target.iterdir() if path.name.isdecimal()]
        raise RuntimeError("late")
    assert not list(tmp_path.iterdir())
    # Without a version to rename, the last step fails: the config that was moved already goes, too.
    with pytest.raises(InputError, match="can't be written"), saved_model.new_version(target) as new:
        (new.beside / "models.config").write_text("whole")
    assert not list(tmp_path.iterdir())
    # An error of the one who writes is not the folder's.
    with pytest.raises(FileNotFoundError), saved_model.new_version(target) as new:
        (tmp_path / "nothing").read_text()
    assert not list(tmp_path.iterdir())


class Echo(tf.Module):
    """What takes the place of an extractor where nothing is asked of it."""

    def from_text(self, text: tf.Tensor, score: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"token": text}

    def from_tokens(self, tokens: tf.Tensor, score: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"token": tokens}


def test_a_folder_that_cannot_be_written(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(InputError, match=r"file/exports: can't be written: Not a directory"),
        saved_model.new_version(tmp_path / "file" / "exports"),
    ):
        pass
    with pytest.raises(InputError, match=r"file/version: can't be written: "):
        saved_model.write(Echo(), tmp_path / "file" / "version", 0.5)
    for taken, cause in (("assets.extra", "File exists"), (warmup.FILE, ".*Is a directory")):
        version = tmp_path / cause
        (version / taken).parent.mkdir(parents=True)
        (version / taken).touch() if taken == "assets.extra" else (version / taken).mkdir()
        with pytest.raises(InputError, match=rf"{warmup.FILE}: can't be written: {cause}"):
            warmup.write(version, "news", ["Ann"], [["Ann"]])


def test_files_that_their_user_has_changed_are_kept(
    tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    for content in ("first", "second"):
        with saved_model.new_version(tmp_path) as new:
            new.folder.mkdir()
            (new.folder / "saved_model.pb").write_text(content)
            (new.beside / "models.config").write_text(content)
            (new.beside / "batching.config").write_text("same")
    assert new.path == tmp_path / "2"
    assert (tmp_path / "models.config").read_text() == "first"
    assert [record.message.partition(" is kept; ")[0] for record in caplog.records] == [
        str(tmp_path / "models.config")
    ]


def test_exports_at_the_same_time_make_the_same_folders(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "exports"
    exists = pathlib.Path.exists

    def made_meanwhile(path: pathlib.Path) -> bool:
        there = exists(path)
        if path == folder:
            folder.mkdir(exist_ok=True)
        return there

    monkeypatch.setattr(pathlib.Path, "exists", made_meanwhile)
    with saved_model.new_version(folder) as new:
        new.folder.mkdir()
        (new.folder / "saved_model.pb").touch()
    assert new.path == folder / "1"


def test_exports_at_the_same_time_get_numbers_of_their_own(tmp_path: pathlib.Path) -> None:
    with saved_model.new_version(tmp_path / "new") as first:
        first.folder.mkdir()
        (first.folder / "saved_model.pb").write_text("first")
        with saved_model.new_version(tmp_path / "new") as second:
            second.folder.mkdir()
            (second.folder / "saved_model.pb").write_text("second")
    assert (second.path, first.path) == (tmp_path / "new" / "1", tmp_path / "new" / "2")
    assert (tmp_path / "new" / "1" / "saved_model.pb").read_text() == "second"
    assert (tmp_path / "new" / "2" / "saved_model.pb").read_text() == "first"
    assert {path.name for path in (tmp_path / "new").iterdir()} == {"1", "2"}


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--model=/nowhere",), "error: /nowhere/config.json: "),
        (("--model_name=a/b",), "error: --model_name is 'a/b', expected a letter"),
        (("--model_name=..",), "error: --model_name is '..', expected a letter"),
        (("--examples=~/no.txt",), f"error: {pathlib.Path.home()}/no.txt: can't be read"),
        (("--prune_vocabulary=~/no.json",), f"error: {pathlib.Path.home()}/no.json: no such file"),
        (("--prune_vocabulary=LICENSE.txt",), "error: LICENSE.txt: can't be read"),
    ],
)
def test_bad_flags(
    flags: tuple[str, ...], message: str, model_folder: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    result = run(f"--model={model_folder}", f"--export_dir={tmp_path / 'exports'}", *flags)
    assert result.returncode == 1 and result.stdout == ""
    assert result.stderr.startswith(message) and result.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_words_without_vectors_are_no_vocabulary(tmp_path: pathlib.Path, model_folder: pathlib.Path) -> None:
    (tmp_path / "words.txt").write_text("Oslo 1905")
    result = run(
        f"--model={model_folder}",
        f"--export_dir={tmp_path / 'exports'}",
        f"--prune_vocabulary={tmp_path / 'words.txt'}",
    )
    assert result.returncode == 1
    assert result.stderr == "error: none of the 2 words to keep has a word vector, expected some\n"


def test_the_models_sentences_are_enough_for_a_full_batch() -> None:
    assert len(data_dir.read_sample("test")) >= BATCH_SIZE
