from __future__ import annotations

import pathlib
import shlex
import subprocess
import sys
import textwrap

import pytest

_ROOT = pathlib.Path(__file__).resolve().parents[1]
_HEADER = "from absl import flags\nfrom jner_re import program\nfrom jner_re.errors import InputError\n"


def run(
    code: str,
    *arguments: str,
    folder: pathlib.Path,
    path: pathlib.Path | None = None,
    **environment: str,
) -> subprocess.CompletedProcess[str]:
    """Runs a small program; `path` is searched for modules before all else."""
    script = folder / "tiny.py"
    script.write_text(_HEADER + textwrap.dedent(code))
    search = ":".join(str(entry) for entry in (path, _ROOT) if entry)
    return subprocess.run(
        [sys.executable, str(script), *arguments],
        capture_output=True,
        text=True,
        errors="surrogateescape",
        timeout=120,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": search, "HOME": str(folder), **environment},
    )


RAISES = """
    def main():
        print("started")
        raise {error}
    program.run(main)
"""


def test_an_input_error_is_one_line_and_exit_code_1(tmp_path: pathlib.Path) -> None:
    done = run(RAISES.format(error="InputError('f.json: record 3: bad')"), folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (1, "started\n", "error: f.json: record 3: bad\n")


def test_an_interruption_is_one_line(tmp_path: pathlib.Path) -> None:
    done = run(RAISES.format(error="KeyboardInterrupt"), folder=tmp_path)
    assert (done.returncode, done.stderr) == (130, "interrupted\n")


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        ("MemoryError", ""),
        ("OSError(12, 'Cannot allocate memory')", ": [Errno 12] Cannot allocate memory"),
        ("ImportError('x.so: failed to map segment')", ": x.so: failed to map segment"),
        (
            "type('ResourceExhaustedError', (Exception,), {})('OOM when\\nallocating')",
            ": OOM when allocating",
        ),
    ],
)
def test_too_little_memory_is_one_line(error: str, detail: str, tmp_path: pathlib.Path) -> None:
    done = run(RAISES.format(error=error), folder=tmp_path)
    assert (done.returncode, done.stderr) == (1, f"error: there is not enough memory{detail}\n")


def test_a_mistake_of_the_program_keeps_its_traceback(tmp_path: pathlib.Path) -> None:
    done = run(RAISES.format(error="ValueError('a bug')"), folder=tmp_path)
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert done.stderr.endswith("ValueError: a bug\n")


def test_success(tmp_path: pathlib.Path) -> None:
    code = """
        WORD = flags.DEFINE_string("word", "", "a word")
        program.run(lambda: print(WORD.value))
    """
    done = run(code, "--word=here", folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "here\n", "")


def test_arguments_that_are_no_flags(tmp_path: pathlib.Path) -> None:
    done = run("program.run(lambda: print('ran'))", "word=here", folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: unexpected argument 'word=here': options start with --\n"
    done = run("program.run_with_arguments(print)", "a", "b", folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, "['a', 'b']\n")


FLAGS = """
    flags.DEFINE_string("word", None, "a word", required=True)
    flags.DEFINE_string("other", None, "another one", required=True)
    flags.DEFINE_enum("kind", "long", ["short", "long"], "of the word")
    flags.DEFINE_boolean("loud", False, "shout")
    flags.DEFINE_integer("times", 3, "how often")
    __doc__ = "Says words."
    program.run(lambda: print('ran'))
"""


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((), "--word and --other are missing"),
        (("--word=a",), "--other is missing"),
        (("--word=a", "--othr=b"), "Unknown command line flag 'othr'. Did you mean: other ?"),
        (("--times=x",), "flag --times=x: "),
        (("--help=x", "--flagfile=/no"), "Unable to open flagfile: "),
    ],
)
def test_what_is_wrong_with_the_flags_is_one_line(
    arguments: tuple[str, ...], line: str, tmp_path: pathlib.Path
) -> None:
    done = run(FLAGS, *arguments, folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert line in done.stderr and done.stderr.startswith("error: ") and done.stderr.count("\n") == 1


def test_help(tmp_path: pathlib.Path) -> None:
    done = run(FLAGS, "--times=4", "--help", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "Says words.",
        "",
        "Required:",
        "  --word=TEXT             a word",
        "  --other=TEXT            another one",
        "",
        "Options:",
        "  --kind=short|long       of the word (default: long)",
        "  --[no]loud              shout (default: no)",
        "  --times=N               how often (default: 3)",
        "",
        "--helpfull shows all flags, also those of the libraries.",
    ]
    full = run(FLAGS, "--helpfull", folder=tmp_path)
    assert (full.returncode, full.stderr) == (0, "")
    assert "--times" in full.stdout and "--verbosity" in full.stdout
    after = run(FLAGS, "--word=a", "--other=b", "--", "--help", folder=tmp_path)
    assert after.stderr == "error: unexpected argument '--help': options start with --\n"


def test_tensorflow_starts_in_silence(tmp_path: pathlib.Path) -> None:
    code = """
        program.import_tensorflow_quietly(threads=1)
        import tensorflow as tf
        assert tf.reduce_sum(tf.ones([3, 3])) == 9
        assert tf.config.threading.get_intra_op_parallelism_threads() == 1
    """
    done = run(code, folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("fails", [False, True])
def test_other_lines_of_the_import_are_passed_on(fails: bool, tmp_path: pathlib.Path) -> None:
    """A stand-in for TensorFlow writes as its C++ side does: to the file descriptor."""
    (tmp_path / "fake").mkdir()
    lines = [
        "2026 I x.cc] oneDNN custom operations are on.",
        "2026 E y.cc] Unable to register cuDNN factory",
        "W real",
    ]
    fake = "import os, unittest.mock\n__getattr__ = unittest.mock.MagicMock()\n"
    fake += "".join(f"os.write(2, {line.encode()!r} + b'\\n')\n" for line in lines)
    (tmp_path / "fake" / "tensorflow.py").write_text(fake + ("raise ImportError('broken')" if fails else ""))
    code = """
        import sys
        try:
            program.import_tensorflow_quietly()
        except ImportError as error:
            print(error)
        print("after", file=sys.stderr)
    """
    done = run(code, folder=tmp_path, path=tmp_path / "fake")
    assert (done.returncode, done.stderr) == (0, "W real\nafter\n")
    assert done.stdout == ("broken\n" if fails else "")


def test_standard_streams_that_are_closed(tmp_path: pathlib.Path) -> None:
    code = """
        import os, sys, pathlib
        def main():
            with program.stderr_without([]):
                os.write(2, b"nowhere")
            print("nowhere", sys.stdin.read())
            print("nowhere", file=sys.stderr)
            with open("opened", "w") as opened:
                opened.write(str(opened.fileno() > 2))
            raise InputError("nowhere")
        program.run(main)
    """
    script = tmp_path / "tiny.py"
    script.write_text(_HEADER + textwrap.dedent(code))
    done = subprocess.run(
        ["/bin/sh", "-c", f"exec {shlex.quote(sys.executable)} tiny.py <&- >&- 2>&-"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(_ROOT)},
        timeout=120,
    )
    assert (done.returncode, (tmp_path / "opened").read_text()) == (1, "True")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_json_is_utf8_and_tables_have_what_can_be_shown(encoding: str, tmp_path: pathlib.Path) -> None:
    code = """
        def main():
            print("table: \\u00e9 \\u2014")
            program.print_utf8("json: \\u00e9 \\u2014")
        program.run(main)
    """
    done = run(code, folder=tmp_path, PYTHONIOENCODING=encoding)
    table = "table: é —\n".encode(encoding, errors="replace")
    assert (done.returncode, done.stdout.encode(errors="surrogateescape"), done.stderr) == (
        0, table + "json: é —\n".encode(), ""
    )  # fmt: skip


def test_threads_can_silence_standard_error_together(tmp_path: pathlib.Path) -> None:
    code = """
        import concurrent.futures, os, sys, time
        def speak(i):
            with program.stderr_without(["noise"]):
                os.write(2, b"noise\\n")
                time.sleep(0.01)
                os.write(2, b"kept\\n")
        before = os.fstat(2)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(speak, range(8)))
        assert os.path.samestat(before, os.fstat(2))
        os.write(2, b"after\\n")
    """
    done = run(code, folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "kept\n" * 8 + "after\n")


def test_what_ran_when_a_program_is_interrupted_ends_before_python_does(tmp_path: pathlib.Path) -> None:
    """As the iterator of a dataset: TensorFlow complains of one that is left over."""
    code = """
        import atexit
        class Iterator:
            def __init__(self):
                self.itself = self
            def __del__(self):
                print("iterator ends")
        def main():
            iterator = Iterator()
            raise KeyboardInterrupt
        atexit.register(print, "Python ends")
        program.run(main)
    """
    done = run(code, folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (
        130,
        "iterator ends\nPython ends\n",
        "interrupted\n",
    )
