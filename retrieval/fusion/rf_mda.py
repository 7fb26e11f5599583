"""`rf-mda`: the forest that the paper holds against its own.

Jiang et al. 2024, section 5.2: splits lessen the mean absolute error in place of the squared one,
and a track weighs by its mean decrease of accuracy: how much the absolute error grows when the
track is shuffled. As in Breiman 2001 (Machine Learning 45, section 10) each tree is asked about the
days that did not grow it, one track shuffled among them at a time, and the rises are averaged over
trees, without the division by their spread that some programs make.

Splits by absolute errors cost three times as much as those by squared ones with scikit-learn 1.8 or
later, and more before. All else is as in `rf-mdi`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np

from retrieval.fusion.columns import Floats
from retrieval.fusion.forest import RfMdi, min_max
from retrieval.fusion.out_of_bag import out_of_bag_rows
from retrieval.fusion.prediction import Stamps, phase_columns

__all__ = ["RfMda"]


@dataclass(kw_only=True, eq=False)
class RfMda(RfMdi):
    """Random forest of absolute errors whose mean decrease of accuracy weighs the tracks.

    Parameters are those of `RfMdi`.

    Attributes
    ----------
    mda_ : (p,) float64
        Rise of the mean absolute error of days out of the bag when a column is shuffled, m3 m-3;
        less than 0 by chance.
    weights_ : (n_tracks,) float64
        Of the tracks, from `mda_`; min-max normalised, what is less than 0 as 0.
    mdi_ : (p,) float64
        As in `RfMdi`, but of the absolute error, m3 m-3.
    """

    mda_: Floats = field(init=False, repr=False)
    _name: ClassVar[str] = "rf-mda"
    _criterion: ClassVar[str] = "absolute_error"

    def fit(
        self, features: Floats, vwc: Floats, times: Stamps, dropped: Floats | None = None
    ) -> Self:
        """Train on rows; as `RfMdi.fit`."""
        super().fit(features, vwc, times, dropped)
        self.mda_ = _decrease_of_accuracy(self.forest_, features, vwc, self.seed)
        tracks = phase_columns(features, self.n_tracks).shape[1]
        self.weights_ = min_max(np.maximum(self.mda_[:tracks], 0.0))
        return self


def _decrease_of_accuracy(forest: Any, features: Floats, vwc: Floats, seed: int) -> Floats:
    """Return the mean rise of each tree's absolute error out of its bag, (p,) m3 m-3."""
    n, p = features.shape
    # As trees compare them.
    rows = features.astype(np.float32)
    rise, judged = np.zeros(p), 0
    for number, (tree, out) in enumerate(out_of_bag_rows(forest, n)):
        if len(out) < 2:
            continue
        judged += 1
        used = np.unique(tree.tree_.feature[tree.tree_.feature >= 0])
        draws = np.random.default_rng([seed, number])
        # The rows as they are, then once more for each column that the tree asks for.
        asked = np.tile(rows[out], (len(used) + 1, 1, 1))
        for place, column in enumerate(used, start=1):
            asked[place, :, column] = draws.permutation(asked[place, :, column])
        said = tree.predict(asked.reshape(-1, p), check_input=False)
        error = np.abs(said.reshape(len(used) + 1, -1) - vwc[out]).mean(axis=1)
        rise[used] += error[1:] - error[0]
    return rise / max(judged, 1)
