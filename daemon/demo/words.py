"""The demonstration's table, in words."""

from __future__ import annotations

import numpy as np

from daemon.demo.flow import LABEL, DemoReport

__all__ = ["report_lines", "report_rows"]


def report_rows(report: DemoReport) -> list[tuple[str, str]]:
    """Return what is told of a demonstration: name and value of each line."""
    found, table = report.scores, report.estimates
    flags = ", ".join(f"{number} {flag}" for flag, number in report.flags.items())
    half, most = np.quantile(report.latency_s, [0.5, 1.0])
    return [
        ("season", f"{report.station.season_files} daily files, which trained the model"),
        ("week", f"{report.hourly_files} hourly files, {report.arcs} arcs accepted"),
        ("estimates", f"{len(table)} every 15 minutes ({flags})"),
        (
            "against truth",
            f"RMSE {found.rmse:.3f}, bias {found.bias:+.3f}, ubRMSE {found.ubrmse:.3f} m3 m-3, "
            f"R {found.r:.2f}",
        ),
        (
            "intervals",
            f"of 90 %: {found.coverage:.0%} hold the truth, {found.width:.3f} m3 m-3 wide",
        ),
        ("latency", f"from file to subscriber {half:.2f} s in the middle, {most:.2f} s at most"),
        ("took", f"{report.took_s:.0f} s"),
    ]


def report_lines(report: DemoReport) -> list[str]:
    """Write them for people."""
    rows = report_rows(report)
    width = max(len(name) for name, _ in rows)
    return [LABEL, *(f"{name:<{width}}  {value}" for name, value in rows)]
