"""What ``soilglint arcs`` tells about its work, for machines and for people."""

from __future__ import annotations

from typing import Any

import pandas as pd

from daemon.inbox import stored_name
from daemon.plural import plural
from daemon.utc import utc_text, utc_texts
from retrieval.apriori import epoch_key
from retrieval.chain import ChainResult
from retrieval.equipment import equipment_token
from retrieval.rinex.records import ObservationFile

__all__ = ["arc_summary", "arcs_csv", "summary_lines"]

_SHOWN_DAMAGE = 10


def arc_summary(result: ChainResult) -> dict[str, Any]:
    """Summarise a run of the chain as plain values, ready for JSON."""
    arcs = result.arcs
    good = arcs[arcs["accepted"]]
    reasons = arcs.loc[~arcs["accepted"], "reject_reason"].value_counts()
    station = result.station
    return {
        "station": {
            "name": station.name,
            "latitude_deg": round(station.latitude_deg, 7),
            "longitude_deg": round(station.longitude_deg, 7),
            "height_m": round(station.height_m, 3),
        },
        "files": [_file_summary(file) for file in result.files],
        "arcs": {
            "accepted": len(good),
            "rejected": len(arcs) - len(good),
            "reject_reasons": {str(reason): int(n) for reason, n in reasons.items()},
            "first_start": utc_text(arcs["start"].min()) if len(arcs) else None,
            "last_end": utc_text(arcs["end"].max()) if len(arcs) else None,
        },
        "signals": _signal_summaries(arcs, result.apriori_height_m),
        "notes": list(result.notes),
    }


def _file_summary(file: ObservationFile) -> dict[str, Any]:
    """Summarise one file: what it holds, and where it was not whole."""
    report = file.report
    return {
        "path": stored_name(str(file.path)),
        "epochs": report.n_epochs,
        "snr_rows": len(file.snr),
        "events": len(report.events),
        "damage": [
            {"line": place.line, "reason": place.reason} for place in report.damage[:_SHOWN_DAMAGE]
        ],
        "damage_count": len(report.damage),
        "cut": None if report.cut is None else f"line {report.cut.line}: {report.cut.reason}",
    }


def _signal_summaries(
    arcs: pd.DataFrame, apriori_height_m: dict[str, float]
) -> dict[str, dict[str, Any]]:
    """Summarise the arcs of each signal: numbers, and medians over accepted arcs."""
    summaries: dict[str, dict[str, Any]] = {}
    selection = arcs["satellite"].str[0] + arcs["signal"]
    for name, group in arcs.groupby(selection):
        good = group[group["accepted"]]
        height_m, amplitude = good["reflector_height_m"].median(), good["amplitude"].median()
        # That of the equipment that was there last, where none was given.
        epoch = equipment_token(str(group["equipment"].iloc[-1]))
        apriori_m = apriori_height_m.get(
            epoch_key(str(name), epoch), apriori_height_m.get(str(name))
        )
        summaries[str(name)] = {
            "accepted": len(good),
            "rejected": len(group) - len(good),
            "reflector_height_m": round(float(height_m), 4) if len(good) else None,
            "amplitude": round(float(amplitude), 3) if len(good) else None,
            "apriori_height_m": None if apriori_m is None else round(float(apriori_m), 4),
        }
    return summaries


def summary_lines(summary: dict[str, Any]) -> list[str]:
    """Write a summary for people."""
    station, arcs = summary["station"], summary["arcs"]
    lines = [
        f"station   {station['name']} at {station['latitude_deg']:.6f}, "
        f"{station['longitude_deg']:.6f} deg, {station['height_m']:.2f} m"
    ]
    for file in summary["files"]:
        lines.append(
            f"file      {file['path']}: {plural(file['epochs'], 'epoch')}, "
            f"{plural(file['snr_rows'], 'SNR value')}"
        )
        lines += [f"  dropped line {d['line']}: {d['reason']}" for d in file["damage"]]
        hidden = file["damage_count"] - len(file["damage"])
        if hidden:
            lines.append(f"  dropped {plural(hidden, 'more place')}")
        if file["cut"] is not None:
            lines.append(f"  cut     {file['cut']}")
    lines.append(f"arcs      {arcs['accepted']} accepted, {arcs['rejected']} rejected")
    lines += [f"  {n:6d}  {reason}" for reason, n in arcs["reject_reasons"].items()]
    if summary["signals"]:
        lines.append("signal    accepted  rejected  height m  amplitude V/V")
    for name, signal in summary["signals"].items():
        height_m, amplitude = signal["reflector_height_m"], signal["amplitude"]
        lines.append(
            f"{name:<8}  {signal['accepted']:8d}  {signal['rejected']:8d}  "
            f"{'-' if height_m is None else format(height_m, '.3f'):>8}  "
            f"{'-' if amplitude is None else format(amplitude, '.2f'):>13}"
        )
    lines += [f"note      {note}" for note in summary["notes"]]
    return lines


def arcs_csv(arcs: pd.DataFrame) -> pd.DataFrame:
    """Return an arc table whose times are text, UTC with ``Z``, for CSV."""
    times = arcs.select_dtypes("datetimetz").columns
    return arcs.assign(**{name: utc_texts(arcs[name]) for name in times})
