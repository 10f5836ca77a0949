"""The flags of programs that run jobs: where, and how many at a time."""

from __future__ import annotations

import pathlib

from absl import flags

from jner_re import files

from .pool import Folders, Workers

HEADING = "Jobs"  # in the help of programs
_OUTPUT_DIR = flags.DEFINE_string(
    "output_dir",
    None,
    "folder of the records, one JSON file a run, and of the tables made from them, such as "
    "results/conll04-minilm; a run whose record is there is not run again",
    required=True,
)
_RUNS_DIR = flags.DEFINE_string(
    "runs_dir",
    None,
    "folder of the model directories, by which interrupted runs go on; by default runs/ and the name of "
    "--output_dir. On a cluster, one that all machines share",
)
_THREADS = flags.DEFINE_integer("threads", 1, "threads of TensorFlow in each job", lower_bound=1)
_JOBS = flags.DEFINE_integer(
    "jobs",
    0,
    "jobs at a time; 0 for as many as there are cores for their threads",
    lower_bound=0,
)
_RAY_ADDRESS = flags.DEFINE_string(
    "ray_address", None, "address of a Ray cluster to run on; by default this machine"
)


def folders() -> Folders:
    """As --output_dir and --runs_dir say."""
    output = files.user_path(_OUTPUT_DIR.value)
    return Folders(output, files.user_path(_RUNS_DIR.value or pathlib.Path("runs") / output.resolve().name))


def workers() -> Workers:
    """As --threads, --jobs and --ray_address say."""
    return Workers(_THREADS.value, _JOBS.value, _RAY_ADDRESS.value or None)
