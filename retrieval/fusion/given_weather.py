"""Weather of a given series, laid out by days for the weather columns."""

from __future__ import annotations

import numpy as np

from retrieval.errors import InputError
from retrieval.fusion.columns import Floats
from retrieval.fusion.day_means import DAY_NS, Days, by_day, times_ns, usual_step_ns
from retrieval.fusion.prediction import Stamps
from retrieval.fusion.weather_features import Weather
from retrieval.given_series import GivenSeries

__all__ = ["daily_weather"]

_AT_LEAST = 0.5


def daily_weather(series: GivenSeries) -> Weather:
    """Return rain and temperature by UTC day, each dated at the end of its day.

    So no row knows the afternoon of its own day, wherever in the day the file dates its values.

    Parameters
    ----------
    series : GivenSeries
        Values a day apart stand for the UTC day they are dated in, as noon does in PBO H2O. Of
        denser ones the rows dated after midnight up to the next midnight count, since rain is that
        since the row before; where they cover less than half of a day it has no value, else rain is
        scaled up to the whole day.

    Raises
    ------
    InputError
        The series holds neither rain nor temperature.
    """
    columns = {name: _of_days(series, name) for name in ("rain_mm", "temperature_c")}
    days = np.unique(np.concatenate([day for day, _ in columns.values()]))
    if not len(days):
        raise InputError(
            f"{series.path}: holds neither rain nor temperature; give a file with a column rain_mm "
            "or temperature_c, or leave the weather out"
        )
    laid_out = {}
    for name, (day, values) in columns.items():
        laid_out[name] = np.full(len(days), np.nan)
        laid_out[name][np.searchsorted(days, day)] = values
    end = (days + np.timedelta64(1, "D")).astype("datetime64[ns]")
    return Weather(end, **laid_out, step=np.timedelta64(1, "D"))


def _of_days(series: GivenSeries, name: str) -> tuple[Stamps, Floats]:
    """Return the days of a column, increasing, and its values."""
    times, values = series.known(name)
    at_ns = times_ns(times)
    if usual_step_ns(at_ns) == DAY_NS:
        days: Days = by_day(at_ns, values)
    else:
        days = by_day(at_ns - 1, values)
    kept = days.share >= _AT_LEAST
    found = days.total / days.share if name == "rain_mm" else days.mean
    return days.day[kept], found[kept]
