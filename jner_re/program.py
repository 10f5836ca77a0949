"""What every command-line program shares: quiet start-up, and one clear line for a user's mistake."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import re
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence

import absl.logging
from absl import app, flags

from jner_re import program_flags, standard_streams
from jner_re.errors import InputError, printable

# Of every line that TensorFlow's C++ side writes early.
_BEFORE_LOGGING = "All log messages before absl::InitializeLog() is called are written to STDERR"

# Lines TensorFlow prints while it is imported and looks for GPUs on a machine without one: they ask
# nothing of the user.
_START_UP_NOISE = (
    _BEFORE_LOGGING,
    "oneDNN custom operations are on",
    "Could not find cuda drivers",
    "Could not find TensorRT",
    "Unable to register cuDNN factory",
    "Unable to register cuFFT factory",
    "Unable to register cuBLAS factory",
    "This TensorFlow binary is optimized to use available CPU instructions",
    "To enable the following instructions",
    "TF-TRT Warning: Could not find TensorRT",
    "failed call to cuInit",
    "only on platforms with AVX-512. Falling back to the default Eigen-based implementation",
)

# Lines XLA prints when it compiles for the first time, and for each stream of its own.
_XLA_NOISE = (
    _BEFORE_LOGGING,
    "Compiled cluster using XLA!",
    "SetPriority unimplemented for this stream",
)


_OBJECTS_BETWEEN_COLLECTIONS = 50_000  # of Python's garbage collector; 700 by default

_REDIRECTING = threading.RLock()  # standard error is the process's


def import_tensorflow_quietly(threads: int = 0) -> None:
    """Imports and starts TensorFlow without its start-up noise; every other line it writes is passed on.

    Where it finds a GPU, memory is taken as it is needed, not all of it at once.

    Args:
      threads: of TensorFlow at most; 0 for one a core, or what has been set before.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # errors alone: TensorFlow 2.21 warns of much
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")  # else it imports another Keras than tf-keras, too
    warnings.filterwarnings("ignore", message=r"(?s).*TensorFlow Addons", category=UserWarning)
    warnings.filterwarnings("ignore", message="pkg_resources is deprecated", category=UserWarning)
    with stderr_without(_START_UP_NOISE):
        with _not_found("tf_keras", "keras"):  # which TensorFlow imports if it can; not everything needs it
            import tensorflow as tf

        for gpu in tf.config.list_physical_devices("GPU"):
            with contextlib.suppress(RuntimeError):  # it is in use already
                tf.config.experimental.set_memory_growth(gpu, True)
        if threads:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(threads)
        # What oneDNN says once in a process, on any platform, of the first transposition not of float32.
        tf.function(tf.transpose, autograph=False)(tf.zeros([2, 2], tf.int64))
    logging.getLogger("tensorflow").setLevel(logging.WARNING)


@contextlib.contextmanager
def _not_found(*modules: str) -> Iterator[None]:
    """Inside the block the modules can't be imported, unless they have been."""
    hidden = [name for name in modules if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


@contextlib.contextmanager
def stderr_without(noise: Sequence[str]) -> Iterator[None]:
    """Passes on what is written to standard error inside the block, at its end, but for lines with `noise`.

    Of libraries that write there past Python, too. It is the whole process's: only programs do it, at their
    start, and a second thread waits for the first.
    """
    with _REDIRECTING, tempfile.TemporaryFile() as captured:
        sys.stderr.flush()
        stderr = os.dup(2)
        os.dup2(captured.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(stderr, 2)
            os.close(stderr)
            captured.seek(0)
            for line in captured.read().decode(errors="replace").splitlines():
                if not any(text in line for text in noise):
                    print(line, file=sys.stderr)


def print_utf8(line: str) -> None:
    """Prints a line for other programs, such as of JSON, in UTF-8, whatever the terminal's encoding is."""
    sys.stdout.flush()
    sys.stdout.buffer.write(line.encode() + b"\n")
    sys.stdout.buffer.flush()


class _Lines(logging.Handler):
    """Shows what the package reports as plain lines on standard error."""

    def emit(self, record: logging.LogRecord) -> None:
        prefix = f"{record.levelname.lower()}: " if record.levelno >= logging.WARNING else ""
        lines = map(printable, record.getMessage().split("\n"))
        print(f"{prefix}{chr(10).join(lines)}", file=sys.stderr, flush=True)


def _show_messages() -> None:
    logger = logging.getLogger("jner_re")
    logger.handlers = [_Lines()]
    logger.propagate = False
    logger.setLevel(logging.INFO)


def run(main: Callable[[], None]) -> None:
    """Parses the flags and runs `main`; an InputError ends the program with one line and exit code 1."""

    def without_arguments(arguments: Sequence[str]) -> None:
        if arguments:
            raise InputError(f"unexpected argument {arguments[0]!r}: options start with --")
        main()

    run_with_arguments(without_arguments)


def run_with_arguments(main: Callable[[Sequence[str]], None]) -> None:
    """As `run`, for a program that takes arguments besides flags."""

    def guarded(argv: Sequence[str]) -> None:
        if not flags.FLAGS["verbosity"].present:
            absl.logging.set_verbosity(absl.logging.WARNING)
        _show_messages()
        code = _exit_code(main, argv[1:])
        if code:
            gc.collect()  # else datasets that were being read end after Python, with TensorFlow's complaint
            sys.exit(code)

    # Importing TensorFlow and tracing graphs makes a million objects that stay; Python looks through them
    # again and again where its collector has the default thresholds.
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, 10, 10)
    standard_streams.open_closed()  # before anything is said of the flags
    app.run(guarded, flags_parser=program_flags.parse)


def _exit_code(main: Callable[[Sequence[str]], None], arguments: Sequence[str]) -> int:
    """Runs `main`; what ends it early is told here, and nothing of it is held any more after."""
    try:
        main(arguments)
    except InputError as error:
        print(f"error: {printable(str(error))}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever read the output has gone, such as head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except Exception as error:
        if not _is_lack_of_memory(error):
            raise
        detail = " ".join(str(error).split())
        print(f"error: there is not enough memory{f': {detail:.200}' if detail else ''}", file=sys.stderr)
        return 1
    return 0


def _is_lack_of_memory(error: BaseException) -> bool:
    """Whether Python, TensorFlow or the system's loader says so, whose classes are not all imported here."""
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return True
    return re.search("Cannot allocate memory|failed to map segment", str(error)) is not None


def start_worker(threads: int) -> None:
    """What a process that does a part of a program's work does first.

    Args:
      threads: as of `import_tensorflow_quietly`.
    """
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    _show_messages()
    import_tensorflow_quietly(threads)
    start_xla_quietly()


def start_xla_quietly() -> None:
    """Starts XLA, which training uses, without its noise on start-up; after `import_tensorflow_quietly`."""
    import tensorflow as tf

    # Some of the noise comes with the first computation that runs beside others: enough of them run side by
    # side, each a few milliseconds in one thread.
    count = 4 * (tf.config.threading.get_inter_op_parallelism_threads() or os.cpu_count() or 1)
    total = tf.function(lambda x: tf.reduce_sum(tf.sin(x)), jit_compile=True, autograph=False)
    totals = tf.function(lambda x: [total(x + i) for i in range(count)], autograph=False)
    with stderr_without(_XLA_NOISE):
        totals(tf.ones([1024, 1024]))


def skip_graph_optimization() -> None:
    """Runs graphs as they were traced: the first call comes a second sooner, later ones may be slower."""
    import tensorflow as tf

    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
