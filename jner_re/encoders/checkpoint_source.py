"""Where checkpoints come from: the catalogue, a folder, or the Hugging Face hub."""

from __future__ import annotations

import pathlib

from jner_re import extras, files
from jner_re.assets import catalogue
from jner_re.encoders.checkpoint_config import CONFIG
from jner_re.encoders.checkpoint_weights import WEIGHTS
from jner_re.errors import InputError

_FILES = (CONFIG, "vocab.txt", WEIGHTS, "tokenizer_config.json", "special_tokens_map.json")


def catalogue_names() -> tuple[str, ...]:
    """The names of the catalogue that are checkpoints."""
    return tuple(entry.name for entry in catalogue.ENCODERS)


def fetch(name: str) -> pathlib.Path:
    """The folder of a checkpoint of the catalogue.

    Raises:
      InputError: if there is none of that name, or it can't be fetched.
    """
    if name not in catalogue_names():
        raise InputError(f"encoder {name!r} is not known, expected one of {', '.join(catalogue_names())}")
    return catalogue.fetch(name)


def find(folder_or_id: str) -> pathlib.Path:
    """The folder of a checkpoint.

    Args:
      folder_or_id: a folder, or the id of a model of the hub ("owner/name"), whose files are then fetched
        into huggingface_hub's own cache.

    Raises:
      InputError: if it is neither, huggingface_hub isn't installed, or the hub can't be reached.
    """
    folder = files.user_path(folder_or_id)
    if folder.is_dir():
        return folder
    try:
        import huggingface_hub
        from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError
    except ImportError:
        raise InputError(
            f"checkpoint is {folder_or_id!r}, which is not a folder; to get models from the Hugging Face "
            f"hub, {extras.install('encoders')}"
        ) from None
    try:
        return pathlib.Path(huggingface_hub.snapshot_download(folder_or_id, allow_patterns=list(_FILES)))
    except HFValidationError:
        raise InputError(
            f"checkpoint is {folder_or_id!r}, expected a folder or an id of the Hugging Face hub"
        ) from None
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"checkpoint {folder_or_id!r} can't be fetched from the hub: {reason}") from None
