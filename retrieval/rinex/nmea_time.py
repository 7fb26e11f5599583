"""When the sentences of an NMEA text were sent: times of day, dates, and midnight between them.

NMEA writes UTC. Most sentences carry the time of day alone, RMC and ZDA the date too, and which of
them opens an epoch is up to the receiver. So an epoch is a run of sentences with the same time of
day, and its date is that of its own RMC or ZDA, or else of the nearest one before, as many days on
as midnights were passed.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.rinex.sentences import Sentences, letters, read_decimals, read_digits

__all__ = ["NO_DATE", "TIMED", "Epochs", "Marks", "epochs_of", "read_marks"]

# Kind -> field of the time of day, and the fewest fields of such a sentence (NMEA 0183 2.0 on).
_FIELDS = {"RMC": (1, 9), "ZDA": (1, 4), "GGA": (1, 12), "GNS": (1, 12), "GLL": (5, 6)}
TIMED = tuple(letters(kind) for kind in _FIELDS)
_RMC, _ZDA = letters("RMC"), letters("ZDA")

NO_DATE = -(2**31)
_NO_TIME = -1
_NS_PER_S = 1_000_000_000
_NS_PER_DAY = 86_400 * _NS_PER_S
_N_DECIMALS = 9
_EPOCH = datetime.date(1970, 1, 1).toordinal()
_FIRST_YEAR, _LAST_YEAR = 1980, 2099


@dataclass(frozen=True)
class Marks:
    """Sentences that carry a time of day, in file order.

    Attributes
    ----------
    line : (n,) int64
        Line of each.
    time_of_day_ns : (n,) int64
        -1 where its field is blank.
    day : (n,) int64
        Days since 1970, `NO_DATE` where it holds none.
    void : (n,) bool
        RMC with status V: the receiver does not stand by its time.
    """

    line: NDArray[np.int64]
    time_of_day_ns: NDArray[np.int64]
    day: NDArray[np.int64]
    void: NDArray[np.bool_]

    @classmethod
    def joined(cls, parts: list[Marks]) -> Marks:
        """Join marks and put them in file order."""
        line = np.concatenate([np.empty(0, np.int64), *(part.line for part in parts)])
        order = np.argsort(line)
        return cls(
            line[order],
            np.concatenate([line[:0], *(part.time_of_day_ns for part in parts)])[order],
            np.concatenate([line[:0], *(part.day for part in parts)])[order],
            np.concatenate([np.empty(0, np.bool_), *(part.void for part in parts)])[order],
        )


@dataclass(frozen=True)
class Epochs:
    """Runs of sentences with the same time of day.

    Attributes
    ----------
    line : (n,) int64
        First line of each.
    utc : (n,) datetime64[ns]
        NaT where it is not known.
    undated : (n,) bool
        Those that have a time of day, and dates before and after that contradict each other.
    own_date : (n,) bool
        Those that have a date of their own.
    """

    line: NDArray[np.int64]
    utc: NDArray[np.datetime64]
    undated: NDArray[np.bool_]
    own_date: NDArray[np.bool_]


def read_marks(sentences: Sentences) -> tuple[Marks, NDArray[np.bool_]]:
    """Read time and date of sentences of the kinds `TIMED`.

    Parameters
    ----------
    sentences : Sentences
        Of these kinds only.

    Returns
    -------
    marks : Marks
        Those that have the shape of their kind.
    shaped : (n,) bool
        Which these are.
    """
    n = len(sentences)
    time, day = np.full(n, _NO_TIME, np.int64), np.full(n, NO_DATE, np.int64)
    void, shaped = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    for kind, (field, fewest) in _FIELDS.items():
        rows = np.flatnonzero((sentences.kind == letters(kind)) & (sentences.n_fields >= fewest))
        chosen = np.zeros(n, np.bool_)
        chosen[rows] = True
        of_kind = sentences.where(chosen)
        time[rows], shaped[rows] = _times_of_day(of_kind, field)
        if kind == "RMC":
            status = of_kind.character(2)
            void[rows] = status == ord("V")
            shaped[rows] &= void[rows] | (status == ord("A"))
            day[rows], fine = _short_dates(of_kind, 9)
            day[rows] = np.where(void[rows], NO_DATE, day[rows])
            shaped[rows] &= fine
        elif kind == "ZDA":
            day[rows], fine = _long_dates(of_kind, 2)
            shaped[rows] &= fine
    return Marks(sentences.line[shaped], time[shaped], day[shaped], void[shaped]), shaped


def _times_of_day(sentences: Sentences, field: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Read ``hhmmss.sss``: nanoseconds since midnight, -1 where it is blank, and validity."""
    begin, end = sentences.field(field)
    digits, n_decimals, valid = read_decimals(sentences.octets, begin, end, 7 + _N_DECIMALS)
    valid &= n_decimals <= _N_DECIMALS
    scale = 10 ** np.minimum(n_decimals, _N_DECIMALS)
    whole, fraction = digits // scale, digits % scale
    # Six digits, and a point after them or none at all.
    length, last = end - begin, len(sentences.octets) - 1
    pointed = (length > 6) & (sentences.octets[np.minimum(begin + 6, last)] == ord("."))
    bare = (length == 6) & (n_decimals == 0)
    valid &= pointed | (bare & (sentences.octets[np.minimum(begin + 5, last)] != ord(".")))
    hour, minute, second = whole // 10_000, whole // 100 % 100, whole % 100
    valid &= (hour < 24) & (minute < 60) & (second < 60)
    ns = ((hour * 60 + minute) * 60 + second) * _NS_PER_S + fraction * (_NS_PER_S // scale)
    blank = begin == end
    return np.where(valid, ns, _NO_TIME), valid | blank


def _short_dates(sentences: Sentences, field: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Read ``ddmmyy``; years 80 to 99 are those of the last century."""
    begin, end = sentences.field(field)
    value, valid = read_digits(sentences.octets, begin, end, 6)
    year = value % 100
    day, exists = _days(value // 10_000, value // 100 % 100, year + np.where(year < 80, 2000, 1900))
    blank = begin == end
    valid &= exists & (end - begin == 6)
    return np.where(valid, day, NO_DATE), valid | blank


def _long_dates(sentences: Sentences, field: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Read day, month and year, three fields."""
    parts, valid, blank = [], np.ones(len(sentences), np.bool_), np.ones(len(sentences), np.bool_)
    for number, width in ((field, 2), (field + 1, 2), (field + 2, 4)):
        begin, end = sentences.field(number)
        value, fine = read_digits(sentences.octets, begin, end, width)
        parts.append(value)
        valid &= fine
        blank &= begin == end
    day, exists = _days(*parts)
    valid &= exists
    return np.where(valid, day, NO_DATE), valid | blank


def _days(
    day: NDArray[np.int64], month: NDArray[np.int64], year: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return days since 1970, and which dates exist."""
    dates, place = np.unique((year * 100 + month) * 100 + day, return_inverse=True)
    ordinals = np.full(len(dates), NO_DATE, np.int64)
    for index, date in enumerate(dates.tolist()):  # few: a file spans days
        if _FIRST_YEAR <= date // 10_000 <= _LAST_YEAR:
            try:
                found = datetime.date(date // 10_000, date // 100 % 100, date % 100)
            except ValueError:
                continue
            ordinals[index] = found.toordinal() - _EPOCH
    return ordinals[place], ordinals[place] != NO_DATE


def epochs_of(marks: Marks) -> Epochs:
    """Group sentences into epochs and date them.

    Epochs without a time of day, or with an RMC of status V, are not dated (`Epochs.utc` is NaT).
    Neither are those between two dates that no midnight in the text explains: where the text has
    lost days, only an epoch with a date of its own tells on which side it stands.

    Examples
    --------
    >>> second = 1_000_000_000
    >>> marks = Marks(
    ...     np.arange(3), np.array([86_399, 0, 0]) * second, np.array([0, NO_DATE, 1]),
    ...     np.zeros(3, bool),
    ... )
    >>> epochs_of(marks).utc.astype("datetime64[s]").astype(str).tolist()
    ['1970-01-01T23:59:59', '1970-01-02T00:00:00']
    """
    time = marks.time_of_day_ns
    first = np.flatnonzero(np.diff(time, prepend=_NO_TIME - 1))
    line = marks.line[first]
    utc = np.full(len(first), np.datetime64("NaT"), "datetime64[ns]")
    undated = np.zeros(len(first), np.bool_)
    own_date = np.zeros(len(first), np.bool_)
    if not len(first):
        return Epochs(line, utc, undated, own_date)
    n = len(time)
    dated = np.minimum.reduceat(np.where(marks.day == NO_DATE, n, np.arange(n)), first)
    void = np.logical_or.reduceat(marks.void, first) | (time[first] == _NO_TIME)
    valid = np.flatnonzero(~void)
    day = np.append(marks.day, NO_DATE)[dated[valid]]
    time = time[first][valid]
    step = np.diff(time, prepend=time[:1])
    midnights = np.cumsum(
        (step < -_NS_PER_DAY // 2).astype(np.int64) - (step > _NS_PER_DAY // 2).astype(np.int64)
    )
    origin = np.where(day == NO_DATE, NO_DATE, day - midnights)  # the day at no midnights passed
    before, after = _last_known(origin), _last_known(origin[::-1])[::-1]
    known = np.where(before == NO_DATE, after, before)
    clash = (day == NO_DATE) & (before != NO_DATE) & (after != NO_DATE) & (before != after)
    undated[valid[clash]] = True
    own_date[valid] = day != NO_DATE
    sure = (known != NO_DATE) & ~clash
    ns = (known[sure] + midnights[sure]) * _NS_PER_DAY + time[sure]
    utc[valid[sure]] = ns.astype("datetime64[ns]")
    return Epochs(line, utc, undated, own_date)


def _last_known(day: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return, at each place, the last day at or before it, `NO_DATE` where there is none."""
    place = np.maximum.accumulate(np.where(day == NO_DATE, -1, np.arange(len(day))))
    return np.where(place < 0, NO_DATE, day[place])
