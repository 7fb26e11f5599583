"""The report as one HTML file that needs nothing beside it: no script, no link, no second file."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING

from retrieval.errors import RetrievalError
from retrieval.reports import words
from retrieval.reports.answers import in_short
from retrieval.reports.azimuths import BAD_R
from retrieval.reports.cells import (
    accuracy_rows,
    azimuth_rows,
    below_zero_text,
    forest_rows,
    reference_facts,
    sector_rows,
    signal_rows,
)
from retrieval.reports.limits import limits
from retrieval.reports.tables import OCTANTS, accuracy_table

if TYPE_CHECKING:
    from retrieval.reports.plates import Plate
    from retrieval.reports.study import Study

__all__ = ["Provenance", "report_html"]

_TEMPLATE = "report.html.j2"


@dataclass(frozen=True)
class Provenance:
    """Where a report comes from.

    Attributes
    ----------
    command : str
        As it was typed.
    label : str
        What kind of record this is, such as "SIMULATED SNR, real reference"; may be empty.
    versions : dict of str to str
        Of the software.
    sources : dict of str to str
        SHA-256 of what was read, by name.
    settings : dict of str to str
        What was chosen, in words.
    """

    command: str
    label: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)


def report_html(study: Study, plates: list[Plate], provenance: Provenance) -> str:
    """Return the report.

    Parameters
    ----------
    study : Study
        Its numbers.
    plates : list of Plate
        Its figures (`retrieval.reports.plates.plates`).
    provenance : Provenance
        Where it comes from.

    Raises
    ------
    RetrievalError
        Jinja2 is not installed.
    """
    try:
        from jinja2 import Environment, StrictUndefined
    except ImportError as error:
        raise RetrievalError(
            "reports need Jinja2, which is not installed; run: pip install 'soilglint[plots]'"
        ) from error
    text = resources.files("retrieval.reports").joinpath("templates", _TEMPLATE).read_text("utf-8")
    page = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).from_string(text)
    shown = {
        plate.name: {
            "number": number,
            "title": plate.title,
            "caption": plate.caption,
            "source": "data:image/png;base64," + base64.b64encode(plate.png).decode("ascii"),
        }
        for number, plate in enumerate(plates, start=1)
    }
    first = study.folds[0]
    return page.render(
        study=study,
        told=provenance,
        first_day=str(study.days.min()),
        last_day=str(study.days.max()),
        in_short=in_short(study, provenance.label),
        joint=(" %", "\N{NO-BREAK SPACE}%"),
        measured=words.measured(study),
        reference=reference_facts(study),
        split=words.split_text(study),
        kept_apart=words.kept_apart(study.preset),
        limits=limits(study, provenance.label),
        simulated=words.is_simulated(study, provenance.label),
        signals=signal_rows(study),
        below_zero=below_zero_text(study),
        accuracy=accuracy_rows(study),
        seeds=int(accuracy_table(study.scores)["seeds"].max()),
        forests=forest_rows(study),
        size=study.forests.mdi.size_,
        seed=study.forests.mdi.seed,
        first_train=len(first.train),
        first_test=len(first.test),
        first_name=first.name,
        many_folds=len(study.folds) > 1,
        block_days=study.block_days,
        compass=OCTANTS,
        azimuths=azimuth_rows(study),
        sectors=sector_rows(study),
        horizon=study.horizon_deg is not None,
        bad_r=BAD_R,
        plates=shown,
    )
