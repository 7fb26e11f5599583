"""The report as one HTML file that needs nothing beside it: no script, no link, no second file."""

from __future__ import annotations

import base64
from importlib import resources
from typing import TYPE_CHECKING

from retrieval.errors import RetrievalError
from retrieval.reports import words
from retrieval.reports.answers import in_short
from retrieval.reports.azimuths import BAD_R, VERDICT_RULES
from retrieval.reports.cells import (
    accuracy_rows,
    azimuth_rows,
    below_zero_text,
    forest_rows,
    reference_facts,
    sector_rows,
    signal_rows,
)
from retrieval.reports.comparison import PRACTICAL_SHARE, RESAMPLES
from retrieval.reports.limits import limits
from retrieval.reports.provenance import OF_THE_RECORD, is_simulated
from retrieval.reports.tables import OCTANTS, accuracy_table, forest_rmse

if TYPE_CHECKING:
    from retrieval.reports.plates import Plate
    from retrieval.reports.provenance import Provenance
    from retrieval.reports.study import Study

__all__ = ["report_html"]

_TEMPLATE = "report.html.j2"


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
        in_short=in_short(study, provenance),
        joint=(" %", "\N{NO-BREAK SPACE}%"),
        measured=words.measured(study),
        reference=reference_facts(study),
        split=words.split_text(study),
        kept_apart=words.kept_apart(study.preset),
        limits=limits(study, provenance),
        simulated=is_simulated(study, provenance.label),
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
        rules=VERDICT_RULES,
        of_the_record=OF_THE_RECORD,
        practical_percent=round(100 * PRACTICAL_SHARE),
        resamples=f"{RESAMPLES:,}",
        whole_rmse=f"{forest_rmse(study):.4f}",
        plates=shown,
    )
