import numpy as np
import pandas as pd
import pytest
from scipy.ndimage import uniform_filter1d

from retrieval.errors import InputError
from retrieval.fusion import (
    ESTIMATE_COLUMNS,
    LinearModel,
    LinearSettings,
    RetrospectiveModel,
    dry_season_doy,
    retrospective_moisture,
)
from retrieval.soil import SoilLimits

SOIL = SoilLimits(residual=0.06, saturation=0.44, residual_sigma=0.01)
TRACKS = 6
BASE_DEG = np.linspace(-150, 175, TRACKS)
# Made arcs begin on 1 March 2024, day 61; April (days 92 to 121) is dry in these tests.
APRIL = (92, 122)


def settings(**others):
    return LinearSettings(soil=SOIL, **{"dry_season_doy": APRIL, **others})


def wetness_of(days=92, wet_deg=20.0):
    """Psi of March to May: dry in April, else wet by so many degrees."""
    psi = np.full(days, wet_deg)
    psi[31:61] = 0.0
    return psi


def arcs_of(made_arcs, psi_deg, **columns):
    return made_arcs(BASE_DEG - np.asarray(psi_deg)[:, None], **columns)


class TestDailyMeans:
    """`retrospective_moisture`."""

    DATES = np.arange("2024-01-01", "2025-01-01", dtype="datetime64[D]")

    def test_the_dry_season_stands_at_residual_moisture_and_the_slope_does_the_rest(self):
        # Residual .06; ten degrees above the season: .06 + .0148 * 10 = .208.
        psi = np.full(366, 10.0)
        psi[91:121] = 0.0
        vwc = retrospective_moisture(self.DATES, psi, np.ones(366), settings())
        assert vwc[100] == pytest.approx(0.06)
        assert vwc[200] == pytest.approx(0.208)

    def test_the_reference_of_the_phases_does_not_matter(self):
        rng = np.random.default_rng(1)
        psi, amplitude = rng.normal(0, 5, 366), rng.normal(0.9, 0.05, 366)
        one = retrospective_moisture(self.DATES, psi, amplitude, settings())
        other = retrospective_moisture(self.DATES, psi + 77.0, amplitude, settings())
        assert other == pytest.approx(one, abs=1e-12)

    def test_vegetation_is_a_boxcar_of_thirty_rows_with_mirrored_ends(self):
        # scipy's uniform filter of even length reaches one row further back than forth.
        rng = np.random.default_rng(2)
        psi, amplitude = np.zeros(366), rng.uniform(0.6, 1.0, 366)
        mean = uniform_filter1d(amplitude, 30, mode="mirror")
        corrected = -(mean - 1) * 50.25 / 1.48
        level = np.sort(corrected[91:121])[:4].mean()  # .15 * 30 = 4.5, to the even number: 4
        expected = 0.06 + 0.0148 * (corrected - level)
        vwc = retrospective_moisture(self.DATES, psi, amplitude, settings())
        assert vwc == pytest.approx(expected, abs=1e-12)

    def test_rows_are_counted_not_days(self):
        # Amplitude rises by one step; 15 rows later, whatever days they are, its mean is level.
        dates = np.concatenate([self.DATES[:40], self.DATES[200:240]])
        amplitude = np.repeat([0.8, 1.0], 40)
        vwc = retrospective_moisture(dates, np.zeros(80), amplitude, settings())
        steps = np.flatnonzero(np.abs(np.diff(vwc)) > 1e-12)
        # Row 26 is the first whose 14 rows ahead reach row 40, row 55 the first without row 39.
        assert (steps.min() + 1, steps.max() + 1) == (26, 55)

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"amplitude": np.ones(3)}, "as many of each"),
            ({"dates": np.array(["2024-01-02", "2024-01-01"], "datetime64[D]")}, "ascend"),
            ({"dates": np.array(["2024-01-01", "2024-01-01"], "datetime64[D]")}, "ascend"),
            ({"psi_deg": np.array([1.0, np.nan])}, "NaN"),
        ],
    )
    def test_what_cannot_be_a_record_is_refused(self, change, words):
        good = {"dates": self.DATES[:2], "psi_deg": np.zeros(2), "amplitude": np.ones(2)}
        with pytest.raises(InputError, match=words):
            retrospective_moisture(**{**good, **change}, settings=settings())


def test_one_row_for_each_day_with_arcs_at_its_end(made_arcs, hour_of):
    psi = wetness_of()
    raw = BASE_DEG - psi[:, None]
    raw[5] = np.nan  # a day without arcs
    table = RetrospectiveModel(settings()).estimate(made_arcs(raw))
    assert tuple(table.columns) == ESTIMATE_COLUMNS
    expected = [hour_of(day, 24)[0] for day in range(92) if day != 5]
    assert table["time"].tolist() == expected
    row = table.iloc[0]
    assert row["window_s"] == 86400
    assert (row["n_arcs"], row["n_tracks_expected"], row["coverage"]) == (TRACKS, TRACKS, 1.0)
    # Mean of the arcs' middles: hours 1..6 and 20 minutes.
    assert row["effective_time"] == hour_of(0, 3)[0] + pd.Timedelta(minutes=50)


def test_moisture_of_a_day_needs_no_days_before_it(made_arcs):
    # On the very first day, 20 degrees above April: .06 + .0148 * 20 = .356.
    table = RetrospectiveModel(settings()).estimate(arcs_of(made_arcs, wetness_of()))
    assert table["vwc"].iloc[0] == pytest.approx(0.356)
    assert table["vwc"].iloc[45] == pytest.approx(0.06)
    assert set(table["flag"]) == {"good"}
    # Six passes of 3.5 degrees and 17 % of 20: .0148 * (1.4289, 3.4), and .01.
    half = 1.645 * np.sqrt((0.0148 * 1.4289) ** 2 + (0.0148 * 3.4) ** 2 + 0.01**2)
    assert table["vwc_upper"].iloc[0] - table["vwc"].iloc[0] == pytest.approx(half, abs=1.5e-4)


def test_anomaly_keeps_the_raw_sign_and_is_0_on_the_median_day(made_arcs):
    table = RetrospectiveModel(settings()).estimate(arcs_of(made_arcs, wetness_of()))
    assert table["phase_anomaly_deg"].iloc[0] == pytest.approx(0.0)  # 62 of 92 days are wet
    assert table["phase_anomaly_deg"].iloc[45] == pytest.approx(20.0)  # phases rise as it dries


def test_tracks_of_the_whole_record_are_compared_with_one_another(made_arcs):
    # Six tracks end and six others begin; they share ten days, in which nothing happens.
    psi = wetness_of()
    base = np.linspace(-170, 170, 12)
    raw = base - psi[:, None]
    raw[50:, :6] = np.nan
    raw[:40, 6:] = np.nan
    table = RetrospectiveModel(settings()).estimate(made_arcs(raw))
    assert table["vwc"].iloc[0] == pytest.approx(0.356, abs=1e-3)
    assert table["vwc"].iloc[-1] == pytest.approx(0.356, abs=1e-3)
    assert table["n_arcs"].iloc[[0, 45, -1]].tolist() == [6, 12, 6]


def test_expected_tracks_are_those_of_the_days_around(made_arcs):
    # Of twelve tracks, six were there in the first month. On day 0 nobody expects twelve.
    raw = np.linspace(-170, 170, 12) - np.tile(wetness_of()[:, None], 12)
    raw[:31, 6:] = np.nan
    table = RetrospectiveModel(settings()).estimate(made_arcs(raw))
    assert table["n_tracks_expected"].iloc[[0, 60]].tolist() == [6, 12]
    assert set(table["flag"]) == {"good"}


def test_few_tracks_are_degraded_and_level_nothing(made_arcs):
    raw = BASE_DEG - wetness_of()[:, None]
    raw[40, :4] = np.nan
    raw[40, 4:] += 2.0  # drier than all others: .06 - .0148 * 2 = .0304
    table = RetrospectiveModel(settings()).estimate(made_arcs(raw))
    assert table["flag"].iloc[40] == "degraded"
    assert table["n_arcs"].iloc[40] == 2
    assert table["vwc"].iloc[40] == pytest.approx(0.0304)
    assert table["vwc"].iloc[45] == pytest.approx(0.06)


def test_a_level_of_all_days_is_degraded(made_arcs):
    model = RetrospectiveModel(settings(dry_season_doy=(170, 230)))
    table = model.estimate(arcs_of(made_arcs, wetness_of()))
    assert [level.taken_from for level in model.levels_] == [None]
    assert set(table["flag"]) == {"degraded"}
    assert table["vwc"].iloc[0] == pytest.approx(0.356)  # the lowest 15 % of all days lie in April


def test_a_year_without_its_dry_season_is_degraded_and_takes_its_neighbours(made_arcs):
    # From 1 March 2024 to 15 March 2025; April is dry.
    psi = np.full(380, 20.0)
    psi[31:61] = 0.0
    model = RetrospectiveModel(settings())
    table = model.estimate(arcs_of(made_arcs, psi))
    assert [(level.year, level.taken_from) for level in model.levels_] == [
        (2024, 2024),
        (2025, 2024),
    ]
    in_2025 = table["time"] > pd.Timestamp("2025-01-01", tz="UTC")
    assert set(table["flag"][in_2025]) == {"degraded"}
    assert set(table["flag"][~in_2025]) == {"good"}
    assert table["vwc"].iloc[-1] == pytest.approx(0.356)


def test_short_records_and_small_ranges_are_calibrating(made_arcs):
    short = RetrospectiveModel(settings()).estimate(arcs_of(made_arcs, wetness_of()[:29]))
    flat = RetrospectiveModel(settings()).estimate(arcs_of(made_arcs, wetness_of(wet_deg=9.9)))
    for table in (short, flat):
        assert set(table["flag"]) == {"calibrating"}
        assert set(table["vwc"]) == {0.25}
        assert set(table["vwc_lower"]) == {0.06}
        assert set(table["vwc_upper"]) == {0.44}


def test_snow_has_no_moisture_and_levels_nothing(made_arcs):
    psi = wetness_of()
    psi[40:50] = -60.0
    height_m = np.full((92, TRACKS), 1.8)
    height_m[40:50] = 1.6
    table = RetrospectiveModel(settings()).estimate(
        arcs_of(made_arcs, psi, reflector_height_m=height_m)
    )
    assert set(table["flag"].iloc[40:50]) == {"snow"}
    assert table["vwc"].iloc[40:50].isna().all()
    assert table["vwc"].iloc[55] == pytest.approx(0.06)


def test_frozen_days_have_no_moisture_and_level_nothing(made_arcs, hour_of):
    psi = wetness_of()
    psi[40:50] = -60.0
    noons = [hour_of(day, 12)[0] for day in range(92)]
    temperature_c = pd.Series(np.where((np.arange(92) // 10) == 4, -1.0, 5.0), index=noons)
    arcs = arcs_of(made_arcs, psi)
    table = RetrospectiveModel(settings()).estimate(arcs, temperature_c)
    assert set(table["flag"].iloc[40:50]) == {"frozen"}
    assert table[["vwc", "vwc_lower", "vwc_upper"]].iloc[40:50].isna().all(axis=None)
    assert table["phase_anomaly_deg"].iloc[45] == pytest.approx(80.0)
    assert table["vwc"].iloc[55] == pytest.approx(0.06)
    colder = LinearSettings(soil=SOIL, dry_season_doy=APRIL, frozen_below_c=-2.0)
    assert "frozen" not in set(RetrospectiveModel(colder).estimate(arcs, temperature_c)["flag"])


def test_the_order_of_the_arcs_does_not_matter(made_arcs):
    rng = np.random.default_rng(4)
    arcs = arcs_of(made_arcs, wetness_of() + rng.normal(0, 2, 92))
    model = RetrospectiveModel(settings())
    pd.testing.assert_frame_equal(
        model.estimate(arcs), model.estimate(arcs.sample(frac=1, random_state=1)), check_exact=True
    )


def test_no_accepted_arcs_give_no_rows(made_arcs):
    model = RetrospectiveModel(settings())
    table = model.estimate(made_arcs([[1.0]], accepted=False))
    assert len(table) == 0
    assert tuple(table.columns) == ESTIMATE_COLUMNS
    assert model.levels_ == ()


def test_both_modes_agree_where_the_past_tells_all(made_arcs, hour_of):
    # At the end of May the causal model has seen April too.
    arcs = arcs_of(made_arcs, wetness_of())
    causal = LinearModel(settings()).estimate(arcs, hour_of(91, 23))
    assert causal["vwc"].iloc[0] == pytest.approx(
        RetrospectiveModel(settings()).estimate(arcs)["vwc"].iloc[-1]
    )


def test_the_dry_season_names_the_retrospective_model_only():
    one, other = settings(), settings(dry_season_doy=(170, 230))
    assert one.model_id == other.model_id
    assert one.retrospective_id != other.retrospective_id
    assert settings(frozen_below_c=-1.0).model_id != one.model_id
    assert one.retrospective_id.startswith("linear-retrospective-")


@pytest.mark.parametrize("season", [(0, 45), (330, 367), (45, 45)])
def test_a_season_that_is_none_is_refused(season):
    with pytest.raises(InputError, match="dry season"):
        settings(dry_season_doy=season)


def test_the_hemisphere_decides_where_nothing_is_stated():
    assert dry_season_doy(-26.4) == (330, 45)
    assert dry_season_doy(0.0) == dry_season_doy(52.0) == (170, 230)


def test_an_arc_belongs_to_the_day_that_it_was_heard_on(made_arcs):
    """Arcs of 23:40 to 00:10 close on the next day: at the end of the record, one without data."""
    psi = wetness_of()
    arcs = arcs_of(made_arcs, psi)
    late = arcs["satellite"] == "G06"
    hours = pd.Timedelta(hours=17, minutes=40)  # from 6 o'clock
    for name in ("start", "end", "closed"):
        arcs.loc[late, name] += hours
    for name in ("end", "closed"):
        arcs.loc[late, name] -= pd.Timedelta(minutes=10)
    table = RetrospectiveModel(settings()).estimate(arcs)
    assert len(table) == len(psi)
    assert (table["n_arcs"] == TRACKS).all()
    age = table["time"] - table["effective_time"]
    assert age.between(pd.Timedelta(0), pd.Timedelta(hours=24)).all()
    whole = RetrospectiveModel(settings()).estimate(arcs_of(made_arcs, psi))
    pd.testing.assert_series_equal(table["vwc"], whole["vwc"])
