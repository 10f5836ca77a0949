"""The colours of types."""

from __future__ import annotations

import colorsys
import functools
import zlib

_HUES = (0, 22, 42, 65, 120, 160, 185, 205, 225, 260, 290, 325)  # degrees; what the eye tells apart
_SEED = 2  # one under which the types of CoNLL04 and those of ADE have different hues
_LUMINANCE = 0.18


@functools.lru_cache(maxsize=1024)
def color(type: str) -> str:
    """The colour of an entity or relation type, e.g. "#c32b87"; always the same.

    All have the same relative luminance: a contrast of 4.6 (WCAG 2) with white as well as with black.
    """
    hue = _HUES[zlib.crc32(type.encode("utf-8", "replace"), _SEED) % len(_HUES)]
    low, high = 0.0, 1.0
    for _ in range(12):
        lightness = (low + high) / 2
        rgb = colorsys.hls_to_rgb(hue / 360, lightness, 0.65)
        low, high = (lightness, high) if _luminance(*rgb) < _LUMINANCE else (low, lightness)
    return "#" + "".join(f"{round(255 * x):02x}" for x in rgb)


def _luminance(*rgb: float) -> float:
    red, green, blue = (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
