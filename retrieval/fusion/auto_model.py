"""`auto`: several models, weighted by how well they do on blocks of days that they have not seen.

Each candidate is trained as it would be alone. What they said of the training rows without having
seen their blocks, or years (`retrieval.validation.inner_folds`), is laid side by side, and the
weights, none below 0 and 1 in all, are those whose mean is nearest to the reference (stacked
regressions: Wolpert 1992, Neural Networks 5, 241-259; Breiman 1996, Machine Learning 24, 49-64).
Often one model gets all of it. Where models are close, their mean is safer than the winner of a
close race. The same blocks give the residuals that become the interval, so on short records it
covers less than it says.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import TooFewRowsError
from retrieval.fusion.columns import Floats
from retrieval.fusion.conformal import ConformalInterval
from retrieval.fusion.forest import RfMdi
from retrieval.fusion.fusion_model import Fusion
from retrieval.fusion.phase_lines import RidgeLine
from retrieval.fusion.prediction import MoistureModel, Prediction, Stamps, check_training
from retrieval.fusion.svm import Svm

__all__ = ["CANDIDATES", "Auto"]

CANDIDATES = ("fusion", "linear", "svm", "rf-mdi")
# A model with less weight is left out.
_LEAST = 0.05
_SUM = 1e3  # how strictly weights add up to 1


@dataclass(kw_only=True, eq=False)
class Auto:
    """Weighted mean of the models that do best in blocked cross-validation.

    Parameters
    ----------
    n_tracks : int, optional
        Columns of tracks, the first ones. Default: all.
    n_evidence : int, optional
        Columns after them that tell what tracks share and is not moisture. Default: none.
    preset : str, optional
        Of the forest (`retrieval.fusion.forest.FOREST_PRESETS`); by its grid otherwise.
    blocks, gap_days : int, float
        Of the cross-validation.
    seed : int
        Of all draws.
    n_jobs : int
        Threads of the training; changes no result.

    Attributes
    ----------
    rmse_ : dict of str to float
        Error of each candidate on blocks, m3 m-3; inf for one that could not be trained.
    share_ : dict of str to float
        Weights of the models that take part; 1 in all.
    models_ : dict of str to MoistureModel
        These models.
    weights_ : (n_tracks,) float64
        Of the tracks, 0 to 1: the mean of those of the models.
    interval_ : ConformalInterval
        Quantiles of the residuals.
    out_of_fold_ : Prediction
        What was said of each training row without its block.
    """

    n_tracks: int | None = None
    n_evidence: int | None = None
    preset: str | None = None
    blocks: int = 5
    gap_days: float = 5.0
    seed: int = 0
    n_jobs: int = 1
    uses_reference_of_test_: bool = field(init=False, default=False)
    rmse_: dict[str, float] = field(init=False)
    share_: dict[str, float] = field(init=False)
    models_: dict[str, MoistureModel] = field(init=False, repr=False)
    weights_: Floats = field(init=False, repr=False)
    interval_: ConformalInterval = field(init=False, repr=False)
    out_of_fold_: Prediction = field(init=False, repr=False)

    def fit(
        self, features: Floats, vwc: Floats, times: Stamps, dropped: Floats | None = None
    ) -> Self:
        """Train all candidates on rows and weigh them.

        Raises
        ------
        InputError
            Rows that do not fit together, or too few of them for any candidate.
        """
        check_training(features, vwc, times, dropped)
        models: dict[str, Any] = {}
        why = ""
        for name in CANDIDATES:
            try:
                models[name] = self.candidate(name).fit(features, vwc, times, dropped)
            except TooFewRowsError as error:
                why = str(error)  # a short record is enough for some of them
        if not models:
            raise TooFewRowsError(f"auto: no model can be trained on these rows; {why}")
        said = np.column_stack([model.out_of_fold_.vwc for model in models.values()])
        rows = np.isfinite(said).all(axis=1)
        rmse = np.sqrt(np.mean((said[rows] - vwc[rows, None]) ** 2, axis=0))
        share = _stack(said[rows], vwc[rows])
        self.rmse_ = {name: float("inf") for name in CANDIDATES}
        self.rmse_ |= dict(zip(models, rmse.tolist(), strict=True))
        self.share_ = {name: float(one) for name, one in zip(models, share, strict=True) if one > 0}
        self.models_ = {name: models[name] for name in self.share_}
        mean = said[:, share > 0] @ share[share > 0]
        self.interval_ = ConformalInterval(symmetric=False).fit(mean, mean, vwc)
        self.out_of_fold_ = Prediction.around(mean, *self.interval_.apply(mean, mean))
        self.weights_ = self._weights(features.shape[1])
        return self

    def predict(self, features: Floats, times: Stamps | None = None) -> Prediction:
        """Return the weighted mean of (m, p) rows with its interval; `times` play no part."""
        vwc = np.zeros(len(features))
        for name, share in self.share_.items():
            vwc += share * self.models_[name].predict(features, times).vwc
        return Prediction.around(vwc, *self.interval_.apply(vwc, vwc))

    def candidate(self, name: str) -> Any:
        """Return an untrained candidate."""
        kind = {"fusion": Fusion, "linear": RidgeLine, "svm": Svm, "rf-mdi": RfMdi}[name]
        known = {one.name for one in dataclasses.fields(kind) if one.init}
        own = {one.name: getattr(self, one.name) for one in dataclasses.fields(self) if one.init}
        return kind(**{key: value for key, value in own.items() if key in known})

    def _weights(self, p: int) -> Floats:
        """Return the weights of tracks: each model's own, 1 in all; all alike where it has none."""
        k = p if self.n_tracks is None else self.n_tracks
        total = np.zeros(k)
        for name, share in self.share_.items():
            own = np.asarray(getattr(self.models_[name], "weights_", np.ones(k)))
            total += share * own / own.sum()
        return np.asarray(total / total.max())


def _stack(said: Floats, vwc: NDArray[np.float64]) -> Floats:
    """Return the weights of columns, (c,): 0 or more, 1 in all, small ones left out."""
    from scipy.optimize import nnls

    used = np.ones(said.shape[1], np.bool_)
    while True:
        left = np.vstack([said[:, used], np.full(used.sum(), _SUM)])
        weights = np.zeros(said.shape[1])
        weights[used] = nnls(left, np.append(vwc, _SUM))[0]
        weights /= weights.sum()
        kept = weights >= _LEAST
        if (kept == used).all():
            return weights
        used = kept
