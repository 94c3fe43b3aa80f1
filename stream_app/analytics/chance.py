"""How often chance alone goes so far: tails of the normal and of the chi-square distribution.

SciPy has both, but to import it takes a second, which a worker that starts again, or stands still amid its matches,
does not have.
"""

from __future__ import annotations

import math


def normal_tail(z: float) -> float:
    """Probability that a standard normal number is above `z`."""
    return 0.5 * math.erfc(z / math.sqrt(2.0))


def chi_square_tail(square: float, degrees: int) -> float:
    """Probability that a chi-square number with so many degrees of freedom, at least 1, is above `square`.

    For whole degrees it is a finite sum; Abramowitz, M. and Stegun, I. A. (1964), *Handbook of Mathematical Functions*,
    26.4.4 and 26.4.5.
    """
    half = max(square, 0.0) / 2.0
    if degrees % 2 == 0:
        total, term, order = 0.0, math.exp(-half), 0.0
    else:
        total, term, order = math.erfc(math.sqrt(half)), 2.0 * math.sqrt(half / math.pi) * math.exp(-half), 0.5
    for _ in range(degrees // 2):
        total += term
        order += 1.0
        term *= half / order
    return total
