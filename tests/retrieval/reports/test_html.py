"""The page: it stands alone, tells the study's numbers, and takes no orders from what it shows."""

import base64
import dataclasses
import io
import re
import sys
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from retrieval.errors import RetrievalError
from retrieval.reports.captions import CAPTIONS
from retrieval.reports.html import Provenance, report_html
from retrieval.reports.plates import plates
from retrieval.reports.tables import accuracy_table

HOSTILE = "<script>alert('x')</script>\"><img src=http://evil.example/x>&{{ 7*7 }}$\\frac"


class Page(HTMLParser):
    """Tags, attributes and text of a page; tables as rows of cells."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.links, self.rows, self.text = [], [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href", "data")]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th") and self.rows:
            self.rows[-1].append("")
        self.inside = tag

    def handle_data(self, data):
        self.text += data
        if self.rows and self.rows[-1] and self.inside in ("td", "th", "code", "b"):
            self.rows[-1][-1] += data

    def handle_endtag(self, tag):
        self.inside = None


@pytest.fixture(scope="module")
def drawn(study):
    return plates(study, "SIMULATED SNR")


@pytest.fixture(scope="module")
def told():
    return Provenance(
        "soilglint evaluate --report out",
        "SIMULATED SNR",
        {"soilglint": "0.1"},
        {"arcs": "ab" * 32},
        {"Seeds": "0 to 1"},
    )


@pytest.fixture(scope="module")
def page(study, drawn, told):
    return report_html(study, drawn, told)


def test_it_needs_nothing_beside_it(page):
    found = Page(page)
    assert "script" not in found.tags
    assert "link" not in found.tags
    assert found.links
    assert all(link.startswith("data:image/png;base64,") for link in found.links)
    assert "@import" not in page
    assert "url(" not in page


def test_every_figure_is_there_with_its_caption_and_decodes(page, drawn):
    found = Page(page)
    assert [plate.name for plate in drawn] == list(CAPTIONS)
    assert found.tags.count("figure") == found.tags.count("figcaption") == len(drawn)
    for link, plate in zip(found.links, drawn, strict=True):
        content = base64.b64decode(link.split(",", 1)[1], validate=True)
        assert content == plate.png
        with Image.open(io.BytesIO(content)) as image:
            image.load()
            assert image.format == "PNG"
            assert image.width >= 1000
        assert plate.caption in found.text.replace("\N{NO-BREAK SPACE}", " ")


def test_the_numbers_of_table_2_are_those_of_the_scores(page, study):
    rows = {row[0].rstrip("*"): row for row in Page(page).rows if len(row) == 12}
    for name, row in accuracy_table(study.scores).iterrows():
        shown = rows[name]
        assert float(shown[2]) == pytest.approx(row["rmse"], abs=5e-5)
        assert float(shown[4]) == pytest.approx(row["mae"], abs=5e-5)
        assert float(shown[5]) == pytest.approx(row["bias"], abs=5e-5)
        assert float(shown[6]) == pytest.approx(row["ubrmse"], abs=5e-5)
        assert float(shown[7].rstrip(" %")) == pytest.approx(100 * row["coverage"], abs=0.5)
        assert int(shown[9]) == row["n"]
        assert int(shown[10]) == row["seeds"]
        if np.isfinite(row["r"]):
            assert float(shown[1]) == pytest.approx(row["r"], abs=5e-4)
    assert "time-interpolation*" in Page(page).text
    assert "mean-phase*" not in Page(page).text


def test_the_five_questions_are_answered(page, study):
    text = " ".join(Page(page).text.split())
    train, test = study.folds[0].train, study.folds[0].test
    for words in (
        "SIMULATED SNR",
        f"Soil moisture around station fild, from GPS signals that the ground reflects: "
        f"{study.heard.n_accepted:,} arcs",
        f"CSV, means of UTC days: {len(study.days)} days",
        f"trained on the first {len(train)} of {len(study.days)} days ({study.days[0]} to "
        f"{study.days[train[-1]]}) and judged on the {len(test)} days that came after",
        "How sure are the estimates? rf-mdi is off by an RMSE of",
        "Which azimuths are bad?",
        "time-interpolation, marked *",
        "soilglint evaluate --report out",
        "ab" * 32,
    ):
        assert words in text


def test_bad_azimuths_are_named(study, drawn, told):
    forests = study.forests
    sectors = dataclasses.replace(
        forests.sectors, verdict=tuple(["bad", "mixed"] + ["good"] * (len(forests.sectors) - 2))
    )
    bad = dataclasses.replace(study, forests=dataclasses.replace(forests, sectors=sectors))
    first, second = sectors.first_deg[:2]
    text = " ".join(Page(report_html(bad, drawn, told)).text.split())
    assert f"{first:.0f} to {first + 15:.0f}°: the phases of most tracks there hardly" in text
    assert f"Mixed: {second:.0f} to {second + 15:.0f}°." in text
    good = dataclasses.replace(sectors, verdict=("good",) * len(sectors))
    fine = dataclasses.replace(study, forests=dataclasses.replace(forests, sectors=good))
    assert "None: in no sector" in Page(report_html(fine, drawn, told)).text


def test_names_from_outside_are_text_and_nothing_else(study, told):
    model = "<img src=x>"
    hostile = dataclasses.replace(
        study,
        station=HOSTILE,
        reference_kind=HOSTILE,
        heard=dataclasses.replace(study.heard, equipment=(HOSTILE,)),
        said={model: study.said["rf-mdi"]},
        ranked={model: True},
        rmse_range={model: study.rmse_range["rf-mdi"]},
        scores=study.scores[study.scores["model"] == "rf-mdi"].assign(model=model),
    )
    provenance = Provenance(HOSTILE, HOSTILE, {HOSTILE: HOSTILE}, {HOSTILE: HOSTILE}, {})
    drawn = plates(hostile, HOSTILE)
    text = report_html(hostile, drawn, provenance)
    found = Page(text)
    assert "script" not in found.tags
    assert found.tags.count("img") == len(drawn)
    assert all(link.startswith("data:image/png;base64,") for link in found.links)
    assert found.text.count(HOSTILE) >= 8
    assert found.text.count(model) >= 2


def test_equal_studies_give_equal_pages(study, drawn, told, page):
    again = plates(study, "SIMULATED SNR")
    assert [one.png for one in again] == [one.png for one in drawn]
    assert report_html(study, again, told) == page


def test_blocks_are_told_as_blocks(field, told):
    study = field.study("blocks")
    text = " ".join(Page(report_html(study, plates(study, ""), told)).text.split())
    assert "5 blocks of days were left out in turn" in text
    assert f"each of the {len(study.days)} days was judged once" in text
    assert "trained on the first" not in text


def test_without_jinja2_the_remedy_is_told(study, drawn, told, monkeypatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(RetrievalError, match=re.escape("pip install 'soilglint[plots]'")):
        report_html(study, drawn, told)
