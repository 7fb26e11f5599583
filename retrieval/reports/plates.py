"""The figures of a report: which there are, what each is drawn from, and how it is read."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from retrieval.reports import figures
from retrieval.reports.azimuths import SECTOR_DEG, VERDICT_RULES
from retrieval.reports.captions import caption_of
from retrieval.reports.signals import signal_words
from retrieval.reports.tables import forest_rmse, sector_table, signals_of_tracks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from retrieval.fusion.prediction import Prediction
    from retrieval.reports.study import Study

__all__ = ["Plate", "plates"]

_DPI = 110


@dataclass(frozen=True)
class Plate:
    """One figure, ready to be written.

    Attributes
    ----------
    name : str
        Of its file, without ending.
    title : str
    caption : str
        How to read it.
    png : bytes
    """

    name: str
    title: str
    caption: str
    png: bytes


def plates(study: Study, label: str) -> list[Plate]:
    """Draw all figures of a study.

    Parameters
    ----------
    study : Study
        Its numbers.
    label : str
        What kind of record this is, such as "SIMULATED SNR, real reference"; may be empty.

    Raises
    ------
    RetrievalError
        matplotlib is not installed.
    """
    drawn: dict[str, Callable[[Study, str], Figure]] = {
        "series": _series,
        "series-test": _series_test,
        "scatter": _scatter,
        "errors": _errors,
        "reliability": _reliability,
        "season": _season,
        "trees": _trees,
        "importance": _importance,
        "mdi-mda": _mdi_mda,
        "sectors": _sectors,
    }
    if np.isfinite(study.forests.elevation_deg).any():
        drawn["sky"] = _sky
    if study.tested.all():
        del drawn["series-test"]
    return [
        Plate(name, *caption_of(name, study, label), _png(draw(study, label)))
        for name, draw in drawn.items()
    ]


def _png(figure: Figure) -> bytes:
    """Return a figure as PNG, the same bytes for the same figure."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=_DPI, metadata={"Software": None})
    return file.getvalue()


def _ordered(study: Study) -> dict[str, Prediction]:
    """Return what models said by the names that are shown."""
    return {_shown(study, name): one for name, one in study.said.items()}


def _shown(study: Study, name: str) -> str:
    """Return a name, with a star where the model uses reference values of the test period."""
    return name + "*" * (not study.ranked[name])


def _tested(study: Study) -> dict[str, Prediction]:
    """Return what models said of the test days."""
    kept = study.tested
    return {
        name: type(one)(one.vwc[kept], one.lower[kept], one.upper[kept])
        for name, one in _ordered(study).items()
    }


def _series(study: Study, label: str) -> Figure:
    return figures.series_figure(
        study.days.astype("datetime64[s]"),
        study.reference,
        said=_ordered(study),
        tested=study.tested,
        leading=_shown(study, study.leading),
        rain=study.rain,
        label=label,
    )


def _series_test(study: Study, label: str) -> Figure:
    kept = study.tested
    return figures.series_figure(
        study.days[kept].astype("datetime64[s]"),
        study.reference[kept],
        said=_tested(study),
        tested=np.ones(int(kept.sum()), np.bool_),
        leading=_shown(study, study.leading),
        rain=study.rain,
        label=label,
    )


def _scatter(study: Study, label: str) -> Figure:
    return figures.scatter_figure(study.reference[study.tested], said=_tested(study), label=label)


def _errors(study: Study, label: str) -> Figure:
    scores = study.scores
    return figures.errors_figure(scores[scores["fold"] == "all"], label=label)


def _reliability(study: Study, label: str) -> Figure:
    return figures.reliability_figure(
        study.reference[study.tested], said=_tested(study), label=label
    )


def _season(study: Study, label: str) -> Figure:
    kept = study.tested
    errors = {name: one.vwc[kept] - study.reference[kept] for name, one in _ordered(study).items()}
    return figures.season_figure(
        study.days[kept].astype("datetime64[s]"), errors=errors, label=label
    )


def _trees(study: Study, label: str) -> Figure:
    forests = study.forests
    return figures.trees_figure(
        forests.n_trees,
        forests.oob_rmse,
        chosen=forests.mdi.size_.trees,
        chosen_leaf=forests.mdi.size_.min_leaf,
        fixed=study.preset is not None,
        label=label,
    )


def _importance(study: Study, label: str) -> Figure:
    forests = study.forests
    sector = np.floor(forests.azimuth_deg / SECTOR_DEG) * SECTOR_DEG
    return figures.importance_figure(
        forests.abs_r,
        forests.mdi.weights_,
        sector=sector,
        signal=[f"{name}, {signal_words(name)}" for name in signals_of_tracks(study)],
        label=label,
    )


def _mdi_mda(study: Study, label: str) -> Figure:
    forests = study.forests
    return figures.mdi_mda_figure(forests.mdi.weights_, forests.mda.weights_, label=label)


def _sectors(study: Study, label: str) -> Figure:
    forests = study.forests
    sectors = forests.sectors
    table = sector_table(study)
    shuffled = {
        float(first): (float(mean), float(spread))
        for first, mean, spread in zip(
            sectors.first_deg, table["rmse"], table["spread"], strict=True
        )
    }

    return figures.sectors_figure(
        forests.azimuth_deg,
        abs_r=forests.abs_r,
        weight=forests.mdi.weights_,
        shuffled=shuffled if np.isfinite(table["rmse"]).all() else None,
        rmse=forest_rmse(study),
        horizon_deg=study.horizon_deg,
        bad_deg=sectors.begins("bad"),
        mixed_deg=sectors.begins("mixed"),
        rules=VERDICT_RULES,
        label=label,
    )


def _sky(study: Study, label: str) -> Figure:
    forests = study.forests
    return figures.sky_figure(
        forests.azimuth_deg,
        first_elevation_deg=forests.elevation_deg[:, 0],
        last_elevation_deg=forests.elevation_deg[:, 1],
        weight=forests.mdi.weights_,
        bad_deg=forests.sectors.begins("bad"),
        label=label,
    )
