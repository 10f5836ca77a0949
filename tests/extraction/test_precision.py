from __future__ import annotations

import pathlib
import threading

import numpy as np
import pytest
import tensorflow as tf

import jner_re
from jner_re.errors import InputError
from jner_re.extraction import precision

X86 = "processor\t: 0\nflags\t\t: fpu sse2 avx512f {}\nbogomips\t: 5\n"
ARM = "processor\t: 0\nFeatures\t: fp asimd {}\n"


def has_instructions() -> bool:
    try:
        precision.check(precision.BFLOAT16)
    except InputError:
        return False
    return True


@pytest.mark.parametrize(
    ("text", "has"),
    [
        (X86.format("avx512_bf16"), True),
        (X86.format("amx_bf16"), True),
        (X86.format(""), False),
        (ARM.format("bf16"), True),
        (ARM.format(""), False),
        ("", False),
        (None, False),
    ],
)
def test_what_the_processor_lacks_is_refused(
    text: str | None, has: bool, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "cpuinfo"
    monkeypatch.setattr(precision, "_CPU_INFO", path)
    if text is not None:
        path.write_text(text)
    precision.check(precision.FLOAT32)
    assert has_instructions() == has
    if not has:
        with pytest.raises(InputError, match=r"no instructions \(avx512_bf16 .* expected 'float32'"):
            precision.check(precision.BFLOAT16)


def test_other_precisions_are_refused() -> None:
    with pytest.raises(InputError, match="precision is 'float16', expected one of float32, bfloat16"):
        jner_re.load(pathlib.Path(), precision="float16")


def test_a_url_is_refused() -> None:
    with pytest.raises(InputError, match=r"with a URL: its server decides .*--mixed_precision=bfloat16"):
        jner_re.load("http://localhost:8501/v1/models/jner_re", precision="bfloat16")


def test_it_holds_for_calls_of_this_thread_inside_the_block() -> None:
    if not has_instructions():
        pytest.skip("the processor has no instructions for bfloat16")
    random = np.random.default_rng(1)
    left, right = (tf.constant(random.normal(size=[64, 256, 256]), tf.float32) for _ in range(2))
    graph = tf.function(lambda: tf.nn.relu(tf.matmul(left, right)) + 1, autograph=False)
    exact = graph().numpy()
    others = []
    with pytest.raises(KeyError), precision.calls_in(precision.BFLOAT16):  # also if what is called fails
        rounded = graph().numpy()
        thread = threading.Thread(target=lambda: others.append(graph().numpy()))
        thread.start()
        thread.join()
        raise KeyError
    assert 1e-3 < np.abs(rounded - exact).max() < 1
    np.testing.assert_array_equal(others[0], exact)
    np.testing.assert_array_equal(graph().numpy(), exact)
    with precision.calls_in(precision.FLOAT32):
        np.testing.assert_array_equal(graph().numpy(), exact)
