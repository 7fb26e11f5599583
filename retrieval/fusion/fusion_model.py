"""`fusion`: our own model, a calibrated index of all tracks, with a forest where that helps.

1. Each track's line in moisture, read backwards, gives an index of moisture that all tracks agree
   on, weighted by what each tells and robust against those that do not
   (`retrieval.fusion.track_responses`).
2. The index is calibrated by a line, and by a parabola where that rises over all that was seen and
   some way beyond; without, with one and with both of the amplitude index and the rise of the
   surface beside it, since what tracks share and is not moisture shows there. The mean of these six
   is taken: picking one of them by cross-validation was worse, for the six are close and days few.
3. A forest on all columns learns what is left, if that makes the error on blocks of days 2 % less.

Importances of a forest as further weights of the tracks made the index worse on every simulated
record that was tried, and are not used. Nor is time smoothed: rows are means over a day already.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import InputError
from retrieval.fusion.columns import Floats
from retrieval.fusion.conformal import ConformalInterval, out_of_fold, to_gap
from retrieval.fusion.index_calibration import IndexCalibration, calibrate_index
from retrieval.fusion.prediction import Prediction, Stamps, check_training, phase_columns
from retrieval.fusion.track_responses import TrackResponses, learn_responses

__all__ = ["Fusion"]

Indices = NDArray[np.intp]

_TREES, _LEAF = 200, 5
# A forest has to make the error this much smaller.
_HELPS = 0.98


@dataclass(frozen=True, eq=False)
class _Index:
    """Index of moisture and its calibration."""

    responses: TrackResponses
    calibration: IndexCalibration

    def at(self, tracks: Floats, evidence: Floats) -> Floats:
        return self.calibration.at(self.responses.moisture(tracks)[0], evidence)


@dataclass(kw_only=True, eq=False)
class Fusion:
    """Calibrated index of all tracks, and a forest on what is left where blocks say that it helps.

    Parameters
    ----------
    n_tracks : int, optional
        Columns of tracks, the first ones. Default: all.
    n_evidence : int, optional
        Columns after them that tell what tracks share and is not moisture. Default: none.
    blocks, gap_days : int, float
        Of the cross-validation that decides on the forest and calibrates the intervals.
    seed : int
        Of the forest.
    n_jobs : int
        Threads of the training; changes no result.

    Attributes
    ----------
    responses_ : TrackResponses
        Line of each track.
    calibration_ : IndexCalibration
        From index to moisture.
    forest_ : RandomForestRegressor or None
        On the residuals; None where it does not help.
    weights_ : (n_tracks,) float64
        What each track tells of the index, 0 to 1, the most telling 1.
    rmse_without_, rmse_with_ : float
        Error on blocks without the forest and with it, m3 m-3.
    interval_ : ConformalInterval
        Quantiles of the residuals.
    out_of_fold_ : Prediction
        What was said of each training row without its block.
    """

    n_tracks: int | None = None
    n_evidence: int | None = None
    blocks: int = 5
    gap_days: float = 5.0
    seed: int = 0
    n_jobs: int = 1
    uses_reference_of_test_: bool = field(init=False, default=False)
    responses_: TrackResponses = field(init=False, repr=False)
    calibration_: IndexCalibration = field(init=False, repr=False)
    forest_: Any = field(init=False, repr=False)
    weights_: Floats = field(init=False, repr=False)
    rmse_without_: float = field(init=False)
    rmse_with_: float = field(init=False)
    interval_: ConformalInterval = field(init=False, repr=False)
    out_of_fold_: Prediction = field(init=False, repr=False)

    def fit(
        self, features: Floats, vwc: Floats, times: Stamps, dropped: Floats | None = None
    ) -> Self:
        """Fit on (n, p) rows; `dropped` is not used.

        Raises
        ------
        InputError
            Rows that do not fit together, or too few of them.
        """
        check_training(features, vwc, times, dropped)

        def predict(train: Indices, test: Indices) -> Floats:
            index = self._index(features[train], vwc[train])
            left = vwc[train] - index.at(*self._parts(features[train]))
            said = index.at(*self._parts(features[test]))
            rest = self._grow(features[train], left).predict(features[test])
            return np.column_stack([said, said + rest])

        found = out_of_fold(predict, times, self.blocks, to_gap(self.gap_days))
        self.rmse_without_, self.rmse_with_ = (
            float(one) for one in np.sqrt(np.nanmean((found - vwc[:, None]) ** 2, axis=0))
        )
        helps = self.rmse_with_ < _HELPS * self.rmse_without_
        said = found[:, int(helps)]
        self.interval_ = ConformalInterval(symmetric=False).fit(said, said, vwc)
        self.out_of_fold_ = Prediction.around(said, *self.interval_.apply(said, said))
        index = self._index(features, vwc)
        self.responses_, self.calibration_ = index.responses, index.calibration
        left = vwc - index.at(*self._parts(features))
        self.forest_ = self._grow(features, left) if helps else None
        told = index.responses.trust * (index.responses.slope_deg / index.responses.noise_deg) ** 2
        self.weights_ = told / told.max() if told.max() > 0 else np.ones_like(told)
        return self

    def predict(self, features: Floats, times: Stamps | None = None) -> Prediction:
        """Return the moisture of (m, p) rows with its interval; `times` play no part."""
        vwc = _Index(self.responses_, self.calibration_).at(*self._parts(features))
        if self.forest_ is not None:
            vwc = vwc + self.forest_.predict(features)
        return Prediction.around(vwc, *self.interval_.apply(vwc, vwc))

    def _parts(self, features: Floats) -> tuple[Floats, Floats]:
        """Return the columns of tracks and those of evidence."""
        tracks = phase_columns(features, self.n_tracks)
        k, more = tracks.shape[1], self.n_evidence or 0
        if not 0 <= more <= features.shape[1] - k:
            raise InputError(
                f"fusion: n_evidence {more}, expected 0 to the {features.shape[1] - k} columns "
                f"after {k} tracks"
            )
        return tracks, features[:, k : k + more]

    def _index(self, features: Floats, vwc: Floats) -> _Index:
        """Fit the tracks' lines and the calibration of what they say together."""
        tracks, evidence = self._parts(features)
        responses = learn_responses(tracks, vwc)
        said, _ = responses.moisture(tracks)
        return _Index(responses, calibrate_index(said, evidence, vwc))

    def _grow(self, features: Floats, left: Floats) -> Any:
        """Return a forest grown on what is left."""
        from sklearn.ensemble import RandomForestRegressor

        forest = RandomForestRegressor(
            n_estimators=_TREES,
            min_samples_leaf=_LEAF,
            max_features=max(1, features.shape[1] // 3),
            random_state=self.seed,
            n_jobs=self.n_jobs,
        )
        # Threads would add up the trees in the order in which they come back.
        return forest.fit(features, left).set_params(n_jobs=1)
