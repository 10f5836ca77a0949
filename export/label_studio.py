"""Stands behind Label Studio as its model: predicts for its tasks, and trains on what is annotated there.

  %s --model=runs/mine --training=--preset=conll04_fast

In Label Studio, connect http://127.0.0.1:9090 as a model (Settings, Model). Its tasks then come with
entities, relations and scores; "Start training" fetches the annotated tasks, trains on nine tenths of them,
evaluates on the rest, and lets the new model answer if it is not worse there. http://127.0.0.1:9090/health
says how far it is. The labelling configuration needs one Text and one Labels for it, of the model's types;
Relations if there are any.

--model is a model directory; without one nothing is predicted until the first training. For training, the
environment has the API token of a user, LABEL_STUDIO_API_KEY. A model that was trained answers after a
restart, too: --runs_dir has all of them.
"""

from __future__ import annotations

import logging
import os
import shlex
import subprocess
import sys

from absl import flags

from jner_re import extras, files, program
from jner_re.errors import InputError

from . import listening

_MODEL = flags.DEFINE_string("model", None, "model directory to begin with")
_RUNS_DIR = flags.DEFINE_string("runs_dir", "runs/label-studio", "folder of the trainings")
_TRAINING = flags.DEFINE_string("training", "--preset=conll04_fast", "flags of train")
_URL = flags.DEFINE_string("label_studio_url", "http://localhost:8080", "where Label Studio is")
_PORT = flags.DEFINE_integer("port", 9090, "0 for a free one", lower_bound=0, upper_bound=65535)
_HOST = flags.DEFINE_string("host", "127.0.0.1", "address to listen on; 0.0.0.0 for all of this computer's")
_THREADS = flags.DEFINE_integer("threads", 0, "threads of TensorFlow; 0 for one a core", lower_bound=0)


def main() -> None:
    """Loads, listens, answers."""
    try:
        import prometheus_client  # noqa: F401
        import starlette  # noqa: F401
        import uvicorn
    except ImportError as error:
        raise extras.missing(error.name, "serving") from None
    if not _URL.value.startswith(("http://", "https://")):
        raise InputError(f"--label_studio_url is {_URL.value!r}, expected http://… or https://…")
    training_flags = _training_flags()
    listener = listening.listener(_HOST.value, _PORT.value, _PORT.name)
    program.import_tensorflow_quietly(_THREADS.value)
    from jner_re.serving.label_studio import app, source
    from jner_re.serving.label_studio.models import Models
    from jner_re.serving.label_studio.training import Trainings

    logging.getLogger("jner_re").setLevel(logging.INFO)
    runs_dir = files.user_path(_RUNS_DIR.value)
    models = Models(files.user_path(_MODEL.value) if _MODEL.value else None, runs_dir)
    trainings = Trainings(models, runs_dir, training_flags)
    token = os.environ.get(source.TOKEN_VARIABLE, "")
    backend = app.Backend(models, trainings, _URL.value, token)
    config = uvicorn.Config(
        app.create(backend), log_config=None, access_log=False, server_header=False, lifespan="off"
    )
    ready = f"Connect {listening.url(listener)} in Label Studio (Settings, Model). Ctrl+C ends it."
    if models.current is None:
        ready += "\nNo model yet: nothing is predicted until a training has ended."
    if not token:
        ready += f"\nNo {source.TOKEN_VARIABLE} in the environment: predictions alone, no training."
    listening.server(config, ready).run(sockets=[listener])
    trainings.stop()


def _training_flags() -> list[str]:
    """Those of --training; raises InputError if `train` doesn't take them."""
    given = f"--training={_TRAINING.value!r}"
    try:
        found = shlex.split(_TRAINING.value)
    except ValueError as error:
        raise InputError(f"{given}: {error}") from None
    for flag in found:
        if flag.startswith(("--data_dir", "--model_dir")) or not flag.startswith("--"):
            raise InputError(
                f"{given}: {flag!r}, expected flags of train, but for --data_dir and --model_dir"
            )
    # Tried without data: it is only to complain of that.
    folder = "no-such-data-directory"
    command = [sys.executable, "-m", "jner_re.command", "train", *found, f"--data_dir={folder}"]
    tried = subprocess.run([*command, "--model_dir=none"], capture_output=True, text=True, check=False)
    lines = tried.stderr.strip().splitlines()
    if not lines or folder not in lines[-1]:
        told = lines[-1].removeprefix("error: ") if lines else f"exit code {tried.returncode}"
        raise InputError(f"{given}: {told}")
    return found


if __name__ == "__main__":
    program.run(main)
