"""Times of nested and of parallel events."""

from __future__ import annotations

import pytest

from benchmarks.training import stages


def test_own_time_is_without_what_ran_inside() -> None:
    events = [
        (0, 100, "outer"),
        (10, 40, "inner"),
        (20, 30, "innermost"),
        (40, 50, "next"),
        (100, 120, "last"),
    ]
    assert sorted(stages.self_times(reversed(events))) == sorted(
        [("outer", 60), ("inner", 20), ("innermost", 10), ("next", 10), ("last", 20)]
    )


def test_own_times_of_a_thread_add_up_to_its_busy_time() -> None:
    events = [(0, 100, "outer"), (90, 130, "outlasts it"), (120, 130, "inner"), (200, 210, "alone")]
    own = stages.self_times(events)
    assert dict(own) == {"outer": 90, "outlasts it": 30, "inner": 10, "alone": 10}
    assert stages.busy_time([events]) == pytest.approx(140 / 1e12)


def test_busy_time_counts_parallel_threads_once() -> None:
    second = 10**12
    threads = [[(0, 2 * second, "a"), (5 * second, 6 * second, "b")], [(second, 3 * second, "c")]]
    assert stages.busy_time(threads) == pytest.approx(4.0)


@pytest.mark.parametrize(
    ("name", "stage"),
    [
        ("Nadam/AssignAddVariableOp_3:AssignAddVariableOp", "optimizer"),
        ("training/re_birnns/birnn_1/MatMul:MatMul", "GRU products outside the loops"),
        (
            "gradient_tape/training/re_birnns/birnn_1/MatMul_3:_FusedMatMul",
            "GRU products outside the loops",
        ),
        ("MatMul_5:_MklMatMul", "GRU products outside the loops"),
        (
            "training/char_encoder/birnn/while/body/_1/training/MatMul:MatMul",
            "GRU loops, forward, characters",
        ),
        ("while_6/body/_1316/while_6/MatMul:_MklMatMul", "GRU loops, backward"),
        ("training/ner/scan/while/body/_9/Exp:Exp", "CRF"),
        ("sub_12/ReadVariableOp:ReadVariableOp", "moving average"),
        ("training/ner_hidden/Tanh:Tanh", "rest"),
    ],
)
def test_stages(name: str, stage: str) -> None:
    assert stages.stage(name) == stage
