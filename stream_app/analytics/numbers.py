"""Numbers as readers need them."""

from __future__ import annotations


def short(number: float) -> float:
    """`number` with six significant digits."""
    return float(f"{number:.6g}")
