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
from retrieval.fusion.prediction import Prediction
from retrieval.reports.answers import interval_words
from retrieval.reports.azimuths import VERDICT_RULES
from retrieval.reports.captions import CAPTIONS
from retrieval.reports.cells import sector_rows
from retrieval.reports.comparison import Difference
from retrieval.reports.html import report_html
from retrieval.reports.model_words import shares_text
from retrieval.reports.plates import plates
from retrieval.reports.provenance import OF_THE_RECORD, Provenance, simulated_words
from retrieval.reports.tables import accuracy_table
from retrieval.reports.words import preset_text, ranges_text, reference_note
from retrieval.validation import Interval

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
    rows = {row[0].rstrip("*"): row for row in Page(page).rows if len(row) == 13}
    for name, row in accuracy_table(study.scores).iterrows():
        shown = rows[name]
        assert float(shown[2]) == pytest.approx(row["rmse"], abs=5e-6)
        assert float(shown[5]) == pytest.approx(row["mae"], abs=5e-5)
        assert float(shown[6]) == pytest.approx(row["bias"], abs=5e-5)
        assert float(shown[7]) == pytest.approx(row["ubrmse"], abs=5e-5)
        assert float(shown[8].rstrip(" %")) == pytest.approx(100 * row["coverage"], abs=0.5)
        assert int(shown[10]) == row["n"]
        assert int(shown[11]) == row["seeds"]
        if np.isfinite(row["r"]):
            assert float(shown[1]) == pytest.approx(row["r"], abs=5e-4)
    # Split by time it is the last training value, and uses nothing of the test period.
    assert "the last training value carried on" in " ".join(Page(page).text.split())
    assert "*" not in "".join(rows)
    assert "*: uses" not in page


def test_the_five_questions_are_answered(page, study):
    text = " ".join(Page(page).text.split())
    train, test = study.folds[0].train, study.folds[0].test
    for words in (
        "SIMULATED SNR",
        "Soil moisture at fild: test of the retrieval on simulated GNSS signals",
        f"{study.heard.n_accepted:,} simulated arcs of GPS signals for station fild",
        f"judged on the {len(test)} test days that have a reference",
        f"CSV, means of UTC days: {len(study.days)} days, training days "
        f"{study.reference[train].min():.3f} to {study.reference[train].max():.3f}, test days "
        f"{study.reference[test].min():.3f} to {study.reference[test].max():.3f} m³",
        f"a standard deviation of {study.reference[test].std():.3f}:",
        f"trained on the first {len(train)} of {len(study.days)} days ({study.days[0]} to "
        f"{study.days[train[-1]]}) and judged on the {len(test)} days that came after",
        "How sure are the estimates? rf-mdi is off by an RMSE of",
        "Which azimuths are bad?",
        "soilglint evaluate --report out",
        "ab" * 32,
    ):
        assert words in text


def told_text(study, label, plates_drawn, **more):
    page = Page(report_html(study, plates_drawn, Provenance("soilglint evaluate", label, **more)))
    return " ".join(page.text.split())


def test_what_was_simulated_is_not_called_measured(study, drawn):
    # The equipment of these arcs says SIMULATED; another label does not hide that.
    text = told_text(study, "a field", drawn)
    assert text.count(simulated_words(None)) == 2
    assert text.count(OF_THE_RECORD) == 4
    assert "What was simulated?" in text
    assert "What was measured" not in text
    real = dataclasses.replace(
        study, heard=dataclasses.replace(study.heard, equipment=("0 | X | 1 | 0 | Y",))
    )
    text = told_text(real, "a field", drawn)
    assert "What was measured?" in text
    assert "Soil moisture around station fild, from GPS signals that the ground reflects: " in text
    assert "Soil moisture at fild: how well GNSS reflections tell it" in text
    assert "simulat" not in text.replace(OF_THE_RECORD, "", 2).lower()
    assert simulated_words(None) in told_text(real, "SIMULATED SNR", drawn)


@pytest.mark.parametrize(
    ("from_reference", "words"),
    [
        (None, "made from this very reference is not declared and must be assumed"),
        (True, "simulated, from this very reference. The errors"),
        (False, "by declaration not from this reference"),
    ],
)
def test_whether_the_reference_drove_the_simulation_is_told(study, drawn, from_reference, words):
    text = told_text(study, "", drawn, from_reference=from_reference)
    assert text.count(words) == 2


def test_date_and_frost_are_told(study, drawn):
    text = told_text(study, "", drawn, made="2013-01-02", frost_checked=True)
    assert "(UTC); made on 2013-01-02 (UTC)" in text
    assert "Frost was not checked" not in text
    text = told_text(study, "", drawn)
    assert "(UTC); made on" not in text
    assert "Frost was not checked, as no temperatures were given" in text


def test_the_paper_is_cited_before_it_is_called_the_paper(page):
    text = " ".join(Page(page).text.split())
    assert text.index("Remote Sensing 16, 3428") < text.index("table 2 of the paper")
    assert text.index("Remote Sensing 16, 3428") < text.index("the paper's for that station")


def test_accuracy_on_wetter_soil_is_untested_where_the_test_is_dry(study, drawn):
    reference = study.reference.copy()
    train, test = study.folds[0].train, study.folds[0].test
    reference[train] = np.linspace(0.1, 0.4, len(train))
    reference[test] = np.linspace(0.1, 0.29, len(test))
    words = "Accuracy on wetter soil is untested: training days have 0.100 to 0.400"
    dry = dataclasses.replace(study, reference=reference)
    assert f"{words} m³ m⁻³, test days no more than 0.290." in told_text(dry, "", drawn)
    reference = reference.copy()
    reference[test[-1]] = 0.31
    assert words not in told_text(dataclasses.replace(study, reference=reference), "", drawn)


def test_what_stands_below_a_limit_is_not_written_as_the_limit(study, drawn):
    sectors = study.forests.sectors
    abs_r = np.full(len(sectors), 0.2996)
    abs_r[0] = 0.3004
    near = dataclasses.replace(
        study,
        forests=dataclasses.replace(
            study.forests, sectors=dataclasses.replace(sectors, abs_r=abs_r)
        ),
    )
    rows = sector_rows(near)
    # No change has no sign.
    assert not any(cell.startswith(("+0.0000", "-0.0000")) for _, cells in rows for cell in cells)
    cells = [cells[3] for _, cells in rows]
    assert cells == ["0.30", *["0.2996"] * (len(sectors) - 1)]


def test_auto_is_told_by_the_models_that_have_weight():
    assert shares_text({"fusion": 0.876, "linear": 0.0625, "rf-mdi": 0.0615}) == (
        "fusion (0.88), linear (0.06) and rf-mdi (0.06)"
    )
    # Thirds are hundredths that add up to 1.
    assert shares_text(dict.fromkeys("abc", 1 / 3)) == "a (0.34), b (0.33) and c (0.33)"
    assert shares_text({"linear": 1.0}) == "linear"


def test_auto_is_explained_where_it_is_first_named(study, drawn):
    leading = dataclasses.replace(
        study,
        said={"auto": study.said["rf-mdi"]},
        ranked={"auto": True},
        best="auto",
        behind={},
        shares={"fusion": 0.75, "linear": 0.25},
        rmse_range={"auto": study.rmse_range["rf-mdi"]},
        scores=study.scores[study.scores["model"] == "rf-mdi"].assign(model="auto"),
    )
    text = told_text(leading, "", drawn)
    text = text[text.index("Soil moisture at") :]
    first = text.index("auto")
    assert text[first:].startswith("auto (weighted mean of fusion (0.75) and linear (0.25)) is off")
    assert "svm" not in text


def test_a_reference_out_of_reflections_is_no_independent_one(study, drawn):
    note = reference_note("PBO H2O, one value a day")
    assert "no independent validation" in note
    assert reference_note("ISMN, means of UTC days") == ""
    pbo = dataclasses.replace(study, reference_kind="PBO H2O, one value a day")
    assert told_text(pbo, "", drawn).count(note) == 3
    assert "no independent validation" not in told_text(study, "", drawn)


@pytest.mark.parametrize(
    ("coverage", "words"),
    [
        (
            1.0,
            "held the reference on all 84 test days: too wide (half-width 0.020, RMSE 0.010)",
        ),
        (0.91, "held the reference on 91 % of 84 test days: wider than they promise"),
        (0.9, "about what they promise"),
        (0.85, "about what they promise"),
        (0.84, "too narrow"),
    ],
)
def test_intervals_that_hold_too_much_are_not_praised(coverage, words):
    assert words in interval_words(coverage, 84, 0.04, 0.01)


def test_the_size_of_the_forests_is_told_in_one_way(study, drawn):
    text = told_text(study, "", drawn)
    assert "fixed beforehand by --preset lm (150 trees, leaves of 2" in preset_text("lm")
    assert preset_text("lm") in text
    assert preset_text(None) in told_text(dataclasses.replace(study, preset=None), "", drawn)
    assert preset_text(None) not in text.replace("others chosen by blocks", "")


def test_the_box_names_the_simplest_of_those_that_cannot_be_told_apart(study, drawn):
    def behind(lower):
        return {
            "mean-phase": Difference(17, Interval(0.01, lower, 0.02)),
            "time-interpolation": Difference(17, Interval(0.02, 0.01, 0.03)),
        }

    alike = dataclasses.replace(study, best="rf-mdi", behind=behind(-0.001))
    text = told_text(alike, "", drawn)
    assert "do not tell it apart from mean-phase:" in text
    assert "The simplest of them is mean-phase." in text
    apart = dataclasses.replace(study, best="rf-mdi", behind=behind(0.001))
    assert "tell every other model apart from it" in told_text(apart, "", drawn)
    small = 0.04 * study.rmse_range["rf-mdi"].value
    slight = {**behind(0.001), "mean-phase": Difference(17, Interval(small, small, small))}
    text = told_text(dataclasses.replace(apart, behind=slight), "", drawn)
    assert (
        f"mean-phase lies behind by {small:.5f}, under 5 % of that RMSE: of no practical weight. "
        "The simplest of them is mean-phase."
    ) in text
    assert "tell every other" not in text
    assert f"{small:+.5f} ({small:+.5f} to {small:+.5f}), slight" in text


def test_days_below_zero_are_counted(study, drawn):
    assert "Estimates below 0, on test days: none; nothing is clipped" in told_text(
        study, "", drawn
    )
    said = study.said["rf-mdi"]
    vwc = said.vwc.copy()
    vwc[study.folds[0].test[:3]] = -0.01
    wet = {**study.said, "rf-mdi": Prediction(vwc, said.lower, said.upper)}
    text = told_text(dataclasses.replace(study, said=wet), "", drawn)
    assert "Estimates below 0, on test days: rf-mdi on 3; nothing" in text


def test_tables_are_numbered_without_gaps(page):
    numbers = [int(one) for one in re.findall(r"<b>Table (\d+)\.", page)]
    assert numbers == list(range(1, len(numbers) + 1))


def test_bad_azimuths_are_named(study, drawn, told):
    forests = study.forests
    sectors = dataclasses.replace(
        forests.sectors, verdict=tuple(["bad", "mixed"] + ["good"] * (len(forests.sectors) - 2))
    )
    bad = dataclasses.replace(study, forests=dataclasses.replace(forests, sectors=sectors))
    first, second = sectors.first_deg[:2]
    text = " ".join(Page(report_html(bad, drawn, told)).text.split())
    rule = "|R| below 0.3 on two thirds of the tracks or more"
    assert f"Bad: {first:.0f} to {first + 15:.0f}° ({rule}: phases hardly respond" in text
    assert f"Mixed: {second:.0f} to {second + 15:.0f}° ({VERDICT_RULES['mixed']})." in text
    # One rule in the summary, under table 4 and under both figures.
    assert text.count(rule) == 4
    assert f"Not judged, for want of tracks: {ranges_text(sectors.not_judged())}." in text
    good = dataclasses.replace(sectors, verdict=("good",) * len(sectors))
    fine = dataclasses.replace(study, forests=dataclasses.replace(forests, sectors=good))
    assert "None: no sector has" in Page(report_html(fine, drawn, told)).text


def test_names_from_outside_are_text_and_nothing_else(study, told):
    model = "<img src=x>"
    hostile = dataclasses.replace(
        study,
        station=HOSTILE,
        reference_kind=HOSTILE,
        heard=dataclasses.replace(study.heard, equipment=(HOSTILE,)),
        said={model: study.said["rf-mdi"]},
        ranked={model: True},
        best=model,
        behind={},
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
    assert "reference values of the test period? time-interpolation, marked *." in text
    assert "between the training values around" in text
    assert text.count("*: uses reference values of the test period, not ranked.") >= 4


def test_without_jinja2_the_remedy_is_told(study, drawn, told, monkeypatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(RetrievalError, match=re.escape("pip install 'soilglint[plots]'")):
        report_html(study, drawn, told)
