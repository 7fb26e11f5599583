"""The demonstration's page: one HTML file with its figures inside."""

from __future__ import annotations

import base64
import io
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np

from daemon.demo.flow import LABEL, DemoReport
from daemon.demo.words import report_rows
from retrieval.errors import RetrievalError
from retrieval.reports.figures.canvas import new_figure, tidy
from retrieval.reports.figures.palette import COLOURS, REFERENCE
from retrieval.version import VERSION

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["demo_page"]


def demo_page(report: DemoReport) -> str:
    """Write the page.

    Raises
    ------
    RetrievalError
        matplotlib or Jinja2 is not installed.
    """
    try:
        from jinja2 import Environment
    except ImportError as error:
        raise RetrievalError(
            "the page needs Jinja2, which is not installed; run: pip install 'soilglint[plots]'"
        ) from error
    template = resources.files("daemon.demo").joinpath("page.html.j2").read_text("utf-8")
    return (
        Environment(autoescape=True)
        .from_string(template)
        .render(
            label=LABEL,
            version=VERSION,
            rows=report_rows(report),
            figures=[_png(_series(report)), _png(_latency(report))],
        )
    )


def _series(report: DemoReport) -> Figure:
    """Draw estimates, intervals and truth over the week."""
    table = report.estimates
    time = table["time"].dt.tz_localize(None).to_numpy()
    figure = new_figure(4.2, "Soil moisture of the week, live", LABEL)
    axes = figure.subplots()
    axes.fill_between(
        time,
        table["vwc_lower"].to_numpy(np.float64),
        table["vwc_upper"].to_numpy(np.float64),
        color=COLOURS["sky blue"],
        alpha=0.35,
        label="90 % interval",
    )
    axes.plot(time, table["vwc"].to_numpy(np.float64), color=COLOURS["blue"], label="estimate")
    axes.plot(time, table["truth"], color=REFERENCE, linestyle="--", label="truth, mean of 24 h")
    axes.set_ylabel("soil moisture, m³ m⁻³")
    axes.set_xlabel("UTC")
    axes.legend(loc="best", frameon=False)
    tidy(axes)
    return figure


def _latency(report: DemoReport) -> Figure:
    """Draw how long files took."""
    figure = new_figure(2.6, "From a file to its first estimate at the subscriber", LABEL)
    axes = figure.subplots()
    axes.hist(report.latency_s, bins=30, color=COLOURS["blue"])
    axes.set_xlabel("seconds of real time")
    axes.set_ylabel("hourly files")
    tidy(axes)
    return figure


def _png(figure: Figure) -> str:
    """Return a figure as text that a page can hold."""
    target = io.BytesIO()
    figure.savefig(target, format="png", dpi=110)
    return base64.b64encode(target.getvalue()).decode("ascii")
