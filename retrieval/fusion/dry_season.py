"""Where dry soil lies, year by year, from the days of the dry season."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.fusion.columns import Floats
from retrieval.fusion.level import mean_of_lowest

__all__ = ["YearLevel", "season_years", "year_levels"]

Days = NDArray[np.datetime64]

# 15 % of ten days are two: below that one odd day would be the level.
_ENOUGH_DAYS = 10


@dataclass(frozen=True)
class YearLevel:
    """The level of dry soil of a calendar year.

    Attributes
    ----------
    year : int
        Calendar year, UTC.
    psi_min_deg : float
        Mean of the lowest 15 % of the days that tell of it, degrees; NaN when there is no day.
    n_days : int
        Days in the year's own dry season.
    taken_from : int or None
        The year whose dry season tells of it: its own, or the nearest that has ten days or more.
        None where no year has: the level is that of all days.
    """

    year: int
    psi_min_deg: float
    n_days: int
    taken_from: int | None

    @property
    def borrowed(self) -> bool:
        """Whether the level is not from the year's own dry season."""
        return self.taken_from != self.year


def season_years(dates: Days, season_doy: tuple[int, int]) -> NDArray[np.int64]:
    """Return the year whose dry season each day belongs to, (n,); 0 for none.

    A season begins on its first day of year and ends *before* its last. One that passes the new
    year belongs to the year in which it ends.

    Parameters
    ----------
    dates : (n,) datetime64[D]
        Days.
    season_doy : (int, int)
        First and last day of year, from 1.

    Examples
    --------
    >>> days = np.array(["2016-11-25", "2017-02-13", "2017-02-14"], dtype="datetime64[D]")
    >>> season_years(days, (330, 45)).tolist(), season_years(days, (44, 46)).tolist()
    ([2017, 2017, 0], [0, 2017, 2017])
    """
    first, last = season_doy
    begin = dates.astype("datetime64[Y]")
    year = begin.astype(np.int64) + 1970
    doy = (dates - begin.astype("datetime64[D]")).astype(np.int64) + 1
    if first < last:
        return np.where((doy >= first) & (doy < last), year, 0)
    return np.where(doy >= first, year + 1, np.where(doy < last, year, 0))


def year_levels(dates: Days, psi_deg: Floats, season_doy: tuple[int, int]) -> tuple[YearLevel, ...]:
    """Return the level of dry soil of every calendar year that has a day.

    Parameters
    ----------
    dates : (n,) datetime64[D]
        Days, UTC.
    psi_deg : (n,) float64
        Negated phase without vegetation: it rises with moisture. NaN for days that do not count.
    season_doy : (int, int)
        The dry season, see `season_years`.

    Notes
    -----
    Of years as near as one another the earlier lends its level.
    """
    known = ~np.isnan(psi_deg)
    season = np.where(known, season_years(dates, season_doy), 0)
    years = np.unique(dates.astype("datetime64[Y]").astype(np.int64) + 1970).tolist()
    # The last season may belong to a year that has no day yet.
    own = {int(year): psi_deg[season == year] for year in np.unique([*years, *season]) if year > 0}
    telling = [year for year, psi in own.items() if len(psi) >= _ENOUGH_DAYS]
    levels = []
    for year in years:
        source = min(telling, key=lambda other: (abs(other - year), other), default=None)
        lowest = mean_of_lowest(psi_deg[known] if source is None else own[source])
        levels.append(YearLevel(year, lowest, len(own[year]), source))
    return tuple(levels)
