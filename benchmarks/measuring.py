"""Seconds, the speed of a large matrix product, and medians with their range."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence

_PEAK_SIZE, _PEAK_TRIES = 2048, 5


def timed(call: Callable[[], object]) -> tuple[float, float]:
    """Wall-clock and processor seconds of a call."""
    start, used = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - start, time.process_time() - used


def peak_operations() -> float:
    """Floating-point operations a second in a product of two large square matrices; the best of a few."""
    import tensorflow as tf

    matrix = tf.random.normal([_PEAK_SIZE, _PEAK_SIZE])
    seconds = [timed(lambda: tf.matmul(matrix, matrix)[0, 0].numpy())[0] for _ in range(_PEAK_TRIES)]
    return 2.0 * _PEAK_SIZE**3 / min(seconds)


def spread(values: Sequence[float], form: str) -> str:
    """Median and range, such as "1.50 (1.00 to 2.00)"."""
    low, middle, high = (format(f(values), form) for f in (min, statistics.median, max))
    return f"{middle} ({low} to {high})"
