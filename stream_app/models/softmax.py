"""Kalman softmax heads: Bayesian multinomial logistic regressions that learn from one match at a time.

Each head keeps a Gaussian over its weights and updates it as an extended Kalman filter does; see
Ollivier, Y. (2018), 'Online natural gradient as a Kalman filter', Electronic Journal of Statistics 12(2), 2930-2961,
and section 4.5 of Bishop, C. M. (2006), *Pattern Recognition and Machine Learning*, for the model.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

Logits = tuple[float, float]
"""Logarithms of the ratios home win to draw and away win to draw."""

Triple = tuple[float, float, float]
"""Probabilities of home win, draw and away win."""


LARGEST_LOGIT = 12.0
"""Log ratio at which one ends: an outcome 160,000 times as likely as another is more than any match can tell."""


def softmax(logits: Logits) -> Triple:
    """Probabilities of H, D and A from the log ratios of H and A to D, which end at `LARGEST_LOGIT`."""
    home = min(max(logits[0], -LARGEST_LOGIT), LARGEST_LOGIT)
    away = min(max(logits[1], -LARGEST_LOGIT), LARGEST_LOGIT)
    top = max(home, away, 0.0)
    home, draw, away = math.exp(home - top), math.exp(-top), math.exp(away - top)
    total = home + draw + away
    return home / total, draw / total, away / total


def log_ratios(probabilities: Triple) -> Logits:
    """The log ratios of H and A to D; the inverse of `softmax`."""
    home, draw, away = probabilities
    return math.log(home / draw), math.log(away / draw)


class HeadBank:
    """Several Kalman softmax heads that look at the same inputs, each with its own prior.

    Draw is the reference class, so a head has two weights an input: one for H against D, one for A against D.

    All heads are updated in the same handful of array operations, which is what makes them cheap. Only element-wise
    arithmetic and plain sums are used, no matrix products: these would go through a linear-algebra library whose last
    bits depend on the processor.

    Parameters
    ----------
    priors
        Prior variance of each head's weight on each input, shape (heads, inputs). A variance of 0 keeps the input out
        of that head.
    forget
        For each head, the share of its precision that it keeps after a match, just below 1: old matches fade, so the
        weights can follow a game that changes. A variance never grows beyond its prior.
    """

    def __init__(self, priors: Sequence[Sequence[float]], forget: Sequence[float]) -> None:
        prior = np.array(priors, dtype=float)
        heads, inputs = prior.shape
        self.prior = np.concatenate([prior, prior], axis=1)
        self.inflate = 1.0 / np.array(forget, dtype=float)[:, None]
        self.weights = np.zeros((heads, 2 * inputs))
        self.covariance = np.zeros((heads, 2 * inputs, 2 * inputs))
        diagonal = np.arange(2 * inputs)
        self.covariance[:, diagonal, diagonal] = self.prior

    def logits(self, inputs: Sequence[float]) -> list[Logits]:
        """Each head's log ratios for a match with these inputs. An offset, where there is one, comes on top."""
        heads = len(self.weights)
        terms = self.weights.reshape(heads, 2, -1) * np.array(inputs)
        return [(home, away) for home, away in terms.sum(axis=2).tolist()]

    def terms(self, inputs: Sequence[float]) -> list[list[list[float]]]:
        """What each input adds to each head's two log ratios, shape (heads, 2, inputs)."""
        heads = len(self.weights)
        terms: list[list[list[float]]] = (self.weights.reshape(heads, 2, -1) * np.array(inputs)).tolist()
        return terms

    def learn(self, inputs: Sequence[float], forecasts: Sequence[Triple], hit: Triple) -> None:
        """Learn from a match.

        Parameters
        ----------
        inputs
            The inputs of the match.
        forecasts
            What each head says of it, offset included.
        hit
            1 for the outcome that came and 0 for the others.
        """
        heads, size = self.weights.shape
        x = np.array(inputs)
        # gain[k, c] is P_k X_c, where X_c carries the inputs in the half of class c; spread is X'PX.
        gain = (self.covariance.reshape(heads, 2, size // 2, size) * x[:, None]).sum(axis=2)
        spread = (gain.reshape(heads, 2, 2, size // 2) * x).sum(axis=3).tolist()
        roots, steps = [], []
        for forecast, (from_home, from_away) in zip(forecasts, spread, strict=True):
            root, step = _update(forecast, (from_home[0], from_home[1], from_away[1]), hit)
            roots.append(root)
            steps.append(step)
        self.weights += (gain * np.array(steps)[:, :, None]).sum(axis=1)
        fall = (gain[:, None] * np.array(roots)[:, :, :, None]).sum(axis=2)
        self.covariance -= (fall[:, :, :, None] * fall[:, :, None, :]).sum(axis=1)
        self._forget()

    def _forget(self) -> None:
        """Let all variances grow a little, none beyond its prior.

        Rows and columns grow by the same factors, so the covariance stays positive definite.
        """
        size = self.weights.shape[1]
        diagonal = self.covariance.reshape(len(self.weights), -1)[:, :: size + 1]
        growth = np.sqrt(np.minimum(self.inflate, self.prior / np.maximum(diagonal, _TINY)))
        self.covariance *= growth[:, :, None] * growth[:, None, :]

    def grow(self, prior: float) -> None:
        """Add an input with the same prior variance to every head."""
        size = self.weights.shape[1]
        half = size // 2
        self.prior = np.insert(self.prior, [half, size], prior, axis=1)
        self.weights = np.insert(self.weights, [half, size], 0.0, axis=1)
        self.covariance = np.insert(np.insert(self.covariance, [half, size], 0.0, axis=1), [half, size], 0.0, axis=2)
        for place in (half, size + 1):
            self.covariance[:, place, place] = prior

    def reset(self, place: int) -> None:
        """Bring the weights on the input at `place` back to the prior; it stands for something else from now on."""
        half = self.weights.shape[1] // 2
        for row in (place, half + place):
            self.weights[:, row] = 0.0
            self.covariance[:, row, :] = 0.0
            self.covariance[:, :, row] = 0.0
            self.covariance[:, row, row] = self.prior[:, row]


_TINY = 1e-30
"""Stands for the variance of an input that is kept out of a head."""

Root = tuple[tuple[float, float], tuple[float, float]]


def _update(forecast: Triple, spread: Triple, hit: Triple) -> tuple[Root, tuple[float, float]]:
    """How a head's gain turns into its new covariance and weights.

    With R the covariance of the outcome, diag(p) - pp' over H and A, and Q the `spread` (its elements HH, HA and AA),
    the covariance falls by G M G' with M = (R^-1 + Q)^-1, and the weights rise by G (I - M Q)(y - p). Returned are the
    transposed Cholesky factor of M and that last pair.
    """
    home, draw, away = forecast
    q_hh, q_ha, q_aa = spread
    s_hh, s_ha, s_aa = 1.0 / home + 1.0 / draw + q_hh, 1.0 / draw + q_ha, 1.0 / away + 1.0 / draw + q_aa
    determinant = s_hh * s_aa - s_ha * s_ha
    m_hh, m_ha, m_aa = s_aa / determinant, -s_ha / determinant, s_hh / determinant
    first = math.sqrt(m_hh)
    cross = m_ha / first
    second = math.sqrt(max(m_aa - cross * cross, 0.0))
    home_error, away_error = hit[0] - home, hit[2] - away
    home_seen = q_hh * home_error + q_ha * away_error
    away_seen = q_ha * home_error + q_aa * away_error
    step = (
        home_error - (m_hh * home_seen + m_ha * away_seen),
        away_error - (m_ha * home_seen + m_aa * away_seen),
    )
    return ((first, cross), (0.0, second)), step
