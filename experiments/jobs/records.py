"""The record of a finished run: one small JSON file that lives in the repository.

Everything but `run` (times, machine, versions, commit) is the same when a run is made again with the same
number of threads.
"""

from __future__ import annotations

import dataclasses
import json
import pathlib
import re
from collections.abc import Iterator, Sequence
from typing import Any

from jner_re import files
from jner_re.config import ModelConfig, TrainConfig
from jner_re.constraints import NONE, Constraints
from jner_re.corpora.checksum import corpus_checksum
from jner_re.errors import InputError
from jner_re.schema import Sentence

from . import protocols
from .protocols import Protocol

SEARCH = "search"  # the setting of a search's trials
PART = "part-"  # begins the names of runs on parts of the corpus, which each seed draws anew
TABLES = ("results.json",)  # the JSON beside the records that is none


@dataclasses.dataclass(frozen=True)
class Record:
    """A run and its scores.

    Attributes:
      name: of the run in its folder, such as "seed-3"; the file is NAME.json.
      setting: the runs of one setting are averaged, e.g. "single model".
      protocol: what was trained on and what chose what.
      corpus: its name, and of each split the number of sentences and their checksum.
      config: the model's and the training's, as in a model directory's config.json.
      members: the names of the runs an ensemble is made of; empty for others.
      fingerprints: of the encoder and the word vectors, as in the model's vocabulary.
      epochs: that the evaluated weights were trained for.
      threshold: theta_r of the evaluation.
      threshold_source: what chose it.
      parameters: the number of trained weights.
      dev: the evaluation (`strict.evaluate`) on dev of the training that chose on it, or None.
      test: the evaluation on test, or None for runs that may not see it.
      history: the scores on dev by epoch, where they are what the run is for; else empty.
      run: when, how long, on what (`attempts.finished`): what another run of the same differs in.
    """

    name: str
    setting: str
    protocol: Protocol
    corpus: dict[str, Any]
    config: dict[str, Any]
    members: tuple[str, ...]
    fingerprints: dict[str, str]
    epochs: int
    threshold: float
    threshold_source: str
    parameters: int
    dev: dict[str, Any] | None
    test: dict[str, Any] | None
    history: tuple[dict[str, float | None], ...]
    run: dict[str, Any]

    def identity(self) -> dict[str, Any]:
        """What tells it from other runs, before any of it is run."""
        return identity(self.setting, self.protocol, self.corpus, self.config, self.members)


def identity(
    setting: str,
    protocol: Protocol,
    corpus: dict[str, Any],
    config: dict[str, Any],
    members: tuple[str, ...] = (),
) -> dict[str, Any]:
    """`Record.identity` of a record that is still to be made."""
    return {
        "setting": setting,
        "protocol": protocol,
        "corpus": corpus,
        "config": config,
        "members": members,
    }


def corpus_facts(name: str, constraints: Constraints = NONE, **splits: Sequence[Sentence]) -> dict[str, Any]:
    """A corpus's name, of each split the number of sentences and their checksum, and what is declared."""
    checked = {
        split: {"sentences": len(sentences), "sha256": corpus_checksum(sentences)}
        for split, sentences in splits.items()
    }
    declared = {"constraints": constraints.to_json()} if constraints else {}
    return {"name": name, **checked, **declared}


def config_facts(model: ModelConfig, train: TrainConfig) -> dict[str, Any]:
    """Both configs, as in a model directory's config.json."""
    return {"model": dataclasses.asdict(model), "train": dataclasses.asdict(train)}


def path_of(folder: pathlib.Path, name: str) -> pathlib.Path:
    """Where the record is."""
    return folder / f"{name}.json"


def write(folder: pathlib.Path, record: Record) -> None:
    """Writes NAME.json."""
    content = json.dumps(dataclasses.asdict(record), indent=1, ensure_ascii=False, allow_nan=False)
    files.write_text(path_of(folder, record.name), content + "\n")


def read(path: pathlib.Path) -> Record:
    """Reads what `write` wrote.

    Raises:
      InputError: it isn't a record.
    """
    content = files.read_json(path)
    fields = {field.name for field in dataclasses.fields(Record)}
    found = set(content) if isinstance(content, dict) else set()
    if found != fields:
        missing, unknown = (", ".join(sorted(names)) or "none" for names in (fields - found, found - fields))
        raise InputError(
            f"{path}: expected the record of a run: fields missing: {missing}; unknown: {unknown}"
        )
    if content["name"] != path.stem:
        raise InputError(f"{path}: name is {content['name']!r}, expected {path.stem!r} as the file has")
    try:
        _check_shapes(content)
        protocol = protocols.from_json(content["protocol"])
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        problem = f"{type(error).__name__}: {error}"
        raise InputError(
            f"{path}: is damaged, {problem}; expected the record of a run: remove it to run that again"
        ) from None
    lists = {name: tuple(content[name]) for name in ("members", "history")}
    return Record(**{**content, **lists, "protocol": protocol})


def _check_shapes(content: dict[str, Any]) -> None:
    """Takes out what tables are made of; raises what Python does where it isn't there."""
    for name in ("setting", "threshold_source"):
        content[name].strip()
    float(content["threshold"]), int(content["epochs"]), int(content["parameters"])
    content["corpus"]["name"].strip()
    content["corpus"]["dev"]["sha256"].strip()
    content["config"]["model"].keys(), int(content["config"]["train"]["seed"])
    float(content["run"]["seconds"])
    for attempt in content["run"]["attempts"]:
        attempt["commit"].strip()
    for report in filter(None, (content["dev"], content["test"])):
        for task in ("ner", "re"):
            scores = report[task]["strict"]
            for prf in (scores["micro"], scores["macro"], *scores["per_type"].values()):
                float(prf["precision"]), float(prf["recall"]), float(prf["f1"])
    for logs in content["history"]:
        logs["val_average_f1"]
    for member in content["members"]:
        member.strip()


def read_folder(folder: pathlib.Path) -> list[Record]:
    """All records of a folder, fold-2 before fold-10, ensembles last; none if there is no such folder.

    Raises:
      InputError: a JSON file isn't one, or the runs of a setting differ in more than seed or fold.
    """
    paths = [path for path in folder.glob("*.json") if path.name not in TABLES]
    found = [read(path) for path in sorted(paths, key=_natural)]
    first: dict[str, Record] = {}
    for record in found:
        other = first.setdefault(record.setting, record)
        if differences := list(_differences("", _alike(other), _alike(record))):
            field, expected, value = differences[0]
            raise InputError(
                f"{path_of(folder, record.name)}: {field} is {value!r}, expected {expected!r} as of "
                f"{other.name}: runs of one setting, which are averaged, differ in their seed or fold alone"
            )
    return sorted(found, key=lambda record: bool(record.members))


def _alike(record: Record) -> dict[str, Any]:
    """What the runs of a setting agree in; a search's trials, which are not averaged, in the protocol."""
    if record.history:
        return {"protocol": record.protocol.key}
    is_drawn = record.name.startswith(("fold-", PART))
    corpus = {name: record.corpus[name] for name in ("name", "dev")} if is_drawn else record.corpus
    config = _comparable(record.config)
    del config["train"]["seed"]
    return {
        "protocol": record.protocol.key,
        "corpus": corpus,
        "config": config,
        "fingerprints": record.fingerprints,
    }


def _comparable(config: dict[str, Any]) -> dict[str, Any]:
    """The config with the options that are newer than the record, and without what changes no result."""
    model = {**dataclasses.asdict(ModelConfig()), **config["model"]}
    train = {**dataclasses.asdict(TrainConfig()), **config["train"]}
    del train["jit_compile"]
    return {"model": model, "train": train}


def is_finished(folder: pathlib.Path, name: str, wanted: dict[str, Any]) -> bool:
    """Whether the run's record is there.

    Raises:
      InputError: it is that of another run, whose identity differs from the one that is wanted.
    """
    path = path_of(folder, name)
    if not path.exists():
        return False
    wanted, found = (
        {**one, "protocol": one["protocol"].key, "config": _comparable(one["config"])}
        for one in (wanted, read(path).identity())
    )
    if differences := list(_differences("", wanted, found)):
        field, expected, value = differences[0]
        raise InputError(
            f"{path}: {field} is {value!r}, expected {expected!r}: it is the record of another run; choose "
            "another --output_dir, or remove it and the run's folder in --runs_dir"
        )
    return True


def check_company(folder: pathlib.Path, wanted: dict[str, Any]) -> None:
    """Raises InputError if the folder has records of another corpus, or of a search beside none of one.

    Args:
      folder: of records.
      wanted: identity of one that is to be added.
    """
    for other in read_folder(folder):
        for field in ("name", "dev"):
            if other.corpus[field] != wanted["corpus"][field]:
                raise InputError(
                    f"{path_of(folder, other.name)}: corpus.{field} is {other.corpus[field]!r}, expected "
                    f"{wanted['corpus'][field]!r}: choose another --output_dir for another program or corpus"
                )
        settings = (other.setting, wanted["setting"])
        if SEARCH in settings and settings != (SEARCH, SEARCH):
            raise InputError(
                f"{path_of(folder, other.name)}: is a run of {settings[0]!r}, expected {settings[1]!r}: "
                "choose another --output_dir for a search"
            )


def _differences(prefix: str, wanted: Any, found: Any) -> Iterator[tuple[str, Any, Any]]:
    """(dotted field, wanted, found) of every leaf that differs."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key in [*wanted, *(key for key in found if key not in wanted)]:
            yield from _differences(f"{prefix}.{key}" if prefix else key, wanted.get(key), found.get(key))
    elif wanted != found:
        yield prefix, wanted, found


def _natural(path: pathlib.Path) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", path.stem)]
