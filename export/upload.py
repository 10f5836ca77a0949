"""Uploads a model to the Hugging Face hub, with its card.

A model directory (what opening it needs, and its metrics) or the newest version of an exported folder, from
which others then open it by its name:

  %s --model=runs/mine --repository=owner/name
  python -c 'import jner_re; print(jner_re.load("owner/name")("Ann lives in Rome."))'

The token is that of HF_TOKEN, or of `hf auth login`.
"""

from __future__ import annotations

from absl import flags

from jner_re import files, program
from jner_re.serving import hub_upload

_MODEL = flags.DEFINE_string(
    "model",
    None,
    "model directory, exported folder, or a version of it; card.md in it is the card",
    required=True,
)
_REPOSITORY = flags.DEFINE_string("repository", None, "owner/name; made if there is none", required=True)
_PRIVATE = flags.DEFINE_boolean("private", False, "only for those who have access to the repository")
_REVISION = flags.DEFINE_string("revision", "main", "branch to write to, made if there is none, or refs/pr/N")


def main() -> None:
    """Uploads and says where the commit is."""
    model = files.user_path(_MODEL.value)
    print(hub_upload.upload(model, _REPOSITORY.value, _REVISION.value, _PRIVATE.value))


if __name__ == "__main__":
    program.run(main)
