"""Figures of the report: what is drawn is what was given, and it can be read."""

import itertools
import re
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest

from retrieval.errors import InputError, RetrievalError
from retrieval.fusion.importance import azimuth_sectors
from retrieval.fusion.models import MODEL_NAMES
from retrieval.fusion.prediction import Prediction
from retrieval.reports import figures
from retrieval.reports.figures.canvas import plain
from retrieval.reports.figures.palette import style_of
from retrieval.reports.figures.reliability import binomial_interval
from retrieval.reports.figures.sectors import SECTOR_DEG

LABEL = "SIMULATED SNR, real reference"
DAYS = np.datetime64("2012-03-01T12", "s") + np.arange(100) * np.timedelta64(86400, "s")
REFERENCE = 0.15 + 0.1 * np.sin(np.arange(100) / 9.0)
TEN = (*MODEL_NAMES, "fusion", "auto")[:10]


def said(shift=0.01, half=0.03, n=100):
    vwc = REFERENCE[:n] + shift
    return Prediction(vwc, vwc - half, vwc + half)


def models(names):
    return {name: said(0.004 * k) for k, name in enumerate(names)}


def nothing(n=100):
    return Prediction(*np.full((3, n), np.nan))


def score_table(names, seeds=(0, 1)):
    return pd.DataFrame(
        [
            {"model": name, "seed": seed, "rmse": 0.02 + 0.01 * k + 0.001 * seed, "bias": -0.01 * k,
             "ubrmse": 0.02, "ranked": name != "persistence"}
            for k, name in enumerate(names)
            for seed in seeds
        ]
    )  # fmt: skip


def tracks(k, seed=0):
    draw = np.random.default_rng(seed)
    return draw.uniform(0, 360, k), draw.uniform(0, 1, k), draw.beta(0.5, 2, k)


def sectors(k, **more):
    azimuth, r, weight = tracks(k)
    return figures.sectors_figure(azimuth, abs_r=r, weight=weight, label=LABEL, **more)


def sky(k, weight=None):
    azimuth, _, own = tracks(k)
    rising = np.arange(k) % 2 == 0
    return figures.sky_figure(
        azimuth,
        first_elevation_deg=np.where(rising, 5.0, 25.0),
        last_elevation_deg=np.where(rising, 25.0, 5.0),
        weight=own if weight is None else weight,
        label=LABEL,
    )


def importance(k, weight=None):
    azimuth, r, own = tracks(k)
    sector = np.floor(azimuth / 15) * 15
    return figures.importance_figure(
        r,
        own if weight is None else weight,
        sector=sector,
        signal=[SIGNALS[j % 4] for j in range(k)],
        label=LABEL,
    )


def series(said, tested=None, **more):
    tested = np.arange(100) >= 70 if tested is None else tested
    return figures.series_figure(DAYS, REFERENCE, said=said, tested=tested, label=LABEL, **more)


RAIN = (DAYS, np.where(np.arange(100) % 11 == 0, 14.0, 0.0))
SIGNALS = ("GS1C, GPS L1 C/A", "GS2W, GPS L2 P(Y)", "GS2X, GPS L2C", "ES5X, Galileo E5a")
ALL_NAN = np.full(100, np.nan)
SHUFFLED = {float(begin): (0.012, 0.001) for begin in np.arange(24) * 15}

CASES = {
    "trees": lambda: figures.trees_figure(
        [10, 20, 30], {2: [0.04, 0.03, 0.02], 5: [np.nan, 0.04, 0.03]}, chosen=30, label=LABEL
    ),
    "trees, one number": lambda: figures.trees_figure([300], {3: [0.02]}, chosen=150, label=LABEL),
    "trees, not known": lambda: figures.trees_figure(
        [1, 2], {3: [np.nan, np.nan]}, chosen=2, label=LABEL
    ),
    "series": lambda: series(models(TEN[:3]), rain=RAIN),
    "series, one model, no training": lambda: series(models(TEN[:1]), np.ones(100, bool)),
    "series, ten models": lambda: series(models(TEN), rain=RAIN, leading=TEN[5]),
    "series, nothing known": lambda: series({"rf-mdi": nothing()}, rain=(DAYS, ALL_NAN)),
    "series, no rain fell": lambda: series(models(TEN[:1]), rain=(DAYS, np.zeros(100))),
    "series, no rows": lambda: figures.series_figure(
        DAYS[:0], [], said={"svm": nothing(0)}, tested=np.zeros(0, bool), rain=(DAYS[:0], []),
        label=LABEL
    ),
    "series, one row": lambda: figures.series_figure(
        DAYS[:1], [0.1], said={"svm": said(n=1)}, tested=np.array([False]), label=LABEL
    ),
    "scatter, one": lambda: figures.scatter_figure(REFERENCE, said=models(TEN[:1]), label=LABEL),
    "scatter, two": lambda: figures.scatter_figure(REFERENCE, said=models(TEN[:2]), label=LABEL),
    "scatter, three": lambda: figures.scatter_figure(REFERENCE, said=models(TEN[:3]), label=LABEL),
    "scatter, ten": lambda: figures.scatter_figure(REFERENCE, said=models(TEN), label=LABEL),
    "scatter, nothing": lambda: figures.scatter_figure(
        ALL_NAN, said={"svm": nothing()}, label=LABEL
    ),
    "errors": lambda: figures.errors_figure(score_table(["rf-mdi", "persistence"]), label=LABEL),
    "errors, ten": lambda: figures.errors_figure(score_table(TEN).assign(n=84, r=0.9), label=LABEL),
    "errors, one": lambda: figures.errors_figure(score_table(["svm"], (-1,)), label=LABEL),
    "errors, not known": lambda: figures.errors_figure(
        score_table(["svm", "rbf"]).assign(rmse=np.nan, bias=np.nan, r=np.nan), label=LABEL
    ),
    "importance": lambda: importance(400),
    "importance, five": lambda: importance(5),
    "importance, equal": lambda: importance(40, np.ones(40)),
    "importance, nothing": lambda: importance(4, np.full(4, np.nan)),
    "importance, no track": lambda: importance(0),
    "mdi and mda": lambda: figures.mdi_mda_figure(*tracks(400)[1:], label=LABEL),
    "mdi and mda, five": lambda: figures.mdi_mda_figure(*tracks(5)[1:], label=LABEL),
    "mdi and mda, equal": lambda: figures.mdi_mda_figure(np.ones(9), np.ones(9), label=LABEL),
    "mdi and mda, no track": lambda: figures.mdi_mda_figure([], [], label=LABEL),
    "sectors": lambda: sectors(
        400, shuffled=SHUFFLED, rmse=0.01, horizon_deg=np.linspace(0, 9, 360)
    ),
    "sectors, five": lambda: sectors(5),
    "sectors, no track": lambda: sectors(0, shuffled={}, horizon_deg=[np.nan]),
    "sky": lambda: sky(400),
    "sky, five": lambda: sky(5),
    "sky, equal": lambda: sky(30, np.ones(30)),
    "sky, weights not known": lambda: sky(6, np.full(6, np.nan)),
    "sky, no track": lambda: sky(0),
    "reliability": lambda: figures.reliability_figure(
        REFERENCE, said=models(TEN[:3]), label=LABEL
    ),
    "reliability, ten": lambda: figures.reliability_figure(
        REFERENCE, said=models(TEN), label=LABEL
    ),
    "reliability, one": lambda: figures.reliability_figure(
        REFERENCE[:3], said={"svm": said(n=3)}, label=LABEL
    ),
    "reliability, nothing": lambda: figures.reliability_figure(
        REFERENCE, said={"svm": nothing()}, label=LABEL
    ),
    "season": lambda: figures.season_figure(
        DAYS, errors=dict.fromkeys(TEN[:3], REFERENCE - 0.15), label=LABEL
    ),
    "season, ten": lambda: figures.season_figure(
        DAYS, errors=dict.fromkeys(TEN, REFERENCE - 0.15), label=LABEL
    ),
    "season, nothing": lambda: figures.season_figure(DAYS, errors={"svm": ALL_NAN}, label=LABEL),
}  # fmt: skip


def drawn(name):
    figure = CASES[name]()
    figure.draw_without_rendering()
    return figure


def parts(figure):
    """The figure, its axes and their legends, where text can be."""
    yield figure
    for axes in figure.axes:
        yield axes
        yield axes.xaxis
        yield axes.yaxis
        if axes.get_legend() is not None:
            yield axes.get_legend()


def shown_texts(figure):
    """Text that is shown with its box in pixels; what an axis leaves out is left out."""
    import matplotlib.text

    renderer = figure.canvas.get_renderer()
    found = {}
    for axes in figure.axes:
        if not axes.get_visible():
            continue
        inside = axes.get_window_extent(renderer).padded(2)
        labels = set()
        for axis in (axes.xaxis, axes.yaxis):
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                for label in (tick.label1, tick.label2):
                    labels.add(label)
                    box = label.get_window_extent(renderer)
                    along = (
                        inside.x0 <= box.x0 + box.width / 2 <= inside.x1
                        if axis is axes.xaxis
                        else inside.y0 <= box.y0 + box.height / 2 <= inside.y1
                    )
                    if label.get_visible() and label.get_text() and (along or axes.name == "polar"):
                        found[label] = box
        for text in axes.findobj(matplotlib.text.Text):
            if text not in labels and text.get_visible() and text.get_text().strip():
                found[text] = text.get_window_extent(renderer)
    for text in figure.texts:
        found[text] = text.get_window_extent(renderer)
    return {text.get_text() + f"@{id(text)}": box for text, box in found.items()}


@pytest.mark.parametrize("name", CASES)
def test_text_is_whole_and_covers_no_other_text(name):
    figure = drawn(name)
    boxes = shown_texts(figure)
    assert any(LABEL in text for text in boxes)
    width, height = figure.canvas.get_width_height()
    assert width == 1000
    for text, box in boxes.items():
        assert box.x0 >= -1, text
        assert box.x1 <= width + 1, text
        assert box.y0 >= -1, text
        assert box.y1 <= height + 1, text
    for (one, a), (other, b) in itertools.combinations(boxes.items(), 2):
        across = min(a.x1, b.x1) - max(a.x0, b.x0)
        upwards = min(a.y1, b.y1) - max(a.y0, b.y0)
        assert across < 1 or upwards < 1, f"{one!r} lies on {other!r} in {name}"


@pytest.mark.parametrize("name", CASES)
def test_axes_say_quantity_and_unit(name):
    units = ("m³ m⁻³", "(0 to 1)", "(1)", "degrees", "(number)", "UTC", "mm per day")
    for axes in drawn(name).axes:
        for label in (axes.get_xlabel(), axes.get_ylabel()):
            assert not label or any(unit in label for unit in units), label
    said = "".join(axes.get_xlabel() + axes.get_ylabel() for axes in CASES[name]().axes)
    assert said


@pytest.mark.parametrize("name", ["series, ten models", "sky", "errors, ten", "sectors"])
def test_same_numbers_give_the_same_picture(name, tmp_path):
    pictures = []
    for turn in range(2):
        path = tmp_path / f"{turn}.png"
        CASES[name]().savefig(path)
        pictures.append(path.read_bytes())
    assert pictures[0] == pictures[1]


def test_nothing_is_left_in_pyplot():
    code = (
        "import sys\n"
        "from retrieval.reports import figures\n"
        "assert 'matplotlib' not in sys.modules\n"
        "figures.mdi_mda_figure([0.1, 1], [0.2, 1], label='x')\n"
        "assert 'matplotlib' in sys.modules\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(RetrievalError, match=r"soilglint\[plots\]"):
        CASES["trees"]()


def line(axes, label):
    (found,) = [one for one in axes.lines if str(one.get_label()).startswith(label)]
    return found


def test_lines_of_trees_are_those_given_in_order_of_trees():
    figure = figures.trees_figure([30, 10, 20], {2: [0.02, 0.04, 0.03]}, chosen=20, label=LABEL)
    found = line(figure.axes[0], "leaves of 2 days")
    assert found.get_xdata().tolist() == [10, 20, 30]
    assert found.get_ydata().tolist() == [0.04, 0.03, 0.02]
    assert "0.0300 m³ m⁻³ with 20 trees" in found.get_label()


def test_series_holds_reference_and_estimates_and_breaks_where_days_lack():
    kept = np.r_[0:40, 60:100]
    one = Prediction(*(np.where(kept == 5, np.nan, part[kept]) for part in (
        said().vwc, said().lower, said().upper)))  # fmt: skip
    shuffled = np.random.default_rng(0).permutation(80)
    figure = figures.series_figure(
        DAYS[kept][shuffled],
        REFERENCE[kept][shuffled],
        said={"rf-mdi": Prediction(one.vwc[shuffled], one.lower[shuffled], one.upper[shuffled])},
        tested=np.ones(80, bool),
        label=LABEL,
    )
    axes = figure.axes[0]
    measured = line(axes, "reference").get_ydata()
    assert measured[~np.isnan(measured)].tolist() == REFERENCE[kept].tolist()
    # One break, behind the 40th row; the estimate has another where it is not known.
    assert np.flatnonzero(np.isnan(measured)).tolist() == [40]
    estimate = line(axes, "rf-mdi:").get_ydata()
    assert np.flatnonzero(np.isnan(estimate)).tolist() == [5, 40]
    assert np.nanmin(np.abs(estimate - measured)) == pytest.approx(0.01)


def test_series_scores_rows_that_did_not_train_and_shades_the_others():
    vwc = REFERENCE + np.where(np.arange(100) < 70, 0.5, 0.02)
    figure = series({"svm": Prediction(vwc, vwc - 1, vwc + 1)})
    axes = figure.axes[0]
    label = line(axes, "svm:").get_label()
    assert "n 30" in label
    assert "RMSE 0.020, bias +0.020, ubRMSE 0.000" in label
    (shade,) = [one for one in axes.patches if "training days" in str(one.get_label())]
    assert shade.get_label() == "training days (70)"
    # From the first row to the middle between the 70th and the 71st; matplotlib counts in days.
    first, last = shade.get_x(), shade.get_x() + shade.get_width()
    assert last - first == pytest.approx(69.5)


def test_rain_has_a_strip_of_its_own_with_days_that_have_no_row():
    around = DAYS[0] + np.arange(-3, 110) * np.timedelta64(86400, "s")
    fell = np.arange(113) % 7 + 1.0
    fell[10] = np.nan
    kept = np.r_[0:40, 60:100]
    whole = said()
    figure = figures.series_figure(
        DAYS[kept],
        REFERENCE[kept],
        said={"svm": Prediction(whole.vwc[kept], whole.lower[kept], whole.upper[kept])},
        tested=np.ones(80, bool),
        rain=(around, fell),
        label=LABEL,
    )
    strip, moisture = figure.axes
    # From the first day of the rows to the last, the gap among them too; one is not known.
    expected = np.delete(fell[3:103], 7)
    assert [bar.get_height() for bar in strip.patches] == expected.tolist()
    assert strip.get_ylim()[0] == 0
    assert strip.get_ylim()[1] > 7
    figure.draw_without_rendering()
    assert strip.get_window_extent().y0 > moisture.get_window_extent().y1
    assert strip.get_xlim() == moisture.get_xlim()


def test_the_leading_model_lies_on_top_with_its_interval_wherever_it_stands():
    both = models(["svm", "auto"])
    axes = series(both, leading="auto").axes[0]
    leading, other = line(axes, "auto:"), line(axes, "svm:")
    assert leading.get_zorder() > max(other.get_zorder(), line(axes, "reference").get_zorder())
    assert [one.get_label() for one in axes.collections] == ["90 % interval of auto"]


def test_ticks_of_days_name_the_month():
    figure = series(models(["svm"]))
    figure.draw_without_rendering()
    ticks = [tick.get_text() for tick in figure.axes[0].get_xticklabels()]
    assert ticks
    assert all(re.fullmatch(r"(\d\d )?(Mar|Apr|May|Jun)", tick) for tick in ticks)
    assert figure.axes[0].xaxis.get_offset_text().get_text() == "2012"


def test_scatter_draws_the_pairs_and_their_scores():
    figure = figures.scatter_figure(REFERENCE, said={"svm": said(0.02)}, label=LABEL)
    (axes,) = figure.axes
    points = axes.collections[0].get_offsets()
    assert np.array_equal(points, np.column_stack([REFERENCE, REFERENCE + 0.02]))
    assert axes.get_xlim() == axes.get_ylim()
    title = axes.get_title(loc="left")
    assert title.startswith("svm\nn 100, R 1.00\nRMSE 0.020, bias +0.020,\nubRMSE 0.000 m³ m⁻³")


def test_errors_are_means_over_seeds_in_order_and_what_is_not_ranked_is_hatched():
    # Means over seeds: rf-mdi .0205, svm .0305, persistence .0405.
    table = score_table(["rf-mdi", "svm", "persistence"]).iloc[::-1]
    figure = figures.errors_figure(table.assign(n=84, r=0.95), label=LABEL)
    rmse, ubrmse, bias = figure.axes
    assert [bar.get_width() for bar in rmse.patches] == pytest.approx([0.0205, 0.0305, 0.0405])
    assert [bar.get_width() for bar in ubrmse.patches] == pytest.approx([0.02] * 3)
    assert [bar.get_width() for bar in bias.patches] == pytest.approx([0.0, -0.01, -0.02])
    assert [bool(bar.get_hatch()) for bar in rmse.patches] == [False, False, True]
    names = [tick.get_text() for tick in rmse.get_yticklabels()]
    assert [name.split("\n")[0] for name in names] == ["rf-mdi", "svm", "persistence*"]
    assert all(name.endswith("n 84, R 0.95, 2 seeds") for name in names)
    # Two seeds .001 apart.
    assert "0.0205 (0.0010)" in [text.get_text() for text in rmse.texts]


def test_a_bar_that_would_squash_the_others_is_cut_and_its_number_written():
    # RMSE .02, .03, .04 and .5: five times the median of .035 is .175, and .04 the longest below.
    table = pd.DataFrame(
        [
            {"model": name, "seed": -1, "rmse": rmse, "bias": bias, "ubrmse": 0.02, "ranked": True}
            for name, rmse, bias in (
                ("svm", 0.02, 0.0), ("linear", 0.03, 0.0), ("rbf", 0.04, 0.0),
                ("climatology", 0.5, -0.4),
            )
        ]
    )  # fmt: skip
    rmse, _, bias = figures.errors_figure(table, label=LABEL).axes
    assert [bar.get_width() for bar in rmse.patches] == pytest.approx([0.02, 0.03, 0.04, 0.052])
    assert bias.patches[3].get_width() == pytest.approx(-0.052)
    assert "0.5000, cut" in [text.get_text() for text in rmse.texts]
    assert "-0.4000, cut" in [text.get_text() for text in bias.texts]
    assert not any("cut" in text.get_text() for text in rmse.texts[:3])
    assert rmse.get_xlim()[1] < 0.25


def test_no_bar_is_cut_without_need():
    # .15 is under five times the median of .035.
    table = score_table(["svm", "linear", "rbf", "cnn"], (-1,))
    table["rmse"] = table["bias"] = [0.02, 0.03, 0.04, 0.15]
    panels = figures.errors_figure(table, label=LABEL).axes
    assert panels[0].patches[3].get_width() == pytest.approx(0.15)
    assert panels[0].texts
    assert not any("cut" in text.get_text() for axes in panels for text in axes.texts)


def test_the_chosen_leaf_is_marked():
    rmse = {2: [0.04, 0.03], 5: [0.05, 0.04]}
    figure = figures.trees_figure([10, 20], rmse, chosen=20, chosen_leaf=5, label=LABEL)
    chosen, other = line(figure.axes[0], "leaves of 5"), line(figure.axes[0], "leaves of 2")
    assert "(chosen)" in chosen.get_label()
    assert "(chosen)" not in other.get_label()
    fixed = figures.trees_figure(
        [10, 20], rmse, chosen=20, chosen_leaf=5, fixed=True, label=LABEL
    ).axes[0]
    assert "(used)" in line(fixed, "leaves of 5").get_label()
    assert line(fixed, "used: 20 trees")
    assert "chosen" not in "".join(str(one.get_label()) for one in fixed.lines)
    assert chosen.get_linewidth() > other.get_linewidth()


def test_unranked_model_stands_last_however_small_its_error():
    table = score_table(["persistence", "svm"])
    figure = figures.errors_figure(table, label=LABEL)
    names = [tick.get_text().split("\n")[0] for tick in figure.axes[0].get_yticklabels()]
    assert names == ["svm", "persistence*"]
    assert "smallest RMSE: svm" in figure.texts[0].get_text()


def test_importance_draws_every_track_and_its_rank_correlation():
    r, weight = np.array([0.1, 0.4, 0.6, 0.9]), np.array([0.0, 0.2, 0.1, 1.0])
    figure = figures.importance_figure(r, weight, sector=[0, 90, 180, 345],
                                       signal=["b", "a", "b", "b"], label=LABEL)  # fmt: skip
    above, below = figure.axes
    points = np.concatenate([one.get_offsets() for one in above.collections])
    # Signals in order of their names: the second track alone, then the others.
    order = [1, 0, 2, 3]
    assert np.array_equal(points, np.column_stack([r[order], weight[order]]))
    assert [one.get_label() for one in above.collections] == ["a (1 track)", "b (3 tracks)"]
    # Ranks 1 2 3 4 and 1 3 2 4: 1 - 6 * 2 / (4 * 15) = 0.8.
    assert "0.80" in figure.texts[0].get_text()
    assert [bar.get_height() for bar in below.patches] == [*r, *-weight]


def test_two_weights_tell_how_many_of_the_heaviest_agree():
    mdi = np.arange(8) / 7.0
    mda = mdi.copy()
    mda[[3, 7]] = mda[[7, 3]]
    figure = figures.mdi_mda_figure(mdi, mda, label=LABEL)
    (axes,) = figure.axes
    assert np.array_equal(axes.collections[0].get_offsets(), np.column_stack([mdi, mda]))
    # Heaviest four: 4 5 6 7 by impurity, 4 5 6 3 by accuracy.
    assert figures.heaviest_shared(mdi, mda) == (4, 3)


def test_sectors_show_means_and_name_the_bad():
    azimuth = np.array([1, 2, 14, 16, 17, 29, 346, 359.9, 355])
    r = np.array([0.9, 0.8, 0.7, 0.1, 0.2, 0.3, 0.1, 0.1, np.nan])
    weight = np.array([1.0, 0.5, 0.3, 0, 0, 0.3, 0, 0, 0.3])
    found = {
        sector: (0.01 + 1e-5 * sector, 1e-6) for sector in azimuth_sectors(azimuth, SECTOR_DEG)
    }
    figure = figures.sectors_figure(
        azimuth,
        abs_r=r,
        weight=weight,
        shuffled=found,
        rmse=0.01,
        horizon_deg=[1.0, 2.0, 3.0, 4.0],
        bad_deg=[345.0, 15.0],
        mixed_deg=[0.0],
        rules={"bad": "most do not", "good": "nearly all do"},
        label=LABEL,
    )
    by_r, by_weight, rises, horizon = figure.axes

    def bars(axes):
        return [bar.get_height() for bar in axes.containers[0].patches]

    known = [0, 1, 23]
    assert np.array(bars(by_r))[known] == pytest.approx([0.8, 0.2, 0.1])
    assert np.isfinite(bars(by_r)).sum() == 3
    assert np.array(bars(by_weight))[known] == pytest.approx([0.6, 0.1, 0.1])
    # What a bar adds to the 0.01 of nothing shuffled, at sectors 0, 15 and 345.
    drawn_bars = rises.containers[1].patches
    assert [bar.get_height() for bar in drawn_bars] == pytest.approx([0.0, 1.5e-4, 3.45e-3])
    assert [bar.get_y() for bar in drawn_bars] == pytest.approx([0.01] * 3)
    hatched = {str(one.get_label()).split(":")[0]: one.get_hatch() for one in by_r.patches}
    assert hatched["bad"] != hatched["mixed"]
    legend = [text.get_text() for text in by_r.get_legend().get_texts()]
    assert legend == ["bad: most do not", "mixed", "no track, not judged"]
    assert "bad at 15-30°, 345-360°" in figure.texts[0].get_text()
    assert horizon.lines[0].get_ydata().tolist() == [1, 2, 3, 4, 1]
    numbers = [text.get_text() for text in by_r.texts]
    assert numbers == ["3", "3", *["0"] * 21, "3"]


@pytest.mark.parametrize(
    ("bad_deg", "words"),
    [
        ([330.0, 345.0, 0.0, 105.0], "bad at 105-120°, 330-15°"),
        ([], "no sector is bad"),
        (np.arange(0.0, 360.0, 15.0), "all sectors are bad"),
    ],
)
def test_bad_sectors_are_named_and_a_stretch_across_north_is_one(bad_deg, words):
    azimuth = np.repeat(np.arange(24) * 15 + 1.0, 3)
    ones = np.ones(72)
    figure = figures.sectors_figure(azimuth, abs_r=ones, weight=ones, bad_deg=bad_deg, label=LABEL)
    assert figure.texts[0].get_text().endswith(words)


def test_sky_has_north_up_and_runs_clockwise_with_the_heaviest_on_top():
    figure = figures.sky_figure(
        [90.0, 0.0],
        first_elevation_deg=[5.0, 25.0],
        last_elevation_deg=[25.0, 5.0],
        weight=[1.0, 0.2],
        label=LABEL,
    )
    figure.draw_without_rendering()
    axes = figure.axes[0]
    (tracks_drawn,) = [one for one in axes.collections if hasattr(one, "get_segments")]
    assert tracks_drawn.get_array().tolist() == [0.2, 1.0]
    east = tracks_drawn.get_segments()[1]
    assert east[:, 1].tolist() == [85.0, 65.0]
    centre = axes.transData.transform((0.0, axes.get_rorigin()))
    north = axes.transData.transform((0.0, 90.0)) - centre
    right = axes.transData.transform(east[0]) - centre
    assert north[1] > 0
    assert abs(north[0]) < 1
    assert right[0] > 0
    assert abs(right[1]) < 1


def test_bad_sectors_are_shaded_on_the_sky():
    figure = figures.sky_figure(
        [100.0],
        first_elevation_deg=[5.0],
        last_elevation_deg=[25.0],
        weight=[1.0],
        bad_deg=[105.0, 345.0],
        label=LABEL,
    )
    axes = figure.axes[0]
    spans = [np.degrees((bar.get_x(), bar.get_x() + bar.get_width())) for bar in axes.patches]
    assert np.array(spans) == pytest.approx(np.array([[105, 120], [345, 360]]))
    (legend,) = axes.get_legend().get_texts()
    assert legend.get_text() == "bad sector"


# Of each bin's 20 all, 10 or none lie outside. The bar of 20 of 20 ends at 0.025 ** (1 / 20) = .83,
# that of 10 of 20 at .27 (scipy.stats.binomtest), that of none at 0.
@pytest.mark.parametrize(("each", "floor"), [(None, 0.8), (2, 0.2), (1, 0.0)])
def test_the_axis_of_shares_begins_below_the_lowest_bar(each, floor):
    outside = np.zeros(100, bool)
    outside[np.argsort(REFERENCE, kind="stable")[::each]] = each is not None
    low = REFERENCE + np.where(outside, 0.005, -0.01)
    one = Prediction(REFERENCE, low, REFERENCE + 0.01)
    held, _, binned = figures.reliability_figure(REFERENCE, said={"svm": one}, label=LABEL).axes
    assert held.get_xlim()[0] == pytest.approx(floor)
    assert floor - 0.05 < binned.get_ylim()[0] < floor
    assert held.get_xticks()[0] == pytest.approx(1.0)


def test_reliability_counts_what_lies_inside():
    # Every tenth estimate misses by more than half a width: 90 of 100 inside.
    vwc = REFERENCE + np.where(np.arange(100) % 10 == 0, 0.1, 0.0)
    one = Prediction(vwc, vwc - 0.02, vwc + 0.03)
    figure = figures.reliability_figure(REFERENCE, said={"svm": one}, label=LABEL)
    held, wide, binned = figure.axes
    assert [text.get_text() for text in held.texts] == ["0.90 of n 100"]
    assert [bar.get_width() for bar in wide.patches] == pytest.approx([0.05])
    marks = [one for one in binned.lines if one.get_marker() == "v"]
    x, y = np.array([(mark.get_xdata()[0], mark.get_ydata()[0]) for mark in marks]).T
    # Five bins of twenty rows: the mean over them is that over all.
    assert len(marks) == 5
    assert np.mean(y) == pytest.approx(0.9)
    assert np.mean(x) == pytest.approx(vwc.mean())
    assert binned.get_xlabel().endswith("n 20")


def test_estimates_that_do_not_vary_make_one_bin():
    flat = Prediction(np.full(100, 0.15), np.full(100, 0.0), np.full(100, 0.3))
    figure = figures.reliability_figure(REFERENCE, said={"climatology": flat}, label=LABEL)
    assert figure.axes[2].get_xlabel().endswith("n 100")


def test_binomial_interval_is_exact_at_the_ends():
    # None of n: the upper end solves (1 - p)^n = 0.025; all of n mirrors it.
    assert binomial_interval(0, 20) == pytest.approx((0.0, 1 - 0.025 ** (1 / 20)))
    assert binomial_interval(20, 20) == pytest.approx((0.025 ** (1 / 20), 1.0))
    from scipy.stats import binomtest

    other = binomtest(17, 23).proportion_ci(0.95, method="exact")
    assert binomial_interval(17, 23) == pytest.approx((other.low, other.high))


def test_season_shows_quartiles_by_calendar_month():
    time = np.array(["2011-03-02", "2012-03-01", "2012-03-05", "2012-03-31", "2012-03-09",
                     "2012-12-31T23:59"], "M8[s]")  # fmt: skip
    error = np.array([0.04, 0.0, 0.01, 0.02, 0.03, np.nan])
    figure = figures.season_figure(time, errors={"svm": error}, label=LABEL)
    (axes,) = figure.axes
    (bar,) = axes.containers[0].patches
    assert (bar.get_y(), bar.get_y() + bar.get_height()) == pytest.approx((0.01, 0.03))
    assert line(axes, "svm").get_ydata().tolist() == [0.02]
    assert line(axes, "svm").get_xdata().tolist() == [0.0]
    # The one day of December is not known.
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["Mar\n5"]


def test_a_model_looks_the_same_in_every_figure_and_unlike_the_others():
    looks = [style_of(name) for name in (*MODEL_NAMES, "fusion", "auto")]
    pairs = {(look.colour, str(look.dash), look.marker) for look in looks}
    assert len({look.marker for look in looks}) == len(pairs) == len(set(MODEL_NAMES) | {
        "fusion", "auto"})  # fmt: skip
    colour = style_of("svm").colour
    both = models(["rf-mdi", "svm"])
    from matplotlib.colors import to_hex

    season = figures.season_figure(DAYS, errors={"svm": REFERENCE}, label=LABEL)
    wide = figures.reliability_figure(REFERENCE, said={"svm": said()}, label=LABEL).axes[1]
    seen = [
        line(series(both).axes[0], "svm:").get_color(),
        line(season.axes[0], "svm").get_color(),
        figures.errors_figure(score_table(["svm"]), label=LABEL).axes[0].patches[0].get_facecolor(),
        wide.patches[0].get_facecolor(),
    ]
    assert {to_hex(one) for one in seen} == {colour.lower()}


@pytest.mark.parametrize("name", ["a $x$ b", "_hidden", "<b>", "100 % {0}"])
def test_strange_names_are_written_as_they_are(name):
    figure = series({name: said()})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure.draw_without_rendering()
    texts = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert any(text.startswith(f"{plain(name)}:") for text in texts)
    assert plain(name).replace("\\", "").strip() == name


BAD = {
    "no model": (lambda: series({}), "no model"),
    "length of a model": (lambda: series({"svm": said(n=5)}), "vwc of svm of shape"),
    "tested as numbers": (lambda: series(models(["svm"]), np.zeros(100)), "expected bool"),
    "rain of other days": (
        lambda: series(models(["svm"]), rain=(DAYS, [1.0])), r"rain of shape \(1,\)"
    ),
    "signals of other tracks": (
        lambda: figures.importance_figure(
            [0.1], [0.2], sector=[0.0], signal=["a", "b"], label=LABEL
        ),
        "signal of shape",
    ),
    "time as text": (
        lambda: figures.season_figure(["2012"], errors={"svm": [0.1]}, label=LABEL),
        "datetime64",
    ),
    "time not known": (
        lambda: figures.season_figure(
            np.array(["NaT"], "M8[s]"), errors={"svm": [0.1]}, label=LABEL
        ),
        "NaT",
    ),
    "azimuth not known": (
        lambda: figures.sectors_figure([np.nan], abs_r=[0.1], weight=[0.1], label=LABEL),
        "azimuths are not known",
    ),
    "column of scores": (
        lambda: figures.errors_figure(score_table(["svm"]).drop(columns="bias"), label=LABEL),
        "without bias",
    ),
    "scores of folds": (
        lambda: figures.errors_figure(score_table(["svm"], (0, 0)), label=LABEL),
        "fold 'all'",
    ),
    "no leaf": (lambda: figures.trees_figure([1], {}, chosen=1, label=LABEL), "sizes of leaf"),
    "nominal in percent": (
        lambda: figures.reliability_figure(
            REFERENCE, said=models(["svm"]), nominal=90, label=LABEL
        ),
        "nominal share 90",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_does_not_fit_is_refused(name):
    draw, message = BAD[name]
    with pytest.raises(InputError, match=message):
        draw()
