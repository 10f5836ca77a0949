"""Writes a model to the Hugging Face hub, from which `jner_re.load("owner/name")` opens it."""

from __future__ import annotations

import fnmatch
import json
import logging
import pathlib

from jner_re import config as configs
from jner_re import files
from jner_re.assets import hub
from jner_re.assets.hub import HubId
from jner_re.config_paths import public_name, public_names, with_absolute_paths
from jner_re.errors import InputError
from jner_re.extraction import client
from jner_re.models import hub_model, model_files

_LOGGER = logging.getLogger(__name__)


_README = "README.md"
# What uploads write, to be deleted where another model has no such file.
_OURS = (
    model_files.CONFIG,
    model_files.VOCABULARY,
    model_files.THRESHOLD,
    model_files.MEMBERS,
    model_files.METRICS,
    "checkpoints/*",
    "saved_model.pb",
    "fingerprint.pb",
    "SIGNATURES.md",
    "variables/*",
    "assets/*",
    "assets.extra/*",
)
_MINIMAL_CARD = """---
library_name: jner_re
pipeline_tag: token-classification
tags:
- token-classification
- relation-extraction
---

# {name}

Finds entities and relations in text:

```python
import jner_re

document = jner_re.load("{repository}")("Ada Berg, who lives in Oslo, works for Statkraft.")
```
"""


def contents(model: pathlib.Path) -> dict[str, pathlib.Path]:
    """What is to be uploaded, by its name in the repository.

    Of a model directory that is what opening it needs, its metrics and its card: neither the state of the
    optimizer, nor logs, nor texts that it was trained on. Of an exported folder it is its newest version.

    Args:
      model: a model directory, an exported folder, or a version of it.

    Raises:
      InputError: it is none of these.
    """
    if not model.exists():
        raise InputError(f"{model}: is not there, expected a model directory or an exported folder")
    folder = client.local_folder(model)
    names = [str(path.relative_to(folder)) for path in sorted(folder.rglob("*")) if path.is_file()]
    if not client.is_exported(folder):
        if not model_files.weights(folder):
            raise InputError(f"{folder}: no {model_files.WEIGHTS}, expected a trained model")
        names = hub_model.of_directory(names)
        _warn_of_local_files(folder)
    found = {name: folder / name for name in names if name != model_files.CARD and not name.startswith(".")}
    cards = [place / name for name in (model_files.CARD, _README) for place in (folder, model)]
    if card := next((path for path in cards if path.is_file()), None):
        found[_README] = card
    return found


def upload(model: pathlib.Path, repository: str, revision: str = "main", private: bool = False) -> str:
    """Writes a model as one commit; the repository is made if there is none.

    Files of an older model in the repository that this one hasn't are deleted, others are kept. The card is
    that of the folder, else what the repository has, else a minimal one.

    Args:
      model: see `contents`.
      repository: "owner/name".
      revision: the branch, made if need be, or refs/pr/N.
      private: whether the repository is only for those who have access.

    Returns:
      The commit's URL.

    Raises:
      InputError: it is no model, there is no token, the hub can't be reached or refuses, or `private` is
        asked for and the repository is there and public.
    """
    import huggingface_hub

    id = hub.parse(repository)
    if id is None or id.repository != repository:
        raise InputError(f"repository is {repository!r}, expected owner/name")
    id = HubId(repository, revision)
    if id.is_commit:
        raise InputError(f"revision is {revision}, a commit, expected a branch or refs/pr/N")
    found = contents(model)
    if not huggingface_hub.get_token():
        raise InputError(
            f"{repository}: no token of the hub, expected one that can write there: {hub.login()}"
        )
    api = huggingface_hub.HfApi(endpoint=hub.endpoint())
    try:
        hub.asked(lambda: api.create_repo(repository, private=private or None, exist_ok=True), id)
        is_public = not hub.asked(lambda: api.model_info(repository, timeout=hub.SECONDS), id).private
        if private and is_public:
            raise InputError("the repository is there already and public, expected a private or a new one")
        if revision != "main" and not revision.startswith("refs/"):
            hub.asked(lambda: api.create_branch(repository, branch=revision, exist_ok=True), id)
        snapshot = hub.ask(id)
        there = snapshot.files
        operations: list[huggingface_hub.CommitOperationAdd | huggingface_hub.CommitOperationDelete] = [
            huggingface_hub.CommitOperationAdd(name, _content(path)) for name, path in found.items()
        ]
        if _README not in found and _README not in there:
            card = _MINIMAL_CARD.format(name=repository.split("/")[1], repository=repository)
            operations.append(huggingface_hub.CommitOperationAdd(_README, card.encode()))
        is_model = "saved_model.pb" in there or model_files.VOCABULARY in there
        ours = {name for pattern in _OURS for name in fnmatch.filter(there, pattern) if is_model}
        operations += [huggingface_hub.CommitOperationDelete(name) for name in sorted(ours - found.keys())]
        message = f"jner_re: {model.absolute().name}"
        commit = hub.asked(
            lambda: api.create_commit(
                repository,
                operations,
                commit_message=message,
                revision=revision,
                parent_commit=snapshot.commit,
            ),
            id,
        )
    except InputError as error:
        raise InputError(f"{id}: can't be uploaded: {error}") from None
    return str(commit.commit_url)


def _content(path: pathlib.Path) -> str | bytes:
    """A file; of config.json the content, with the names alone of this machine's files and folders."""
    if path.name != model_files.CONFIG:
        return str(path)
    record = files.read_json(path)
    model = record["model"]
    model["encoder"], model["glove"] = ",".join(public_names(model["encoder"])), public_name(model["glove"])
    return (json.dumps(record, indent=2) + "\n").encode()


def _warn_of_local_files(model_dir: pathlib.Path) -> None:
    """Says which files of this machine the model needs: who fetches it hasn't them."""
    config, _ = configs.load(model_dir / model_files.CONFIG)
    config = with_absolute_paths(config)
    for name in (*config.encoder.split(","), config.glove):
        if pathlib.Path(name).is_absolute():
            _LOGGER.warning(
                f"{model_dir}: needs {name}, which isn't uploaded: an exported folder needs nothing else"
            )
