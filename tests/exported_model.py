"""What the tests of exported models share."""

from __future__ import annotations

MIN_SCORE = 0.01  # above which the tests' export gives relations
