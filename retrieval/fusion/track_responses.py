"""What each track says of moisture, and all of them together.

Each track's phase is fitted as a line in the reference, ``phase = level + slope moisture + noise``,
and the lines are then read backwards, each with the weight of what it tells. Unlike a regression of
moisture on phases this does not shrink towards the mean of the training, and a single track that
goes wrong is seen beside the others (inverse or classical calibration, Krutchkoff 1967,
Technometrics 9, 425-439; Osborne 1991, International Statistical Review 59, 309-336).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retrieval.fusion.columns import Floats

__all__ = ["TrackResponses", "learn_responses"]

_ROUNDS = 10
# A track further off than this many times its noise counts less.
_FAR = 2.0


@dataclass(frozen=True, eq=False)
class TrackResponses:
    """Lines of k tracks.

    Attributes
    ----------
    level_deg : (k,) float64
        Phase anomaly at no moisture.
    slope_deg : (k,) float64
        Degrees per m3 m-3; negative on ordinary ground.
    noise_deg : (k,) float64
        Standard deviation about the line.
    trust : (k,) float64
        How far the slope stands out from its own error, 0 to 1 (James-Stein's factor).
    """

    level_deg: Floats
    slope_deg: Floats
    noise_deg: Floats
    trust: Floats

    def moisture(self, phase_deg: Floats, share: Floats | None = None) -> tuple[Floats, Floats]:
        """Return the moisture that tracks agree on, and its error, (n,) m3 m-3 each.

        Parameters
        ----------
        phase_deg : (n, k) float64
            Anomalies without gaps.
        share : (k,) float64, optional
            Further weights of the tracks, 0 or more.

        Returns
        -------
        vwc : (n,) float64
            Weighted least squares over the tracks, with Huber's weights for tracks far off. NaN
            where no track tells anything.
        error : (n,) float64
            Its standard error where the noise of tracks is their own.
        """
        weight = self.trust / self.noise_deg**2 * (1.0 if share is None else share)
        off_deg = phase_deg - self.level_deg
        robust = np.ones_like(off_deg)
        with np.errstate(invalid="ignore", divide="ignore"):
            for _ in range(_ROUNDS):
                pull = robust * (weight * self.slope_deg)
                told = np.sum(pull * self.slope_deg, axis=1)
                vwc = np.sum(pull * off_deg, axis=1) / told
                scaled = np.abs(off_deg - vwc[:, None] * self.slope_deg) / self.noise_deg
                robust = _FAR / np.maximum(scaled, _FAR)
            error = np.sqrt(np.sum((pull * self.noise_deg) ** 2, axis=1)) / told
        return np.where(told > 0, vwc, np.nan), np.where(told > 0, error, np.nan)


def learn_responses(phase_deg: Floats, vwc: Floats) -> TrackResponses:
    """Fit the lines.

    Parameters
    ----------
    phase_deg : (n, k) float64
        Anomalies of the training rows, without gaps.
    vwc : (n,) float64
        Their reference, m3 m-3.

    Examples
    --------
    >>> vwc = np.array([0.1, 0.2, 0.3, 0.4])
    >>> phase = np.outer(vwc, [-60.0, -80.0]) + [[0.1], [-0.1], [-0.1], [0.1]]
    >>> learn_responses(phase, vwc).moisture(np.array([[-15.0, -20.0]]))[0].round(3).tolist()
    [0.25]
    """
    n = len(vwc)
    off = vwc - vwc.mean()
    square = float(np.sum(off**2))
    slope = off @ (phase_deg - phase_deg.mean(axis=0)) / square if square > 0 else 0.0
    slope_deg = np.broadcast_to(slope, phase_deg.shape[1:]).astype(np.float64)
    level_deg = phase_deg.mean(axis=0) - slope_deg * vwc.mean()
    rest = phase_deg - level_deg - vwc[:, None] * slope_deg
    variance = np.maximum(np.sum(rest**2, axis=0) / max(n - 2, 1), 1e-12)
    uncertain = variance / square if square > 0 else np.full_like(variance, np.inf)
    ratio = np.divide(uncertain, slope_deg**2, out=np.full_like(variance, np.inf), where=slope != 0)
    trust = np.maximum(0.0, 1.0 - ratio)
    return TrackResponses(level_deg, slope_deg, np.sqrt(variance), trust)
