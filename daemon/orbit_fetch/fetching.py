"""Which orbit files are fetched, when, and what of them is kept."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from daemon.config import Config
from daemon.errors import OrbitFetchError
from daemon.files import written_whole
from daemon.horizon import OPEN
from daemon.inbox import fingerprint
from daemon.intake import ORBIT_KINDS, take_in
from daemon.orbit_fetch.transfer import download, run_command
from daemon.store import FileRecord, FileState, Store
from retrieval import gnss

__all__ = ["FetchReport", "fetch_orbits"]

_STATE_NAME = ".fetch.json"
_AT_ONCE = 8  # days or hours that one call fetches, the newest first
# After the first vain attempt, and at most: archives complete a day's file in the hours after it.
_FIRST_PAUSE_S = 1800.0
_LONGEST_PAUSE_S = 86_400.0
_KEPT_DAYS = 30
# An ephemeris serves so long before and after its time.
_REACH = pd.Timedelta(hours=24)


@dataclass
class FetchReport:
    """What one call of `fetch_orbits` did.

    Attributes
    ----------
    wanted : list of str
        Days (``2024135``) or hours (``2024135_07``) whose observations wait.
    fetched : list of str
        Those whose orbit file has been fetched now.
    failed : dict
        Those whose file could not be had -> why.
    next_s : float or None
        In how many seconds the next attempt is due; None where nothing is wanted.
    """

    wanted: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    next_s: float | None = None


@dataclass
class _Attempts:
    """Vain and successful attempts at one file; the time of the next one, seconds since 1970."""

    number: int = 0
    next_s: float = 0.0


def fetch_orbits(
    config: Config, store: Store, now: pd.Timestamp, *, stopping: Callable[[], bool] | None = None
) -> FetchReport:
    """Fetch the orbit files of the days whose observation files wait for them.

    Those of the last two days that lack ephemerides, or have old ones, count too. Days are those of
    GPS time, by which archives name files.

    A file that is there already and does not do (the archive may have completed it since) is
    fetched again; between attempts the pauses double, from half an hour to a day, and outlast a
    restart.

    Parameters
    ----------
    config : Config
        Uses ``orbits.fetch``, ``orbits.fetch_command`` and ``orbits.fetch_path``; where neither of
        the first two is given, nothing is done.
    store : Store
        Tells which files wait; it is not written to.
    now : Timestamp
        UTC.
    stopping : callable, optional
        Asked between files: whether to leave the rest for another time.

    Raises
    ------
    OrbitFetchError
        The folder cannot be made or written.
    """
    report = FetchReport()
    if not config.fetches_orbits():
        return report
    folder, hourly = config.orbits_folder(), config.fetches_hourly()
    waiting = [
        record.span
        for record in store.files(config.station.name).values()
        if record.kind not in ORBIT_KINDS
        and record.first_time
        and record.last_time
        and (record.state == FileState.WAITING_ORBITS or _lacks(record, now))
    ]
    slots = _slots(waiting, "h" if hourly else "D", now)
    report.wanted = [_name(slot, hourly) for slot in slots]
    try:
        if slots:
            folder.mkdir(parents=True, exist_ok=True)
        if folder.is_dir():
            _tidy(folder, now)
            _fetch_slots(config, slots, now, report, stopping or (lambda: False))
    except OSError as error:
        raise OrbitFetchError(
            f"orbits.fetch_path = {folder}: orbit files cannot be kept there ({error.strerror}); "
            "let this user write to it, or name another folder"
        ) from error
    return report


def _fetch_slots(
    config: Config,
    slots: Sequence[pd.Timestamp],
    now: pd.Timestamp,
    report: FetchReport,
    stopping: Callable[[], bool],
) -> None:
    folder, hourly, now_s = config.orbits_folder(), config.fetches_hourly(), now.timestamp()
    known = _read_attempts(folder)
    # Another archive has not been tried yet.
    source = json.dumps([config.orbits.fetch, config.orbits.fetch_command])
    digits = hashlib.sha256(source.encode()).hexdigest()[:8]
    attempts = {name: known.get(f"{name} {digits}", _Attempts()) for name in report.wanted}
    due = [slot for slot in slots if _is_due(attempts[_name(slot, hourly)], now_s)]
    for slot in due[:_AT_ONCE]:
        if stopping():
            break
        name = _name(slot, hourly)
        tried = attempts[name]
        pause_s = min(_FIRST_PAUSE_S * 2.0 ** min(tried.number, 10), _LONGEST_PAUSE_S)
        attempts[name] = _Attempts(tried.number + 1, now_s + pause_s)
        try:
            if _fetch(config, slot, folder / f"fetched_{name}", now):
                report.fetched.append(name)
        except OrbitFetchError as error:
            report.failed[name] = str(error)
        except OSError as error:
            report.failed[name] = f"{error.filename or folder}: cannot be kept ({error.strerror})"
    # What nobody waits for any more is forgotten.
    _write_attempts(folder, {f"{name} {digits}": each for name, each in attempts.items()})
    if attempts:
        report.next_s = max(min(each.next_s for each in attempts.values()) - now_s, 0.0)


def _lacks(record: FileRecord, now: pd.Timestamp) -> bool:
    """Whether a file was taken in without all ephemerides, and is so new that they may come."""
    ingested = record.state == FileState.INGESTED
    return ingested and bool(record.satellites) and now - record.span[1] <= OPEN


def _is_due(attempts: _Attempts, now_s: float) -> bool:
    # A clock that was ahead once must not hold up attempts for years.
    return attempts.next_s <= now_s or attempts.next_s > now_s + 2 * _LONGEST_PAUSE_S


def _slots(
    spans: Sequence[tuple[pd.Timestamp, pd.Timestamp]], unit: str, now: pd.Timestamp
) -> list[pd.Timestamp]:
    """Return the days or hours (GPS time) that spans (UTC) touch, the newest first."""
    found: set[pd.Timestamp] = set()
    for span in spans:
        utc = pd.DatetimeIndex(span).tz_localize(None).to_numpy("datetime64[ns]")
        first, last = pd.DatetimeIndex(gnss.utc_to_gps(utc)).tz_localize("UTC").floor(unit)
        found |= set(pd.date_range(first, last, freq=unit))
    return sorted((slot for slot in found if slot <= now), reverse=True)


def _name(slot: pd.Timestamp, hourly: bool) -> str:
    return f"{slot:%Y%j_%H}" if hourly else f"{slot:%Y%j}"


def _fields(slot: pd.Timestamp) -> dict[str, str]:
    """Return what the fields of a template stand for."""
    return {
        "{year}": f"{slot:%Y}",
        "{yy}": f"{slot:%y}",
        "{doy}": f"{slot:%j}",
        "{month}": f"{slot:%m}",
        "{day}": f"{slot:%d}",
        "{hour}": f"{slot:%H}",
    }


def _filled(template: str, fields: dict[str, str]) -> str:
    for name, value in fields.items():
        template = template.replace(name, value)
    return template


def _fetch(config: Config, slot: pd.Timestamp, target: Path, now: pd.Timestamp) -> bool:
    """Fetch one file; return whether it differs from the one that is there.

    Raises
    ------
    OrbitFetchError
        It cannot be had, or is not what it should be.
    OSError
        It cannot be kept.
    """
    fields = _fields(slot)
    # The name ends in nothing: what it holds is told by its content.
    with written_whole(target) as partial:
        if config.orbits.fetch is not None:
            download(_filled(config.orbits.fetch, fields), partial)
        else:
            fields["{out}"] = str(partial)
            run_command([_filled(part, fields) for part in config.orbits.fetch_command], partial)
        found = fingerprint(partial, target.name)
        record = take_in(found, config.receiver(), now).record
        if record.kind not in ORBIT_KINDS or record.state != FileState.INGESTED:
            what = record.reason or f"it is a file of kind {record.kind}"
            raise OrbitFetchError(
                f"what came is no navigation or SP3 file that can be used: {what}; see what "
                "orbits.fetch or orbits.fetch_command gives"
            )
        first, last = record.span
        if last < slot - _REACH or first > slot + 2 * _REACH:
            raise OrbitFetchError(
                f"what came holds ephemerides of {record.first_time} to {record.last_time}; "
                "expected those of the day asked for: see how the template writes it"
            )
        return not target.exists() or fingerprint(target, target.name).sha256 != found.sha256


def _tidy(folder: Path, now: pd.Timestamp) -> None:
    """Take away what was fetched long ago; it is fetched again where it is wanted again."""
    oldest_s = now.timestamp() - _KEPT_DAYS * 86_400
    for path in folder.glob("fetched_*"):
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < oldest_s:
                path.unlink()


def _read_attempts(folder: Path) -> dict[str, _Attempts]:
    try:
        kept = json.loads((folder / _STATE_NAME).read_text(encoding="utf-8"))
        return {name: _Attempts(int(each[0]), float(each[1])) for name, each in kept.items()}
    except (FileNotFoundError, ValueError, TypeError, AttributeError, LookupError):
        return {}  # begun anew: at worst one attempt comes early


def _write_attempts(folder: Path, attempts: dict[str, _Attempts]) -> None:
    text = json.dumps({name: [each.number, each.next_s] for name, each in attempts.items()})
    with written_whole(folder / _STATE_NAME) as partial:
        partial.write_text(text, encoding="utf-8")
