"""The physical linear model over a whole record at once: for archives, never for a service.

The recipe of gnssrefl's ``vwc``, whose published year of MCHL (2017) it gives back to the rounding
of that file (.0005 m3 m-3). What must be read into the recipe for that:

- the "30-day mean" of the normalised amplitude is a boxcar of 30 *rows*, whatever days are missing:
  the row itself, 15 before and 14 after. At the ends rows are mirrored about the first and the last
  one, which are not repeated (`scipy.ndimage.uniform_filter1d` with ``mode="mirror"``);
- the year is levelled on the dry season that *ends* in it: with days 330 to 45, on days 1 to 44 as
  far as nothing is known of the year before. The last day is out. Days from 330 on level the next
  year;
- the lowest 15 % of these are rounded to whole days (.15 * 38 = 5.7: six), and their mean is the
  soil's residual moisture.

Values look up to two weeks ahead, and change with every day that is added: so the service uses the
causal mode (`retrieval.fusion.linear`).

The record of each receiver and antenna is estimated by itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrieval.equipment import equipment_tokens
from retrieval.errors import InputError
from retrieval.fusion.closed import MS_PER_DAY, ClosedArcs, closed_arcs
from retrieval.fusion.columns import Floats
from retrieval.fusion.dry_season import Days, YearLevel, year_levels
from retrieval.fusion.frost import Temperatures
from retrieval.fusion.history import track_history
from retrieval.fusion.level import VEGETATION_DEG, daily_record, highest_mean
from retrieval.fusion.settings import LinearSettings
from retrieval.fusion.windows import (
    ESTIMATE_COLUMNS,
    DryLevels,
    estimate_columns,
    estimate_table,
    hear_windows,
)

__all__ = ["RetrospectiveModel", "retrospective_moisture"]

_ROWS = 30


def retrospective_moisture(
    dates: Days, psi_deg: Floats, amplitude: Floats, settings: LinearSettings
) -> Floats:
    """Turn daily means of a whole record into soil moisture.

    ``VWC = residual + S (psi_corr - psi_min)``, ``psi_corr = psi - (a - 1) 50.25 / 1.48`` (Chew et
    al. 2016), a the centred mean of the amplitude and psi_min the level of the year's dry season,
    both as the module says. In gnssrefl's words: VWC = 1.48 (psi_corr - 2) percent, levelled; the 2
    goes with the level.

    Parameters
    ----------
    dates : (n,) datetime64[D]
        Days, ascending, UTC; days without a value are left out.
    psi_deg : (n,) float64
        Negated phase from any reference, degrees: it rises with moisture.
    amplitude : (n,) float64
        Amplitude over the tracks' amplitude without vegetation, about 1.
    settings : LinearSettings
        Residual moisture, slope and dry season.

    Returns
    -------
    (n,) float64
        Soil moisture, m3 m-3, not clipped.

    Raises
    ------
    InputError
        The three differ in length, dates do not ascend, or a value is NaN.

    Examples
    --------
    >>> from retrieval.soil import soil_limits
    >>> days = np.arange("2024-06-18", "2024-06-28", dtype="datetime64[D]")
    >>> psi = np.array([0.0] * 8 + [10.0, 5.0])
    >>> settings = LinearSettings(soil=soil_limits("loam"))
    >>> retrospective_moisture(days, psi, np.ones(10), settings)[-3:].round(3).tolist()
    [0.078, 0.226, 0.152]
    """
    if not len(dates) == len(psi_deg) == len(amplitude):
        raise InputError(
            f"daily means: {len(dates)} dates, {len(psi_deg)} phases and {len(amplitude)} "
            "amplitudes, expected as many of each"
        )
    dates = np.asarray(dates, dtype="datetime64[D]")
    if (np.diff(dates) <= np.timedelta64(0, "D")).any():
        raise InputError("daily means: dates do not ascend; sort them and keep one row per day")
    if np.isnan(psi_deg).any() or np.isnan(amplitude).any():
        raise InputError("daily means: a value is NaN; leave days without a value out")
    corrected = psi_deg - _vegetation_deg(amplitude)
    levels = year_levels(dates, corrected, settings.dry_season_doy)
    psi_min_deg = _of_days(levels, dates, "psi_min_deg")
    return np.asarray(settings.soil.residual + settings.slope_per_deg * (corrected - psi_min_deg))


class RetrospectiveModel:
    """The physical linear model in retrospective mode: one estimate for each UTC day with arcs.

    Parameters
    ----------
    settings : LinearSettings
        Soil, slope, rules and dry season.

    Attributes
    ----------
    levels_ : tuple of YearLevel
        The level of dry soil of each calendar year, as `estimate` learnt it; of years in which more
        than one equipment heard, one of each.
    """

    levels_: tuple[YearLevel, ...]

    def __init__(self, settings: LinearSettings) -> None:
        self.settings = settings

    def estimate(
        self, arcs: pd.DataFrame, temperature_c: pd.Series[float] | None = None
    ) -> pd.DataFrame:
        """Learn tracks, references and levels from a whole record, and estimate each of its days.

        Parameters
        ----------
        arcs : DataFrame
            Arc table of one station, in any order.
        temperature_c : Series, optional
            As in `LinearModel.estimate`: frozen days have no moisture and level nothing.

        Returns
        -------
        DataFrame
            One row for each UTC day in which an accepted arc has its middle, with the columns
            `ESTIMATE_COLUMNS`; `time` is the day's end. `phase_anomaly_deg` is 0 on the median day
            of the record of its equipment. Days whose year is levelled by another year's dry
            season, or by all days because no year has ten dry days, are `degraded`. The day of a
            change of equipment is that of the equipment with more arcs on it.

        Raises
        ------
        InputError
            The temperatures are not indexed by UTC time.
        """
        token = equipment_tokens(arcs)
        parts = [
            self._record(closed, temperature_c)
            for one in sorted(set(token.tolist()))
            if len(closed := closed_arcs(arcs[token == one]))
        ]
        parts.sort(key=lambda part: part[0]["time"].iloc[0])
        self.levels_ = tuple(level for _, levels in parts for level in levels)
        if not parts:
            return pd.DataFrame(columns=list(ESTIMATE_COLUMNS))
        if len(parts) == 1:
            return parts[0][0]
        every = pd.concat([table for table, _ in parts], ignore_index=True)
        every = every.sort_values(["time", "n_arcs"], ascending=[True, False], kind="stable")
        return every.drop_duplicates("time", ignore_index=True)

    def _record(
        self, closed: ClosedArcs, temperature_c: pd.Series[float] | None
    ) -> tuple[pd.DataFrame, tuple[YearLevel, ...]]:
        """Return the estimates and levels of the arcs of one equipment, one or more."""
        settings = self.settings
        closed = closed.at_middle()
        first, last = (int(closed.closed[k] // MS_PER_DAY) for k in (0, -1))
        history = track_history(closed, last + 1, last + 1 - first)
        days = np.arange(first, last + 1)
        ends = (days + 1) * MS_PER_DAY
        frozen = Temperatures.of(temperature_c).frozen(ends, settings.frozen_below_c)
        record = daily_record(history, settings, frozen)

        corrected = record.psi_deg - _vegetation_over_highest(record.amplitude)
        counts = record.n_tracks >= settings.min_tracks
        telling = np.where(counts, corrected, np.nan)
        dates = days.astype("datetime64[D]")
        levels = year_levels(dates, telling, settings.dry_season_doy)
        dry = DryLevels(
            record.psi_deg - corrected,
            _of_days(levels, dates, "psi_min_deg"),
            _expected(record.n_tracks),
            int(counts.sum()) >= settings.min_days
            and bool(np.ptp(telling[counts]) >= settings.min_range_deg),
            _of_days(levels, dates, "borrowed").astype(np.bool_),
        )
        # An arc of midnight belongs to the day that begins, as in the history.
        heard = hear_windows(history, record, closed, ends - 1)
        columns = estimate_columns(heard, dry, frozen, settings)
        with_arcs = np.unique(closed.closed // MS_PER_DAY) - first
        table = estimate_table(
            {name: values[with_arcs] for name, values in columns.items()},
            pd.DatetimeIndex(dates[with_arcs] + np.timedelta64(1, "D")).tz_localize("UTC"),
            settings.retrospective_id,
        )
        return table, levels


def _of_days(levels: tuple[YearLevel, ...], dates: Days, name: str) -> NDArray[Any]:
    """Return an attribute of the level of each day's year, (n,); years ascend in `levels`."""
    years = np.array([level.year for level in levels])
    of_day = dates.astype("datetime64[Y]").astype(np.int64) + 1970
    values = np.array([getattr(level, name) for level in levels])
    return np.asarray(values[np.searchsorted(years, of_day)])


def _vegetation_deg(amplitude: Floats) -> Floats:
    """Return what vegetation takes from psi, degrees, for each of n rows."""
    return np.asarray((_around(amplitude).mean(axis=1) - 1.0) * VEGETATION_DEG)


def _vegetation_over_highest(amplitude: Floats) -> Floats:
    """Return the same for amplitudes over the mean of their highest fifth; NaN stays NaN."""
    known = ~np.isnan(amplitude)
    vegetation_deg = np.full(len(amplitude), np.nan)
    if known.any():
        vegetation_deg[known] = _vegetation_deg(amplitude[known] / highest_mean(amplitude[known]))
    return vegetation_deg


def _expected(n_tracks: NDArray[np.int64]) -> Floats:
    """Return the median number of tracks over the 30 days with data around each day, (n,)."""
    known = np.flatnonzero(n_tracks > 0)
    if len(known) == 0:
        return np.full(len(n_tracks), np.nan)
    medians = np.median(_around(n_tracks[known].astype(np.float64)), axis=1)
    nearest = np.searchsorted(known, np.arange(len(n_tracks)))
    return np.asarray(medians[np.minimum(nearest, len(known) - 1)])


def _around(values: Floats) -> Floats:
    """Return the 30 rows around each of n rows, ends mirrored, (n, 30); see the module."""
    before = _ROWS // 2
    # numpy's "reflect" is scipy's "mirror".
    padded = np.pad(values, (before, _ROWS - 1 - before), mode="reflect")
    return np.lib.stride_tricks.sliding_window_view(padded, _ROWS)
