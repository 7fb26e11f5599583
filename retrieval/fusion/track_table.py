"""The tracks that a trained model knows, learnt once from its training arcs and kept beside it.

A track is a column of the matrix that models see. Where satellites repeat daily it is one satellite
on one signal and direction in one cluster of azimuth (`retrieval.tracks`). Galileo, GLONASS and the
MEO of BeiDou come back after 7 to 10 days; all of one constellation that pass a fixed sector of
azimuth on one signal and direction make one track, and each of its satellites has an offset of its
own there, for its power, carrier and exact path.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrieval.errors import InputError
from retrieval.fusion.closed import Numbers, closed_arcs, closing_order
from retrieval.fusion.columns import Floats
from retrieval.fusion.history import refer_phases
from retrieval.fusion.placed_arcs import PlacedArcs
from retrieval.fusion.track_identity import (
    Names,
    arc_identities,
    identity_epochs,
    is_shared,
    sector_first_deg,
)
from retrieval.interferogram import wrap_deg
from retrieval.tracks import Tracks

__all__ = ["SubTracks", "TrackTable"]

# Stands for the satellite in the rows of `TrackTable.to_frame` that describe whole tracks.
_ALL = "*"
_COLUMNS = {
    "identity": object,
    "first_deg": np.float64,
    "width_deg": np.float64,
    "apriori_height_m": np.float64,
    "reference_deg": np.float64,
    "amplitude": np.float64,
    "height_m": np.float64,
    "n_rows": np.int64,
}


@dataclass(frozen=True)
class SubTracks:
    """The place of single satellites in tracks that many satellites share, s rows.

    Attributes
    ----------
    track : (s,) intp
        The track, ascending.
    satellite : (s,) object
        Name, such as "E05"; ascending inside a track.
    reference_deg : (s,) float64
        The satellite's phase there on the median day.
    n_visits : (s,) int64
        Training days behind it.
    """

    track: Numbers
    satellite: Names
    reference_deg: Floats
    n_visits: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.track)


@dataclass(frozen=True)
class TrackTable:
    """Tracks of a station, k of them, by identity and azimuth.

    Attributes
    ----------
    identity : (k,) object
        Satellite, signal and direction, such as "G05-S2X-rising"; of satellites that do not repeat
        daily the constellation, as in "E-S1C-rising". Where it was known what heard the training
        arcs, the token of that equipment follows, as in "G05-S2X-rising-1a2b3c". Ascending.
    first_deg, width_deg : (k,) float64
        Where the sector of azimuth begins, clockwise, in [0, 360), ascending inside an identity;
        and its extent.
    apriori_height_m : (k,) float64
        The height that the track's phases refer to.
    reference_deg : (k,) float64
        The track's phase on the median training day.
    amplitude : (k,) float64
        Its norm: the mean of the highest fifth of the training amplitudes, volts/volts.
    height_m : (k,) float64
        Its usual reflector height.
    n_rows : (k,) int64
        UTC days of training on which it was heard.
    subtracks : SubTracks
        Offsets of single satellites in the tracks of constellations.
    """

    identity: Names
    first_deg: Floats
    width_deg: Floats
    apriori_height_m: Floats
    reference_deg: Floats
    amplitude: Floats
    height_m: Floats
    n_rows: NDArray[np.int64]
    subtracks: SubTracks

    def __len__(self) -> int:
        return len(self.identity)

    @property
    def epoch(self) -> Names:
        """Token of the equipment of each track, empty where it was not known, (k,)."""
        return identity_epochs(self.identity)

    def place(self, arcs: pd.DataFrame) -> PlacedArcs:
        """Return the track of each accepted arc and what it shows beside the track's usual.

        Arcs of satellites that were not heard in training belong to no track. A satellite that
        shares its tracks with others is known once it has an offset in one of them; where it has
        none (fewer than four visits in training), its phase is taken against the median of the
        whole sector. Arcs whose phase refers to a height more than 3 cm from the track's belong to
        no track (`retrieval.fusion.history.refer_phases`).

        Arcs of a receiver or antenna that was not there in training belong to no track either. A
        table that was learnt without knowing any takes arcs of all.

        Parameters
        ----------
        arcs : DataFrame
            Arc table of the station, in any order; the columns `MODEL_COLUMNS` suffice.
        """
        rows = closing_order(arcs)
        closed = closed_arcs(arcs)
        known_epochs = bool((self.epoch != "").any())
        satellite, identity = arc_identities(arcs.iloc[rows], epochs=known_epochs)
        track = self._find(identity, closed.azimuth_deg)
        reference_deg, known = self._references(satellite, track)
        track, phase_deg = refer_phases(closed, np.where(known, track, -1), self.apriori_height_m)
        inside = track >= 0
        amplitude, rise_m = np.full((2, len(track)), np.nan)
        amplitude[inside] = closed.amplitude[inside] / self.amplitude[track[inside]]
        rise_m[inside] = self.height_m[track[inside]] - closed.height_m[inside]
        anomaly_deg = wrap_deg(phase_deg - reference_deg)
        return PlacedArcs(closed, rows, track, anomaly_deg, amplitude, rise_m)

    @classmethod
    def empty(cls) -> TrackTable:
        """Return a table without tracks, as before the first arcs."""
        none = {name: np.empty(0, dtype) for name, dtype in _COLUMNS.items()}
        no_offsets = SubTracks(
            np.empty(0, np.intp), np.empty(0, object), np.empty(0), np.empty(0, np.int64)
        )
        return cls(**none, subtracks=no_offsets)

    def to_frame(self) -> pd.DataFrame:
        """Return the table with one row per track and one per sub-track, for Parquet or CSV.

        `track` numbers the tracks; `satellite` is "*" in the rows of tracks. A sub-track repeats
        its track's row but for its own `reference_deg` and, as `n_rows`, its visits. CSV keeps
        every bit when it is read with ``dtype=str``.
        """
        columns = {name: getattr(self, name) for name in _COLUMNS}
        own = pd.DataFrame({"track": np.arange(len(self)), "satellite": _ALL, **columns})
        sub = self.subtracks
        parts = {name: values[sub.track] for name, values in columns.items()}
        parts |= {"reference_deg": sub.reference_deg, "n_rows": sub.n_visits}
        of_satellites = pd.DataFrame({"track": sub.track, "satellite": sub.satellite, **parts})
        frames = [frame for frame in (own, of_satellites) if len(frame)] or [own]
        return pd.concat(frames, ignore_index=True)

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> TrackTable:
        """Return the table that `to_frame` wrote.

        Raises
        ------
        InputError
            A column is missing, or tracks are not numbered from 0.
        """
        missing = [name for name in ("track", "satellite", *_COLUMNS) if name not in frame]
        if missing:
            raise InputError(
                f"track table: column {', '.join(missing)} missing; expected a table as "
                "TrackTable.to_frame writes it"
            )
        of_tracks = frame["satellite"].to_numpy() == _ALL
        number = frame["track"].to_numpy().astype(np.intp)
        k = int(of_tracks.sum())
        if (number[of_tracks] != np.arange(k)).any() or not np.isin(number, np.arange(k)).all():
            raise InputError(
                f"track table: {k} rows of tracks that are not numbered from 0 in order, or "
                "sub-tracks of others; expected a table as TrackTable.to_frame writes it"
            )
        column = {name: frame[name].to_numpy().astype(dtype) for name, dtype in _COLUMNS.items()}
        subtracks = SubTracks(
            number[~of_tracks],
            frame["satellite"].to_numpy().astype(object)[~of_tracks],
            column["reference_deg"][~of_tracks],
            column["n_rows"][~of_tracks],
        )
        own = {name: values[of_tracks] for name, values in column.items()}
        return cls(**own, subtracks=subtracks)

    def _find(self, identity: Names, azimuth_deg: Floats) -> Numbers:
        """Return the track of identities (n,) at azimuths, by azimuth alone; -1 for none."""
        if len(self) == 0:
            return np.full(len(identity), -1, dtype=np.intp)
        names, number = np.unique(self.identity.astype(str), return_inverse=True)
        asked, back = np.unique(identity.astype(str), return_inverse=True)
        place = np.minimum(np.searchsorted(names, asked), len(names) - 1)
        of_arc = np.where(names[place] == asked, place, -1)[back]
        track = np.full(len(identity), -1, dtype=np.intp)

        pooled_name = is_shared(names)
        pooled, pooled_arc = pooled_name[number], (of_arc >= 0) & pooled_name[of_arc]
        single = np.flatnonzero(~pooled)
        rows = np.flatnonzero((of_arc >= 0) & ~pooled_arc)
        clusters = Tracks(number[single], self.first_deg[single], self.width_deg[single])
        found = clusters.place(of_arc[rows], azimuth_deg[rows])
        track[rows[found >= 0]] = single[found[found >= 0]]

        shared, rows = np.flatnonzero(pooled), np.flatnonzero(pooled_arc)
        if len(shared):
            keys = number[shared] * 360.0 + self.first_deg[shared]
            sector_deg = sector_first_deg(azimuth_deg[rows])
            key = of_arc[rows] * 360.0 + sector_deg
            place = np.minimum(np.searchsorted(keys, key), len(keys) - 1)
            hit = keys[place] == key
            track[rows[hit]] = shared[place[hit]]
        return track

    def _references(self, satellite: Names, track: Numbers) -> tuple[Floats, NDArray[np.bool_]]:
        """Return the reference phase of each arc and whether its satellite is known there, (n,)."""
        known = track >= 0
        reference_deg = np.full(len(track), np.nan)
        reference_deg[known] = self.reference_deg[track[known]]
        shared = np.flatnonzero(known)[is_shared(self.identity)[track[known]]]
        if len(shared) == 0:
            return reference_deg, known
        sub = self.subtracks
        offsets = pd.Series(
            sub.reference_deg, pd.MultiIndex.from_arrays([sub.track, sub.satellite])
        )
        asked = pd.MultiIndex.from_arrays([track[shared], satellite[shared]])
        own = offsets.reindex(asked).to_numpy()
        reference_deg[shared] = np.where(np.isnan(own), reference_deg[shared], own)
        heard = {f"{self.identity[t]}/{s}" for t, s in zip(sub.track, sub.satellite, strict=True)}
        names = self.identity[track[shared]] + "/" + satellite[shared]
        known[shared] = np.isin(names.astype(str), sorted(heard))
        return reference_deg, known
