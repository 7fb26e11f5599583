"""What a station's tracks did before a day: one row per UTC day, one column per track.

Everything said of a day D follows from the arcs that closed in a fixed number of days before D and
from nothing else, so it does not matter how much older history is at hand. Arcs of another receiver
or antenna than the last one's are of other tracks, which tell nothing of the present.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retrieval.fusion.closed import MS_PER_DAY, ClosedArcs, Numbers
from retrieval.fusion.columns import Floats
from retrieval.interferogram import wrap_deg
from retrieval.tracks import Tracks, find_tracks

__all__ = ["TrackHistory", "refer_phases", "track_history"]

# Referred to another height by its slope, a phase is off by .5 degrees at 3 cm, soon by more.
_HEIGHT_CHANGE_M = 0.03


@dataclass(frozen=True)
class TrackHistory:
    """Daily record of k tracks; the last arc of a day speaks for it.

    Attributes
    ----------
    tracks : Tracks
        The tracks of these days.
    apriori_height_m : (k,) float64
        The height that all phases of a track are referred to: that of its last arc.
    phase_deg, amplitude, height_m : (days, k) float64
        The last row is the day before. NaN where there is no arc.
    """

    tracks: Tracks
    apriori_height_m: Floats
    phase_deg: Floats
    amplitude: Floats
    height_m: Floats

    def refer(self, arcs: ClosedArcs) -> tuple[Numbers, Floats]:
        """Return the track of each arc and its phase at the track's height.

        See `refer_phases`.

        Parameters
        ----------
        arcs : ClosedArcs
            n arcs, of the same `closed_arcs` as these days.

        Returns
        -------
        track : (n,) intp
            -1 for arcs of no track.
        phase_deg : (n,) float64
            In (-180, 180], NaN for arcs of no track.
        """
        track = self.tracks.place(arcs.identity, arcs.azimuth_deg)
        return refer_phases(arcs, track, self.apriori_height_m)


def refer_phases(
    arcs: ClosedArcs, track: Numbers, apriori_height_m: Floats
) -> tuple[Numbers, Floats]:
    """Refer the phases of arcs to the heights of their tracks.

    The phase is moved by ``-slope (h1 - h0)``; on MCHL that is .2 degrees off for heights that
    differ by 2 cm and 5.5 degrees for 10 cm (95 % of arcs). So arcs that refer to a height more
    than 3 cm away belong to no track.

    Parameters
    ----------
    arcs : ClosedArcs
        n arcs.
    track : (n,) intp
        Their tracks, -1 for none.
    apriori_height_m : (k,) float64
        Height of each track.

    Returns
    -------
    track : (n,) intp
        -1 for arcs of no track.
    phase_deg : (n,) float64
        In (-180, 180], NaN for arcs of no track.
    """
    if len(apriori_height_m) == 0:
        return track, np.full(len(arcs), np.nan)
    change_m = np.round(apriori_height_m[track] - arcs.apriori_height_m, 4)
    track = np.where(np.abs(change_m) > _HEIGHT_CHANGE_M, -1, track)
    moved_deg = np.nan_to_num(arcs.slope_deg_per_mm * change_m * 1000.0)
    return track, np.where(track >= 0, wrap_deg(arcs.phase_deg - moved_deg), np.nan)


def track_history(arcs: ClosedArcs, day: int, days: int) -> TrackHistory:
    """Find the tracks of the `days` UTC days before `day` and lay their arcs out.

    Of the arcs of these days those count that the same equipment heard as the last of them.

    Parameters
    ----------
    arcs : ClosedArcs
        Arcs of the station; those that closed outside these days change nothing.
    day : int
        UTC day, days since 1970.
    days : int
        Number of rows of the record.
    """
    past = arcs.between((day - days) * MS_PER_DAY, day * MS_PER_DAY).of_latest_equipment()
    tracks = find_tracks(past.identity, past.azimuth_deg)
    track = tracks.place(past.identity, past.azimuth_deg)
    row = past.closed // MS_PER_DAY - (day - days)
    apriori_height_m = np.full(len(tracks), np.nan)
    apriori_height_m[track] = past.apriori_height_m  # in order of time: the last one stays
    nothing = np.full((days, len(tracks)), np.nan)
    history = TrackHistory(tracks, apriori_height_m, nothing.copy(), nothing.copy(), nothing)
    track, phase_deg = history.refer(past)
    kept = track >= 0
    for matrix, values in (
        (history.phase_deg, phase_deg),
        (history.amplitude, past.amplitude),
        (history.height_m, past.height_m),
    ):
        matrix[row[kept], track[kept]] = values[kept]
    return history
