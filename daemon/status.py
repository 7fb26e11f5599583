"""The state of a station, out of its store, for machines and for people."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd

from daemon.config import Config
from daemon.errors import ModelError
from daemon.estimating import LIVE
from daemon.ingest import changed_settings, setting_notes
from daemon.intake import ORBIT_KINDS
from daemon.last_try import read_last_try
from daemon.load_model import StationModels
from daemon.plural import plural
from daemon.shelf import Source
from daemon.shelf_words import model_rows, shelf_lines
from daemon.sink_status import sink_lines, sink_status
from daemon.station_model import Trained, lacking_words
from daemon.store import FileState, Store
from daemon.utc import utc_text
from retrieval import gnss
from retrieval.apriori import heights_of_epoch
from retrieval.equipment import UNKNOWN, equipment_token

__all__ = ["note_lines", "station_status", "status_lines"]

# Heights of one surface differ by less in all directions.
_ONE_HEIGHT_M = 0.3


def station_status(config: Config, store: Store) -> dict[str, Any]:
    """Return what the store knows of a station as plain values, ready for JSON."""
    name = config.station.name
    files = store.files(name)
    observations = [r for r in files.values() if r.kind not in ORBIT_KINDS]
    ingested = [r for r in observations if r.state == FileState.INGESTED and r.site == name]
    counts = store.arc_counts(name)
    accepted: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for row in counts:
        if row["reject_reason"]:
            reasons[row["reject_reason"]] += row["number"]
        else:
            accepted[row["signal"]] += row["number"]
    estimates = store.estimates(name, LIVE, last=1)
    equipment, since = store.latest_equipment(name) or (UNKNOWN, None)
    notes = setting_notes(config)
    notes |= _model_notes(config, store)
    changes = changed_settings(config, store)
    if changes:
        notes["settings"] = f"`soilglint run` refuses, for the store's arcs have others: {changes}"
    return {
        "station": {
            "name": name,
            "latitude_deg": config.station.latitude_deg,
            "longitude_deg": config.station.longitude_deg,
            "height_m": config.station.height_m,
        },
        "store": str(config.store.path),
        "notes": notes,
        "files": {
            "states": dict(sorted(Counter(r.state.value for r in files.values()).items())),
            "observation_files": len(observations),
            "orbit_files": len(files) - len(observations),
            "first_epoch": min((r.first_time for r in ingested if r.first_time), default=None),
            "last_epoch": max((r.last_time for r in ingested if r.last_time), default=None),
            "problems": {
                path: {"state": record.state.value, "reason": record.reason}
                for path, record in files.items()
                if record.state != FileState.INGESTED
            },
            "notes": {
                path: r.reason
                for path, r in files.items()
                if r.state == FileState.INGESTED and r.reason
            },
        },
        "arcs": {
            "accepted": accepted.total(),
            "rejected": reasons.total(),
            "reject_reasons": dict(reasons.most_common()),
            "accepted_by_signal": dict(sorted(accepted.items())),
            "last_end": max((row["last_end"] for row in counts), default=None),
            "days": store.days_with_arcs(name, equipment),
            "of_other_stations": {
                site: {"accepted": accepted, "rejected": total - accepted}
                for site, (accepted, total) in store.arc_numbers().items()
                if site != name
            },
        },
        "observations_kept": _kept(store, name),
        "equipment": {"text": equipment, "since": since},
        "apriori_height_m": heights_of_epoch(
            {key: known.height_m for key, known in store.apriori_heights(name).items()},
            equipment_token(equipment),
        ),
        "calibration_days": config.model.min_days,
        "model": _model_in_use(store, name, estimates[0]["model_id"]) if estimates else None,
        "estimate": estimates[0] if estimates else None,
        "shelf": _shelf(config),
        "outbox": sink_status(config, store),
    }


def _kept(store: Store, site: str) -> dict[str, Any] | None:
    """Return what is kept of the observations, for late files to find their neighbours."""
    kept = store.points_kept(site)
    if kept is None:
        return None
    first, last, number, size = kept
    edges = gnss.gps_to_utc(np.array([first, last + 1]).astype("datetime64[h]"))
    begin, end = (utc_text(edge, "s") for edge in edges)
    return {"first": begin, "last": end, "observations": number, "bytes": size}


def _model_in_use(store: Store, station: str, model_id: str) -> dict[str, Any] | None:
    """Return what is told of the model of the last estimate, None where it made it long ago."""
    model, since = store.model(station, model_id), store.model_since(station, model_id)
    if model is None or since is None:
        return None
    return {
        "model_id": model.model_id,
        "name": model.name,
        "since": utc_text(since, "s"),
        "training": None
        if model.n_days is None
        else {
            "first_day": model.first_day,
            "last_day": model.last_day,
            "days": model.n_days,
            "reference_range": [model.lowest, model.highest],
            "skill": model.skill,
            "weather": list(model.weather),
            "tracks": len(model.tracks),
        },
    }


def _shelf(config: Config) -> dict[str, Any]:
    """Return the models that were trained here, and what came of the last retraining."""
    tried = read_last_try(config.shelf)
    try:
        models = model_rows(config)
    except ModelError:
        models = []  # a note says why
    return {"models": models, "last_try": None if tried is None else tried.as_dict()}


def _model_notes(config: Config, store: Store) -> dict[str, str]:
    """Say what keeps a trained model from its work, and when the shelf's stands for another."""
    name, models = config.station.name, StationModels(config)
    try:
        model, placed = models.in_use(), models.shelf.in_use
    except ModelError as error:
        return {error.key: f"{error}; estimates wait until it can be used"}
    notes = {}
    if config.model.path is not None and placed is not None and placed.source is Source.SHELF:
        notes["model.path"] = (
            f"not in use, for {placed.model_id} of the shelf, {config.shelf}, takes its place; "
            "`soilglint model rollback` puts the one before in use"
        )
    if not isinstance(model, Trained):
        return notes
    last = store.last_epoch(name, name)
    if last is None or not model.lacks_weather(pd.DatetimeIndex([last]), store.weather(name)).any():
        return notes
    return notes | {"weather.path": lacking_words(model, "the newest observations")}


def status_lines(status: dict[str, Any]) -> list[str]:
    """Write a status for people."""
    station, files, arcs = status["station"], status["files"], status["arcs"]
    states = ", ".join(f"{n} {state.replace('_', ' ')}" for state, n in files["states"].items())
    lines = [
        f"station   {station['name']} at {station['latitude_deg']:.6f}, "
        f"{station['longitude_deg']:.6f} deg, {station['height_m']:.2f} m",
        f"store     {status['store']}",
        f"files     {states or 'none yet'}",
    ]
    if files["last_epoch"] is not None:
        lines.append(f"data      {_short(files['first_epoch'])} to {_short(files['last_epoch'])}")
    problems = {
        path: f"{problem['state'].replace('_', ' ')}: {problem['reason']}"
        for path, problem in files["problems"].items()
    }
    lines += note_lines(problems, "problem of")
    lines += note_lines({**status["notes"], **files["notes"]})
    if status["equipment"]["text"]:
        since = _short(status["equipment"]["since"])
        lines.append(f"heard by  {status['equipment']['text']}, since {since}")
    lines.append(f"arcs      {arcs['accepted']} accepted, {arcs['rejected']} rejected")
    if arcs["last_end"] is not None:
        lines[-1] += f"; the last ended {_short(arcs['last_end'])}"
    lines += [f"  {number:6d}  {reason}" for reason, number in arcs["reject_reasons"].items()]
    for signal, number in arcs["accepted_by_signal"].items():
        height = _heights_text(signal, status["apriori_height_m"])
        lines.append(f"  {signal:<6}  {number} accepted, {height}")
    for site, numbers in arcs["of_other_stations"].items():
        lines.append(f"  of {site}: {numbers['accepted']} accepted, {numbers['rejected']} rejected")
    lines += [*_model_lines(status["model"]), *_shelf_lines(status["shelf"])]
    lines += _estimate_lines(status)
    kept = status["observations_kept"]
    if kept is not None:
        lines.append(
            f"kept      {kept['observations']} observations from {kept['first']} on "
            f"({kept['bytes'] / 1e6:.1f} MB), for files that come late"
        )
    return lines + sink_lines(status["outbox"])


def _heights_text(signal: str, heights_m: dict[str, float]) -> str:
    """Write the heights that a signal's phases refer to, over all directions."""
    # Sectors with heights of their own, and the signal's everywhere else.
    sectors = {key.split("@")[1] for key in heights_m if "@" in key}
    keys = [next((k for k in (f"{signal}@{s}", f"@{s}") if k in heights_m), "") for s in sectors]
    found = [heights_m[key] for key in (*keys, signal) if key in heights_m]
    if not found:
        return "height not yet learnt"
    low, high = min(found), max(found)
    if high - low < _ONE_HEIGHT_M:
        return f"a-priori height {heights_m.get(signal, low):.3f} m"
    return f"a-priori heights {low:.2f} to {high:.2f} m by direction"


def note_lines(notes: dict[str, str], what: str = "note on") -> list[str]:
    """Write notes on files and settings for people, those that are equal in one line."""
    names: dict[str, list[str]] = {}
    for name, note in notes.items():
        names.setdefault(note, []).append(name)
    return [
        f"  {what} {them[0]}{f' and {len(them) - 1} more' if len(them) > 1 else ''}: {note}"
        for note, them in names.items()
    ]


def _model_lines(model: dict[str, Any] | None) -> list[str]:
    """Write which model is in use."""
    if model is None:
        return []
    lines, training = [f"model     {model['model_id']}, since {model['since']}"], model["training"]
    if training is not None:
        low, high = training["reference_range"]
        beside = "".join(f", {kind}" for kind in training["weather"])
        lines.append(
            f"  trained {plural(training['days'], 'day')}, {training['first_day']} to "
            f"{training['last_day']}, {low:.3f} to {high:.3f} m3 m-3, "
            f"{plural(training['tracks'], 'track')}{beside}"
        )
    return lines


def _shelf_lines(shelf: dict[str, Any]) -> list[str]:
    """Write which models were trained here, and what the last retraining brought if it failed."""
    lines = [f"  {line}" for line in shelf_lines(shelf["models"])] if shelf["models"] else []
    tried = shelf["last_try"]
    if tried is not None and tried["outcome"] in ("failed", "begun"):
        told = tried["reason"] or "at work, or cut off; `soilglint model retrain` tells"
        lines.append(f"  retraining {tried['begun'] or 'without data'}: {told}")
    return lines


def _estimate_lines(status: dict[str, Any]) -> list[str]:
    """Write the last estimate, or why there is none."""
    estimate = status["estimate"]
    if estimate is None:
        return ["estimate  none yet: it needs accepted arcs, and data beyond their end"]
    flag = estimate["flag"]
    if flag == "calibrating":
        flag += f" ({status['arcs']['days']} of {status['calibration_days']} days with arcs)"
    bounds = "residual to saturation" if estimate["flag"] == "calibrating" else "90 %"
    moisture = (
        "no value"
        if estimate["vwc"] is None
        else f"{estimate['vwc']:.3f} m3 m-3 ({estimate['vwc_lower']:.3f} to "
        f"{estimate['vwc_upper']:.3f}, {bounds})"
    )
    anomaly, coverage = estimate["phase_anomaly_deg"], estimate["coverage"]
    expected = estimate["n_tracks_expected"]
    return [
        f"estimate  {moisture}, {flag}",
        f"  for     {estimate['time']}, from {estimate['n_arcs']} arcs of 24 h"
        + ("" if expected is None else f" ({expected} tracks expected, coverage {coverage:.0%})"),
        f"  centred {estimate['effective_time'] or '-'}, phase anomaly "
        + ("-" if anomaly is None else f"{anomaly:+.2f} deg (it falls as moisture rises)"),
        f"  model   {estimate['model_id']}, soilglint {estimate['software_version']}",
    ]


def _short(time: str) -> str:
    """Leave out milliseconds that are zero."""
    return time.replace(".000Z", "Z")
