"""`cnn`: a convolutional network along the azimuth, a rival of the paper.

The paper says no more of its network than its name. Ours sees the tracks in order of azimuth, since
neighbours on the sky see the same ground, and is small, since a season has few days: see
`retrieval.fusion.cnn_network`. Several networks of different draws are averaged.

Training stops early: each network is first trained without the last block in time of the training
rows, which says after how many epochs its error there is least, then anew on all rows for as many
(Goodfellow, Bengio & Courville 2016, Deep Learning, algorithm 7.2). Copies with dropped tracks
train beside the rows with half of their weight.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import InputError
from retrieval.fusion.cnn_network import NetworkShape, Practice, ask, train
from retrieval.fusion.columns import Floats, level_and_spread
from retrieval.fusion.conformal import ConformalInterval, to_gap
from retrieval.fusion.prediction import Prediction, Stamps, check_training
from retrieval.fusion.tuning import tune

__all__ = ["Cnn", "Networks"]

Indices = NDArray[np.intp]

_COPY_WEIGHT = 0.5
_COUNTS = ("networks", "channels", "kernel", "hidden", "max_epochs", "patience", "batch", "blocks")


class Networks(NamedTuple):
    """Networks that were trained on the same rows, and what their numbers mean.

    Attributes
    ----------
    shape : NetworkShape
        Of each.
    columns : (p,) intp
        The columns in the order in which they are seen: tracks by azimuth, then the others.
    mean, scale : (p,) float64
        What is seen is ``(features - mean) / scale``.
    level, spread : () float64
        What is said is ``(vwc - level) / spread``, m3 m-3; a spread of 0 leaves the level.
    parameters : dict
        (networks, ...) float64 by name.
    """

    shape: NetworkShape
    columns: Indices
    mean: Floats
    scale: Floats
    level: Floats
    spread: Floats
    parameters: dict[str, Floats]

    def seen(self, features: Floats) -> Floats:
        """Return (m, p) rows as the networks see them."""
        return np.ascontiguousarray(((features - self.mean) / self.scale)[:, self.columns])

    def at(self, features: Floats) -> Floats:
        """Return the mean of the networks at (m, p) rows, (m,) m3 m-3."""
        rows = self.seen(features)
        said = [
            ask(self.shape, {name: each[k] for name, each in self.parameters.items()}, rows)
            for k in range(len(self.parameters["last_bias"]))
        ]
        return np.asarray(self.level + self.spread * np.mean(said, axis=0))


@dataclass(kw_only=True, eq=False)
class Cnn:
    """Convolutional networks over the tracks in order of azimuth.

    Parameters
    ----------
    order : tuple of int, optional
        The columns of tracks in order of azimuth; all others (weather) join after the convolutions.
        Default: all columns are tracks and stand in order.
    networks : int
        Of different draws, averaged.
    channels, kernel, hidden : int
        Sizes of a network, see `NetworkShape`; the kernel is odd.
    max_epochs, patience, batch, rate, decay : int and float
        How one is trained, see `Practice`.
    blocks, gap_days : int, float
        Of the cross-validation that calibrates the intervals, and of the block that stops the
        training.
    seed : int
        Of all draws.

    Attributes
    ----------
    epochs_ : tuple of int
        Epochs of each network.
    networks_ : Networks
        Trained on all rows.
    interval_ : ConformalInterval
        Quantiles of the residuals.
    out_of_fold_ : Prediction
        What was said of each training row by networks that had not seen its block.
    """

    order: tuple[int, ...] | None = None
    networks: int = 3
    channels: int = 8
    kernel: int = 5
    hidden: int = 16
    max_epochs: int = 300
    patience: int = 30
    batch: int = 32
    rate: float = 1e-3
    decay: float = 1e-2
    blocks: int = 5
    gap_days: float = 5.0
    seed: int = 0
    uses_reference_of_test_: bool = field(init=False, default=False)
    epochs_: tuple[int, ...] = field(init=False)
    networks_: Networks = field(init=False, repr=False)
    interval_: ConformalInterval = field(init=False, repr=False)
    out_of_fold_: Prediction = field(init=False, repr=False)

    def fit(
        self, features: Floats, vwc: Floats, times: Stamps, dropped: Floats | None = None
    ) -> Self:
        """Train on rows.

        Parameters
        ----------
        features : (n, p) float64
            Phase anomalies in degrees, without gaps, and any other columns.
        vwc, times : (n,) float64, (n,) datetime64
            Reference moisture, m3 m-3, and time of each row, in any order.
        dropped : (n, p) float64, optional
            The same rows with tracks taken away at random and filled as missing ones are.

        Raises
        ------
        InputError
            Rows that do not fit together, too few of them, settings that say nothing, or torch is
            not installed.
        """
        check_training(features, vwc, times, dropped)
        self._check()
        self.epochs_ = self._search(features, vwc, times, dropped)

        def fitted(rows: Indices) -> Networks:
            copies = None if dropped is None else dropped[rows]
            return self._train(features[rows], vwc[rows], copies, self.epochs_)[0]

        def predict(train: Indices, test: Indices) -> Floats:
            return fitted(train).at(features[test])[:, None]

        found = tune(predict, vwc, times, self.blocks, self.gap_days)
        self.interval_, self.out_of_fold_ = found.interval, found.out_of_fold
        self.networks_ = fitted(np.arange(len(vwc)))
        return self

    def predict(self, features: Floats, times: Stamps | None = None) -> Prediction:
        """Return the moisture of (m, p) rows with its interval; `times` play no part.

        Raises
        ------
        InputError
            torch is not installed.
        """
        vwc = self.networks_.at(features)
        return Prediction.around(vwc, *self.interval_.apply(vwc, vwc))

    def layout(self, n_columns: int) -> tuple[NetworkShape, Indices]:
        """Return the sizes of the networks, and the columns in the order in which they are seen.

        Raises
        ------
        InputError
            `order` names a column twice or one that is not there.
        """
        every = np.arange(n_columns)
        tracks = every if self.order is None else np.array(self.order, np.intp)
        others = np.setdiff1d(every, tracks)
        if len(tracks) == 0 or not np.array_equal(np.sort(np.append(tracks, others)), every):
            raise InputError(
                f"cnn: order {self.order}, expected some of the columns 0 to {n_columns - 1}, each "
                "once"
            )
        sizes = self.channels, self.kernel, self.hidden
        return NetworkShape(len(tracks), len(others), *sizes), np.append(tracks, others)

    def _search(
        self, features: Floats, vwc: Floats, times: Stamps, dropped: Floats | None
    ) -> tuple[int, ...]:
        """Return after how many epochs each network is best on the last block in time."""
        late = np.array_split(np.argsort(times, kind="stable"), self.blocks)[-1]
        early = np.flatnonzero(times < times[late].min() - to_gap(self.gap_days))
        if len(early) == 0:
            raise InputError(
                f"cnn: no row earlier than {self.gap_days:g} days before the last of {self.blocks} "
                "blocks; give a longer record, more blocks or a shorter gap"
            )
        copies = None if dropped is None else dropped[early]
        most = (self.max_epochs,) * self.networks
        judge = features[late], vwc[late]
        return self._train(features[early], vwc[early], copies, most, judge)[1]

    def _train(
        self,
        features: Floats,
        vwc: Floats,
        dropped: Floats | None,
        epochs: tuple[int, ...],
        judge: tuple[Floats, Floats] | None = None,
    ) -> tuple[Networks, tuple[int, ...]]:
        """Return networks trained on rows for as many epochs, and the epochs that were best."""
        level, spread = vwc.mean(), vwc.std()
        scales = *level_and_spread(features), np.array(level), np.array(spread)
        networks = Networks(*self.layout(features.shape[1]), *scales, {})
        unit = spread or 1.0
        rows, goal, weight = networks.seen(features), (vwc - level) / unit, np.ones(len(vwc))
        if dropped is not None:
            rows, goal = np.concatenate([rows, networks.seen(dropped)]), np.tile(goal, 2)
            weight = np.append(weight, np.full(len(vwc), _COPY_WEIGHT))
        judges = None if judge is None else (networks.seen(judge[0]), (judge[1] - level) / unit)
        seeds = np.random.SeedSequence(self.seed).generate_state(self.networks)
        practice = self.patience, self.batch, self.rate, self.decay
        trained = [
            train(networks.shape, Practice(most, *practice), rows, goal, weight, int(seed), judges)
            for most, seed in zip(epochs, seeds, strict=True)
        ]
        stacked = {
            name: np.stack([parameters[name] for parameters, _ in trained])
            for name in networks.shape.parameters()
        }
        return networks._replace(parameters=stacked), tuple(found for _, found in trained)

    def _check(self) -> None:
        """Refuse settings that say nothing."""
        for name in _COUNTS:
            if getattr(self, name) < 1:
                raise InputError(f"cnn: {name} {getattr(self, name)}, expected 1 or more")
        if self.kernel % 2 == 0:
            raise InputError(f"cnn: kernel {self.kernel}, expected an odd number")
        if not self.rate > 0 or not self.decay >= 0:
            raise InputError(
                f"cnn: rate {self.rate:g} and decay {self.decay:g}, expected a rate above 0 and a "
                "decay of 0 or more"
            )
