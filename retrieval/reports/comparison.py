"""How sure the errors of models are, and which models cannot be told apart from the best."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.fusion.columns import Floats
from retrieval.fusion.evaluation import Run
from retrieval.validation import Interval, block_bootstrap

__all__ = [
    "BLOCK_DAYS",
    "PRACTICAL_SHARE",
    "RESAMPLES",
    "SIMPLEST_FIRST",
    "Difference",
    "block_of",
    "differences",
    "rmse_range",
    "simplest",
]

# Longer than errors of neighbouring days resemble one another, as a rule.
BLOCK_DAYS = 10
RESAMPLES = 1000
# Of the best RMSE: a smaller difference is of no practical weight, however sure it is.
PRACTICAL_SHARE = 0.05

# Of models that do equally well the one with the least to learn is to be preferred.
SIMPLEST_FIRST = (
    "climatology",
    "mean-phase",
    "linear",
    "svm",
    "rbf",
    "rf-mdi",
    "rf-mda",
    "cnn",
    "fusion",
    "auto",
)


@dataclass(frozen=True)
class Difference:
    """RMSE of a model less that of another over the days on which both said something.

    Attributes
    ----------
    n : int
        Those days.
    rmse : Interval
        The difference with its 90 % range over resampled blocks of days, m3 m-3; above 0 the
        model is worse.
    """

    n: int
    rmse: Interval

    @property
    def told_apart(self) -> bool:
        """Whether the range holds no 0; False where there is no range."""
        return bool(self.rmse.lower > 0.0 or self.rmse.upper < 0.0)


def rmse_range(runs: Sequence[Run], vwc: Floats, tested: NDArray[np.intp]) -> Interval:
    """Return the RMSE of a model, averaged over seeds, with its range over resampled test days.

    Parameters
    ----------
    runs : sequence of Run
        One for each seed.
    vwc : (n,) float64
        Reference, m3 m-3.
    tested : (m,) intp
        Days that test, in order of time.
    """
    squares = _squares(runs, vwc, tested)
    squares = squares[:, np.isfinite(squares).all(axis=0)]
    return _resampled([squares], lambda found: found[0])


def differences(
    by_model: Mapping[str, Sequence[Run]], best: str, vwc: Floats, tested: NDArray[np.intp]
) -> dict[str, Difference]:
    """Compare every other model with one, day by day.

    Parameters
    ----------
    by_model : mapping of str to sequence of Run
        One run for each seed.
    best : str
        The model that the others are compared with.
    vwc, tested
        As in `rmse_range`.
    """
    own = _squares(by_model[best], vwc, tested)
    found = {}
    for name, runs in by_model.items():
        if name == best:
            continue
        other = _squares(runs, vwc, tested)
        both = np.isfinite(own).all(axis=0) & np.isfinite(other).all(axis=0)
        span = _resampled([other[:, both], own[:, both]], lambda rmse: rmse[0] - rmse[1])
        found[name] = Difference(int(both.sum()), span)
    return found


def simplest(names: Sequence[str]) -> str:
    """Return the simplest of models; those of other names count as the least simple.

    Examples
    --------
    >>> simplest(["auto", "linear", "mine"])
    'linear'
    """
    order = {name: place for place, name in enumerate(SIMPLEST_FIRST)}
    return min(names, key=lambda name: order.get(name, len(order)))


def block_of(n: int) -> int:
    """Return the days of a block: of short records a quarter.

    Examples
    --------
    >>> block_of(84), block_of(20)
    (10, 5)
    """
    return min(BLOCK_DAYS, max(n // 4, 1))


def _squares(runs: Sequence[Run], vwc: Floats, tested: NDArray[np.intp]) -> Floats:
    """Return squared errors, (seeds, m)."""
    return np.array([(run.said.vwc[tested] - vwc[tested]) ** 2 for run in runs])


def _resampled(squares: Sequence[Floats], statistic: Callable[[list[float]], float]) -> Interval:
    """Return a statistic of the RMSE of models with its range; they share their n days."""
    n = squares[0].shape[1]
    if n == 0:
        return Interval(np.nan, np.nan, np.nan)

    def of_days(days: NDArray[np.intp]) -> float:
        # Blocks go on from the last day to the first, else days at the ends would hardly count
        # (Politis & Romano 1992, A circular block-resampling procedure).
        at = days[:n] % n
        return float(statistic([float(np.sqrt(one[:, at].mean(axis=1)).mean()) for one in squares]))

    if n < 2:
        return Interval(of_days(np.arange(n)), np.nan, np.nan)
    block = block_of(n)
    return block_bootstrap(of_days, n + block - 1, block, RESAMPLES)
