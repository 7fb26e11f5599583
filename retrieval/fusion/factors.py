"""What tracks share: fills the gaps of a matrix of phases, and brings stale phases up to date.

A few factors move all tracks of a station: moisture, the plants' season, what is left of frost. The
factor model says ``x[k] = mean[k] + loading[k] . u + noise[k]`` with u normal of variance 1 and
noise of a size of its own for each track, so that a track in a poor sector of terrain takes part
without doing harm. Rows need not be complete, neither in learning nor in use.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retrieval.errors import InputError
from retrieval.fusion.columns import Floats, column_mean

__all__ = ["FactorImputer"]

# What is known of a track's noise beforehand: as much as two rows with 4 degrees would tell.
_PRIOR_NOISE_DEG, _PRIOR_ROWS = 4.0, 2.0
# A track that was never heard says nothing: the scatter of angles that are spread all round.
_NO_TRACK_DEG = 180.0 / np.sqrt(3.0)
_MOST_ROUNDS = 200
_SETTLED = 1e-4  # relative change of the tracks' noise from one round to the next
_STEP_H = 1.0  # ages are taken in steps of this
_AT_ONCE = 4096  # rows, to keep memory small; it changes no result


class FactorImputer:
    """Factor model of the tracks' phase anomalies with missing values.

    Parameters
    ----------
    n_factors : int
        Factors, 1 or more.
    ridge : float
        Pulls loadings towards 0 as so many rows without any response would.
    drift_deg_per_sqrt_h : float
        How far the tracks' common signal wanders: standard deviation, degrees over an hour, of an
        ordinary track; over n hours sqrt(n) times that.

    Attributes
    ----------
    mean_deg_ : (k,) float64
        Each track's anomaly where all factors are 0, as in the middle of the training rows.
    loading_deg_ : (k, n_factors) float64
        Response of each track to a factor's standard deviation.
    noise_deg_ : (k,) float64
        Standard deviation of what is the track's own.
    explained_ : (k,) float64
        Share of the track's variance that it has in common with others, 0 to 1.
    drift_ : float
        Standard deviation of each factor's change in an hour.
    n_rounds_ : int
        Rounds until the tracks' noise settled, at most 200.

    Notes
    -----
    Factor analysis by expectation and maximisation with missing values (Rubin and Thayer 1982,
    Psychometrika 47, 69-76), the columns' means and loadings fitted together, so that a track
    heard in the wet half of the record alone has the mean of the whole record.
    """

    mean_deg_: Floats
    loading_deg_: Floats
    noise_deg_: Floats
    explained_: Floats
    drift_: float
    n_rounds_: int

    def __init__(
        self, n_factors: int = 3, ridge: float = 2.0, drift_deg_per_sqrt_h: float = 1.0
    ) -> None:
        self.n_factors = n_factors
        self.ridge = ridge
        self.drift_deg_per_sqrt_h = drift_deg_per_sqrt_h

    def fit(self, anomaly_deg: ArrayLike) -> FactorImputer:
        """Learn what tracks share from training rows.

        Parameters
        ----------
        anomaly_deg : (n, k) array_like
            Anomalies, NaN where a track was not heard.

        Raises
        ------
        InputError
            The settings or the matrix are not what they should be.
        """
        self._check()
        x = np.asarray(anomaly_deg, np.float64)
        if x.ndim != 2 or np.isinf(x).any() or not np.isfinite(x).any():
            raise InputError(
                f"factors: anomalies of shape {x.shape}, expected rows by tracks with numbers or "
                "NaN and at least one number"
            )
        known = ~np.isnan(x)
        heard = known.any(axis=0)
        r, k = min(self.n_factors, *x.shape), x.shape[1]
        self.mean_deg_ = np.zeros(k)
        self.noise_deg_ = np.full(k, _NO_TRACK_DEG)
        self.loading_deg_ = np.zeros((k, self.n_factors))
        mean, loading, variance, self.n_rounds_ = _expectation_maximisation(
            x[:, heard], known[:, heard], r, self.ridge
        )
        self.mean_deg_[heard], self.noise_deg_[heard] = mean, np.sqrt(variance)
        self.loading_deg_[heard, :r] = loading
        shared = np.sum(self.loading_deg_**2, axis=1)
        self.explained_ = shared / (shared + self.noise_deg_**2)
        certain = self.noise_deg_**-2.0
        usual_deg = float(np.sqrt(np.sum(certain * shared) / np.sum(certain)))
        self.drift_ = self.drift_deg_per_sqrt_h / max(usual_deg, 1e-9)
        return self

    def transform(self, anomaly_deg: ArrayLike, age_h: ArrayLike | None = None) -> Floats:
        """Fill what is missing, and bring what is old up to date.

        Parameters
        ----------
        anomaly_deg : (n, k) array_like
            Anomalies, NaN where a track was not heard.
        age_h : (n, k) array_like, optional
            Ages of the values. Without them, or at 0, measured values stay as they are.

        Returns
        -------
        (n, k) float64
            Each missing value as the tracks at hand have it (posterior mean); of a row with
            nothing the training means. A value of some age is a mean of itself and of what the
            others have for it, by their variances: the track's own noise, and how far its signal
            may have wandered since. Each row depends on itself alone, to the last bit.

        Raises
        ------
        InputError
            Another number of tracks than in training, or ages that do not fit.
        """
        x, age, known = self._checked(anomaly_deg, age_h)
        chunks = [slice(i, i + _AT_ONCE) for i in range(0, max(len(x), 1), _AT_ONCE)]
        factors = np.concatenate([self._factors(x[c], age[c], known[c]) for c in chunks])
        filled = np.broadcast_to(self.mean_deg_, x.shape).copy()
        for factor, loading in zip(factors.T, self.loading_deg_.T, strict=True):
            filled += factor[:, None] * loading
        own = self.noise_deg_**2
        wandered = age * (self.drift_**2 * np.sum(self.loading_deg_**2, axis=1))
        weight = np.where(known, own / (own + wandered), 0.0)
        return np.asarray(np.where(weight == 1.0, x, filled + weight * (x - filled)))

    def _check(self) -> None:
        if self.n_factors < 1 or self.ridge < 0 or self.drift_deg_per_sqrt_h < 0:
            raise InputError(
                f"factors: n_factors {self.n_factors}, ridge {self.ridge:g}, drift_deg_per_sqrt_h "
                f"{self.drift_deg_per_sqrt_h:g}; expected 1 or more factors and no negative number"
            )

    def _checked(
        self, anomaly_deg: ArrayLike, age_h: ArrayLike | None
    ) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        """Return anomalies and ages, with 0 where nothing was measured, and where it was."""
        x = np.asarray(anomaly_deg, np.float64)
        k = len(self.mean_deg_)
        if x.ndim != 2 or x.shape[1] != k or np.isinf(x).any():
            raise InputError(
                f"factors: anomalies of shape {x.shape}, expected rows of the {k} tracks of the "
                "training, numbers or NaN"
            )
        known = ~np.isnan(x)
        age = np.zeros(x.shape) if age_h is None else np.asarray(age_h, np.float64)
        if age.shape != x.shape or not (age[known] >= 0).all() or np.isinf(age).any():
            raise InputError(
                f"factors: ages of shape {age.shape} for anomalies of shape {x.shape}, expected "
                "hours of 0 or more wherever there is an anomaly"
            )
        return np.where(known, x, 0.0), np.where(known, age, 0.0), known

    def _factors(self, x: Floats, age: Floats, known: NDArray[np.bool_]) -> Floats:
        """Return the posterior mean of each row's factors at its time, (n, n_factors).

        From the row's oldest value to the present, hour by hour: what is known of the factors fades
        by their drift, then the values of that hour are added (Kalman 1960, in its information
        form).
        """
        r, n = self.n_factors, len(x)
        step = np.rint(age / _STEP_H).astype(np.intp)
        steps = int(step.max(initial=0)) + 1
        row, track = np.nonzero(known)
        cell = row * steps + step[row, track]
        certain = self.noise_deg_[track] ** -2.0
        loading = self.loading_deg_[track]
        off = certain * (x[row, track] - self.mean_deg_[track])

        # Sums in the order of the tracks, so that no row depends on its neighbours' number.
        def of_cells(values: Floats) -> Floats:
            return np.bincount(cell, values, n * steps).reshape(n, steps).astype(np.float64)

        pull = np.stack([of_cells(off * loading[:, i]) for i in range(r)], axis=-1)
        weight = np.empty((n, steps, r, r))
        for i in range(r):
            for j in range(i + 1):
                both = of_cells(certain * loading[:, i] * loading[:, j])
                weight[:, :, i, j] = weight[:, :, j, i] = both

        mean: Floats = np.zeros((n, r))
        covariance: Floats = np.broadcast_to(np.eye(r), (n, r, r)).copy()
        oldest = step.max(axis=1, initial=0)
        for one in range(steps - 1, -1, -1):
            precision = np.linalg.inv(covariance)
            right = np.sum(precision * mean[:, None, :], axis=2) + pull[:, one]
            covariance = np.asarray(np.linalg.inv(precision + weight[:, one]), np.float64)
            mean = np.sum(covariance * right[:, None, :], axis=2)
            if one:
                begun = (oldest >= one)[:, None, None]
                covariance += begun * (self.drift_**2 * _STEP_H * np.eye(r))
        return mean


def _expectation_maximisation(
    x: Floats, known: NDArray[np.bool_], r: int, ridge: float
) -> tuple[Floats, Floats, Floats, int]:
    """Return mean (k,), loadings (k, r), variance of the noise (k,) and rounds."""
    (n, k), seen = x.shape, known.astype(np.float64)
    count = seen.sum(axis=0)
    mean = column_mean(x)
    centred = np.where(known, x - mean, 0.0)
    scale = np.sqrt((centred**2).sum(axis=0) / count + 1.0)
    # Start from the principal components, tracks of any scatter alike; the signs are free.
    _, size, axes = np.linalg.svd(centred / scale, full_matrices=False)
    axes = axes[:r] * np.where(axes[:r].sum(axis=1) < 0, -1.0, 1.0)[:, None]
    loading = (axes * (size[:r] / np.sqrt(n))[:, None]).T * scale[:, None]
    variance = np.maximum(scale**2 - (loading**2).sum(axis=1), 0.1 * scale**2)
    x = np.where(known, x, 0.0)
    penalty = np.diag([0.0, *[ridge] * r])
    rounds, settled = 0, False
    while not settled and rounds < _MOST_ROUNDS:
        rounds += 1
        certain = loading / variance[:, None]
        products = (certain[:, :, None] * loading[:, None, :]).reshape(k, -1)
        covariance = np.linalg.inv(np.eye(r) + (seen @ products).reshape(n, r, r))
        pull = np.where(known, x - mean, 0.0) @ certain
        factors = np.sum(covariance * pull[:, None, :], axis=2)

        full = np.hstack([np.ones((n, 1)), factors])
        moments = full[:, :, None] * full[:, None, :]
        moments[:, 1:, 1:] += covariance
        normal = (seen.T @ moments.reshape(n, -1)).reshape(k, r + 1, r + 1)
        right = x.T @ full
        both = np.linalg.solve(normal + penalty, right[:, :, None])[:, :, 0]
        squares = (
            (x**2).sum(axis=0)
            - 2 * (both * right).sum(axis=1)
            + np.einsum("ki,kij,kj->k", both, normal, both)
        )
        mean, loading, last = both[:, 0], both[:, 1:], variance
        prior = _PRIOR_ROWS * _PRIOR_NOISE_DEG**2
        variance = (np.maximum(squares, 0.0) + prior) / (count + _PRIOR_ROWS)
        # Factors keep mean 0 and variance 1, else the ridge would make all loadings small and the
        # factors large; it also saves rounds (PX-EM: Liu, Rubin and Wu 1998, Biometrika 85, 755).
        middle = factors.mean(axis=0)
        scatter = moments[:, 1:, 1:].mean(axis=0) - np.outer(middle, middle)
        mean = mean + loading @ middle
        loading = loading @ np.linalg.cholesky(scatter)
        settled = bool(np.max(np.abs(variance / last - 1.0)) < _SETTLED)
    return mean, loading, variance, rounds
