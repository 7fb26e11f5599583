import numpy as np
import pandas as pd
import pytest

from retrieval.errors import InputError
from retrieval.fusion import ESTIMATE_COLUMNS, LinearModel, LinearSettings
from retrieval.soil import SoilLimits

SOIL = SoilLimits(residual=0.06, saturation=0.44, residual_sigma=0.01)
TRACKS = 6
# Raw phases of the tracks when the soil is dry; two of them straddle the cut at 180 degrees.
BASE_DEG = np.array([-170.0, -100.0, -20.0, 35.0, 100.0, 175.0])


def model(**settings):
    return LinearModel(LinearSettings(soil=SOIL, **settings))


def dry_and_wet(n_dry=34, n_wet=6, wet_deg=12.0):
    """Daily wetness in degrees: how far the raw phases have fallen."""
    return np.concatenate([np.zeros(n_dry), np.full(n_wet, wet_deg)])


def phases(wetness_deg):
    """(days, tracks) raw phases: moisture rises as phases fall."""
    return BASE_DEG[None, :] - np.asarray(wetness_deg)[:, None]


def estimate_after(made_arcs, hour_of, wetness_deg, settings=None, **columns):
    """Estimate at 23:00 of the last day."""
    arcs = made_arcs(phases(wetness_deg), **columns)
    at = hour_of(len(wetness_deg) - 1, 23)
    return model(**(settings or {})).estimate(arcs, at).iloc[0]


def test_moisture_rises_as_raw_phase_falls_by_the_slope_of_chew(made_arcs, hour_of):
    # 34 dry days: the lowest 15 % of 40 are dry, psi_min = 0. Then 10 degrees wetter:
    # 0.06 + 0.0148 * 10 = 0.208.
    row = estimate_after(made_arcs, hour_of, [*dry_and_wet(), 10.0])
    assert row["phase_anomaly_deg"] == pytest.approx(-10.0)
    assert row["vwc"] == pytest.approx(0.208)
    assert row["flag"] == "good"


def test_interval_adds_track_noise_slope_and_soil(made_arcs, hour_of):
    # Six passes without spread count 3.5 degrees each: 3.5 / sqrt(6) = 1.4289 degrees.
    # Slope 17 % of 10 degrees = 1.7 degrees; soil 0.01.
    # sqrt((0.0148 * 1.4289)^2 + (0.0148 * 1.7)^2 + 0.01^2) = 0.034359; times 1.645 = 0.05652.
    row = estimate_after(made_arcs, hour_of, [*dry_and_wet(), 10.0])
    assert row["vwc"] - row["vwc_lower"] == pytest.approx(0.05652, abs=1.5e-4)
    assert row["vwc_upper"] - row["vwc"] == pytest.approx(0.05652, abs=1.5e-4)


def test_columns_and_provenance(made_arcs, hour_of):
    row = estimate_after(made_arcs, hour_of, [*dry_and_wet(), 10.0])
    assert tuple(row.index) == ESTIMATE_COLUMNS
    assert row["window_s"] == 86400
    assert row["n_arcs"] == TRACKS
    assert row["n_tracks_expected"] == TRACKS
    assert row["coverage"] == 1.0
    # Mean of the arcs' middles: hours 1..6 and 20 minutes.
    assert row["effective_time"] == row["time"].normalize() + pd.Timedelta(hours=3, minutes=50)


def test_model_id_names_the_settings():
    assert model().settings.model_id == model().settings.model_id
    assert model().settings.model_id != model(min_days=20).settings.model_id


@pytest.mark.parametrize(
    ("wetness_deg", "flag"),
    [
        # The day of the estimate is not part of its own level.
        ([*dry_and_wet(24, 6), 10.0], "good"),  # 30 days, 12 degrees
        ([*dry_and_wet(23, 6), 10.0], "calibrating"),  # 29 days
        ([*dry_and_wet(34, 6, 9.9), 10.0], "calibrating"),  # range below 10 degrees
    ],
)
def test_calibrating_until_thirty_days_and_ten_degrees(made_arcs, hour_of, wetness_deg, flag):
    assert estimate_after(made_arcs, hour_of, wetness_deg)["flag"] == flag


def test_while_calibrating_the_soils_prior_goes_out_with_the_anomaly(made_arcs, hour_of):
    row = estimate_after(made_arcs, hour_of, [0.0, 0.0, 0.0, 4.0])
    assert row["flag"] == "calibrating"
    assert (row["vwc"], row["vwc_lower"], row["vwc_upper"]) == (0.25, 0.06, 0.44)
    assert row["phase_anomaly_deg"] == pytest.approx(-4.0)


def test_first_day_has_nothing_to_compare_with(made_arcs, hour_of):
    row = estimate_after(made_arcs, hour_of, [0.0])
    assert row["n_arcs"] == TRACKS
    assert row["effective_time"] < row["time"]
    assert np.isnan(row["phase_anomaly_deg"])
    assert np.isnan(row["coverage"])
    assert row["flag"] == "calibrating"


def test_no_arcs_at_all(made_arcs, hour_of):
    arcs = made_arcs(phases([0.0])).iloc[:0]
    row = model().estimate(arcs, hour_of(0, 3)).iloc[0]
    assert row["n_arcs"] == 0
    assert pd.isna(row["effective_time"])


def test_later_arcs_and_their_order_change_nothing(made_arcs, hour_of):
    rng = np.random.default_rng(3)
    wetness = np.concatenate([dry_and_wet(), [8.0, 5.0, 3.0]])
    noisy = phases(wetness) + rng.normal(0, 3, (len(wetness), TRACKS))
    arcs = made_arcs(noisy, amplitude=10 + rng.normal(0, 1, noisy.shape))
    times = hour_of(40, 3.5).append(hour_of(40, 9.0))
    known = arcs[arcs["end"] <= times[-1]]
    expected = model().estimate(known, times)
    shuffled = arcs.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(model().estimate(shuffled, times), expected)


def test_estimates_come_in_the_order_of_the_times(made_arcs, hour_of):
    arcs = made_arcs(phases([*dry_and_wet(), 10.0, 5.0]))
    times = hour_of(41, 23).append(hour_of(40, 23))
    table = model().estimate(arcs, times)
    assert table["time"].tolist() == times.tolist()
    assert table["phase_anomaly_deg"].tolist() == pytest.approx([-5.0, -10.0])


def test_one_time_alone_gives_what_it_gives_among_others(made_arcs, hour_of):
    arcs = made_arcs(phases([*dry_and_wet(), 10.0]))
    many = pd.date_range(hour_of(40, 0)[0], periods=24, freq="h")
    together = model().estimate(arcs, many)
    alone = pd.concat([model().estimate(arcs, many[[k]]) for k in range(24)], ignore_index=True)
    pd.testing.assert_frame_equal(together, alone)


def test_a_late_start_of_the_history_changes_nothing_within_a_year(made_arcs, hour_of):
    # 400 days: what is older than 365 days no longer counts.
    wetness = np.concatenate([np.full(34, -20.0), np.tile([0.0, 0.0, 0.0, 12.0, 6.0], 73), [10.0]])
    arcs = made_arcs(phases(wetness))
    at = hour_of(len(wetness) - 1, 23)
    recent = arcs[arcs["start"] >= at[0] - pd.Timedelta(days=367)]
    pd.testing.assert_frame_equal(model().estimate(arcs, at), model().estimate(recent, at))


def test_vegetation_is_taken_out_by_the_amplitude(made_arcs, hour_of):
    # Amplitude falls from 10 to 9: the norm (mean of the top fifth) stays 10, a = 0.9, and
    # psi_corr = psi + 0.1 * 50.25 / 1.48 = psi + 3.395 degrees; 0.0148 * 3.395 = 0.05025.
    wetness = np.concatenate([dry_and_wet(54, 6), np.zeros(31), [10.0]])
    amplitude = np.repeat(np.where(np.arange(len(wetness)) < 60, 10.0, 9.0)[:, None], TRACKS, 1)
    row = estimate_after(made_arcs, hour_of, wetness, amplitude=amplitude)
    assert row["vwc"] == pytest.approx(0.208 + 0.05025, abs=2e-4)


def test_values_beyond_the_soil_are_flagged_not_clipped(made_arcs, hour_of):
    # 0.06 + 0.0148 * 30 = 0.504 > 0.44; 0.06 - 0.0148 * 6 = -0.0288 < 0.
    high = estimate_after(made_arcs, hour_of, [*dry_and_wet(), 30.0])
    low = estimate_after(made_arcs, hour_of, [*dry_and_wet(), -6.0])
    assert (high["flag"], low["flag"]) == ("extrapolated", "extrapolated")
    assert high["vwc"] == pytest.approx(0.504)
    assert low["vwc"] == pytest.approx(-0.0288)


def test_few_tracks_are_degraded(made_arcs, hour_of):
    raw = phases([*dry_and_wet(), 10.0])
    raw[-1, 2:] = np.nan  # two of six tracks today, and yesterday's have left the window
    row = model().estimate(made_arcs(raw), hour_of(40, 23)).iloc[0]
    assert row["flag"] == "degraded"
    assert row["n_arcs"] == 2
    assert row["coverage"] == pytest.approx(0.333)
    assert row["vwc"] == pytest.approx(0.208)


def test_silence_has_no_value(made_arcs, hour_of):
    arcs = made_arcs(phases([*dry_and_wet(), 10.0]))
    row = model().estimate(arcs, hour_of(42, 12)).iloc[0]
    assert row["flag"] == "degraded"
    assert np.isnan(row["vwc"])
    assert row["n_arcs"] == 0
    assert row["coverage"] == 0.0


def test_a_risen_surface_is_snow_and_not_soil(made_arcs, hour_of):
    wetness = [*dry_and_wet(), 10.0]
    height_m = np.full((41, TRACKS), 1.8)
    height_m[-1] = 1.8 - 0.051
    snow = estimate_after(made_arcs, hour_of, wetness, reflector_height_m=height_m)
    assert snow["flag"] == "snow"
    assert np.isnan([snow["vwc"], snow["vwc_lower"], snow["vwc_upper"]]).all()
    height_m[-1] = 1.8 - 0.049
    assert (
        estimate_after(made_arcs, hour_of, wetness, reflector_height_m=height_m)["flag"] == "good"
    )


def test_days_of_snow_do_not_move_the_level(made_arcs, hour_of):
    # Ten days of snow with phases far on the dry side would lower psi_min if they counted.
    wetness = np.concatenate([dry_and_wet(), np.full(10, -40.0), [10.0]])
    height_m = np.full((len(wetness), TRACKS), 1.8)
    height_m[40:50] = 1.6
    row = estimate_after(made_arcs, hour_of, wetness, reflector_height_m=height_m)
    assert row["vwc"] == pytest.approx(0.208)


def temperatures(hour_of, days, degrees_c):
    """One temperature a day, at noon."""
    return pd.Series(
        np.broadcast_to(degrees_c, len(days)), index=[hour_of(day, 12)[0] for day in days]
    )


def test_frozen_ground_is_no_dry_soil(made_arcs, hour_of):
    arcs = made_arcs(phases([*dry_and_wet(), 10.0]))
    cold = temperatures(hour_of, [40], -0.5)
    before, after = hour_of(40, 11.9), hour_of(40, 12)
    table = model().estimate(arcs, before.append(after), cold)
    assert table["flag"].tolist() == ["good", "frozen"]
    assert table.loc[1, ["vwc", "vwc_lower", "vwc_upper"]].isna().all()
    assert table.loc[1, "phase_anomaly_deg"] == pytest.approx(-10.0)  # what was measured goes out
    assert model(frozen_below_c=-1.0).estimate(arcs, after, cold)["flag"].tolist() == ["good"]


def test_frozen_goes_before_calibrating_and_after_snow(made_arcs, hour_of):
    arcs = made_arcs(phases([0.0, 0.0, 4.0]))
    row = model().estimate(arcs, hour_of(2, 23), temperatures(hour_of, [2], -1.0)).iloc[0]
    assert row["flag"] == "frozen"
    height_m = np.full((41, TRACKS), 1.8)
    height_m[-1] = 1.7
    arcs = made_arcs(phases([*dry_and_wet(), 10.0]), reflector_height_m=height_m)
    row = model().estimate(arcs, hour_of(40, 23), temperatures(hour_of, [40], -1.0)).iloc[0]
    assert row["flag"] == "snow"


def test_frozen_days_do_not_move_the_level_nor_count(made_arcs, hour_of):
    # Frozen soil looks dry: ten days of it would lower psi_min.
    wetness = np.concatenate([dry_and_wet(), np.full(10, -40.0), [10.0]])
    arcs = made_arcs(phases(wetness))
    cold = pd.concat(
        [temperatures(hour_of, range(40, 50), -3.0), temperatures(hour_of, [50], 12.0)]
    )
    at = hour_of(50, 23)
    assert model().estimate(arcs, at, cold)["vwc"][0] == pytest.approx(0.208)
    assert model().estimate(arcs, at)["vwc"][0] > 0.3
    # 40 of the 50 days count.
    assert model(min_days=40).estimate(arcs, at, cold)["flag"][0] == "good"
    assert model(min_days=41).estimate(arcs, at, cold)["flag"][0] == "calibrating"


def test_mild_temperatures_change_nothing(made_arcs, hour_of):
    arcs = made_arcs(phases([*dry_and_wet(), 10.0]))
    times = pd.date_range(hour_of(35, 0)[0], hour_of(40, 23)[0], freq="6h")
    mild = temperatures(hour_of, range(41), 12.0)
    pd.testing.assert_frame_equal(
        model().estimate(arcs, times, mild), model().estimate(arcs, times), check_exact=True
    )


def test_a_track_that_goes_its_own_way_is_left_out(made_arcs, hour_of):
    rng = np.random.default_rng(5)
    raw = phases([*dry_and_wet(), 10.0])
    raw[:, 0] += rng.normal(0, 40, len(raw))
    row = model().estimate(made_arcs(raw), hour_of(40, 23)).iloc[0]
    assert row["n_arcs"] == TRACKS - 1
    assert row["phase_anomaly_deg"] == pytest.approx(-10.0)


def test_an_arc_counts_once_it_has_closed(made_arcs, hour_of):
    # Track 0 ends 01:40; five minutes later nothing can be added to it.
    arcs = made_arcs(phases([0.0, 4.0]))
    before, after = hour_of(1, 1.74), hour_of(1, 1.75)
    table = model().estimate(arcs, before.append(after))
    assert table["phase_anomaly_deg"].tolist() == pytest.approx([0.0, -4.0 / TRACKS], abs=1e-3)


@pytest.mark.parametrize("n_late", [6, 12])
@pytest.mark.parametrize(("day", "vwc"), [(75, 0.356), (100, 0.356), (120, 0.356), (125, 0.06)])
def test_tracks_that_began_in_the_wet_season_follow_the_others(
    made_arcs, hour_of, n_late, day, vwc
):
    # 60 dry days, then 61 that are 20 degrees wetter: 0.06 + 0.0148 * 20 = 0.356, then dry again.
    # The late tracks begin on day 70 and have never seen dry soil before day 121.
    wetness = np.concatenate([np.zeros(60), np.full(61, 20.0), np.zeros(5)])
    raw = np.linspace(-150, 150, 6 + n_late) - wetness[:, None]
    raw[:70, 6:] = np.nan
    row = model().estimate(made_arcs(raw), hour_of(day, 23)).iloc[0]
    assert row["n_arcs"] == 6 + n_late
    assert row["flag"] == "good"
    assert row["vwc"] == pytest.approx(vwc, abs=1e-3)


def test_tracks_that_began_under_vegetation_follow_the_others(made_arcs, hour_of):
    # As in the test of vegetation: a = 0.9 from day 60 on. The late tracks, twice as strong, begin
    # on day 62; that they are at 0.9 of their strength, they know from the others only.
    wetness = np.concatenate([dry_and_wet(54, 6), np.zeros(31), [10.0]])
    raw = np.linspace(-150, 150, 12) - wetness[:, None]
    raw[:62, 6:] = np.nan
    amplitude = np.where(np.arange(len(wetness)) < 60, 10.0, 9.0)[:, None] * np.repeat([1, 2], 6)
    row = model().estimate(made_arcs(raw, amplitude=amplitude), hour_of(91, 23)).iloc[0]
    assert row["n_arcs"] == 12
    assert row["vwc"] == pytest.approx(0.208 + 0.05025, abs=2e-4)


@pytest.mark.parametrize(("visits", "n_arcs"), [(4, 6), (5, 7)])
def test_a_track_takes_part_after_five_visits(made_arcs, hour_of, visits, n_arcs):
    raw = np.linspace(-150, 150, 7) - np.array([*dry_and_wet(), 10.0])[:, None]
    raw[: 40 - visits, 6] = np.nan
    row = model().estimate(made_arcs(raw), hour_of(40, 23)).iloc[0]
    assert row["n_arcs"] == n_arcs
    assert row["phase_anomaly_deg"] == pytest.approx(-10.0)


@pytest.fixture(scope="module")
def wandering(made_arcs):
    """400 days of eight satellites whose azimuths wander: by 90 degrees, or slowly by 12 in all.

    The phase depends on azimuth too, so that other tracks mean other estimates.
    """
    rng = np.random.default_rng(1)
    days, tracks = np.indices((400, 8))
    wide = (days * 37.0 + tracks * 11.3 + rng.normal(0, 0.1, days.shape)) % 90.0 + days * 0.02
    azimuth_deg = np.where(tracks < 6, wide, 300.0 + days * 0.03) % 360.0
    wetness = 10 + 10 * np.sin(days / 20)
    raw = 40 * np.sin(np.radians(3 * azimuth_deg)) - wetness + rng.normal(0, 3, days.shape)
    return made_arcs(raw, azimuth_deg=azimuth_deg)


def test_how_much_older_history_there_is_changes_nothing(wandering, hour_of):
    for day in (380, 389, 399):
        at = hour_of(day, 23)
        recent = wandering[wandering["start"] >= at[0] - pd.Timedelta(days=367)]
        pd.testing.assert_frame_equal(
            model().estimate(wandering, at), model().estimate(recent, at), rtol=0, atol=0
        )


def test_day_by_day_gives_what_one_go_gives(wandering, hour_of):
    times = pd.date_range(hour_of(370, 6)[0], hour_of(399, 23)[0], freq="6h")
    together = model().estimate(wandering, times)
    one_by_one = [
        model().estimate(
            wandering[
                (wandering["closed"] <= time)
                & (wandering["start"] >= time - pd.Timedelta(days=367))
            ],
            times[[k]],
        )
        for k, time in enumerate(times)
    ]
    pd.testing.assert_frame_equal(
        together, pd.concat(one_by_one, ignore_index=True), rtol=0, atol=0
    )


def test_amplitude_noise_makes_no_range(made_arcs, hour_of):
    # Phases stand still; amplitudes go 10, 8, 10, 8, ... Trailing means of ten or more of them lie
    # within .31 degrees (see test_level), 0.0148 * .31 = 0.005 m3 m-3.
    wetness = np.zeros(41)
    amplitude = np.repeat(np.where(np.arange(41) % 2 == 0, 10.0, 8.0)[:, None], TRACKS, 1)
    still = estimate_after(made_arcs, hour_of, wetness, {"min_range_deg": 1.0}, amplitude=amplitude)
    assert still["flag"] == "calibrating"
    dry = estimate_after(made_arcs, hour_of, wetness, {"min_range_deg": 0.0}, amplitude=amplitude)
    assert dry["vwc"] == pytest.approx(0.06, abs=0.005)


def test_a_first_height_that_was_wrong_adds_no_noise(made_arcs, hour_of):
    # Heights of the first day 10 cm off, slopes that differ by .08 deg/mm from day to day: referred
    # to that height, phases would swing by 8 degrees.
    wetness = [*dry_and_wet(), 10.0]
    height_m = np.full((41, TRACKS), 1.7)
    height_m[0] = 1.8
    slope = np.where(np.arange(41) % 2 == 0, 0.70, 0.78)[:, None]
    row = estimate_after(
        made_arcs, hour_of, wetness, apriori_height_m=height_m, dphase_dheight_deg_per_mm=slope
    )
    assert row["phase_anomaly_deg"] == pytest.approx(-10.0)
    assert row["vwc"] == pytest.approx(0.208)


def test_new_heights_for_all_tracks_start_a_new_calibration(made_arcs, hour_of):
    wetness = [*dry_and_wet(), *dry_and_wet(24, 6), 10.0]
    height_m = np.full((len(wetness), TRACKS), 1.7)
    height_m[40:] = 1.75
    arcs = made_arcs(phases(wetness), apriori_height_m=height_m)
    times = hour_of(40, 23).append(hour_of(41, 23)).append(hour_of(68, 23)).append(hour_of(70, 23))
    table = model().estimate(arcs, times)
    # On the first day no arc refers to the tracks' height; then it takes 30 days, as at first.
    assert table["n_arcs"].tolist() == [0, TRACKS, TRACKS, TRACKS]
    assert table["flag"].tolist() == ["degraded", "calibrating", "calibrating", "good"]


def test_signals_of_one_pass_narrow_nothing(made_arcs, hour_of):
    # Three satellites on two signals each, whose azimuths differ a little more than their rounding.
    # Three passes of 3.5 degrees: 3.5 / sqrt(3) = 2.0207.
    # sqrt((0.0148 * 2.0207)^2 + (0.0148 * 1.7)^2 + 0.01^2) = 0.040334; times 1.645 = 0.06635.
    start = np.datetime64("2024-03-01", "ns") + (
        np.arange(41)[:, None] * 24 + np.repeat([1, 5, 9], 2)
    ) * np.timedelta64(1, "h")
    row = estimate_after(
        made_arcs,
        hour_of,
        [*dry_and_wet(), 10.0],
        satellite=[np.repeat(["G01", "G02", "G03"], 2)],
        signal=[["S1C", "S2X"] * 3],
        azimuth_deg=[np.repeat([20.0, 140.0, 260.0], 2) + np.tile([0.4, 0.6], 3)],
        start=start,
        end=start + np.timedelta64(40, "m"),
        closed=start + np.timedelta64(45, "m"),
    )
    assert row["n_arcs"] == TRACKS
    assert row["vwc"] - row["vwc_lower"] == pytest.approx(0.06635, abs=1.5e-4)


def test_arcs_after_a_silence_change_nothing_before(made_arcs, hour_of):
    # 15 days with six tracks, 15 with two, 15 with six; silence; six again from day 60 on.
    raw = np.tile(BASE_DEG, (70, 1))
    raw[15:31, 2:] = np.nan
    raw[45:60] = np.nan
    arcs = made_arcs(raw)
    at = hour_of(50, 12)
    known = arcs[arcs["closed"] <= at[0]]
    pd.testing.assert_frame_equal(model().estimate(arcs, at), model().estimate(known, at))


@pytest.mark.parametrize("settings", [{"slope_per_deg": 0.0}, {"min_days": 0}, {"min_tracks": 0}])
def test_senseless_settings_are_refused(settings):
    with pytest.raises(InputError, match="expected"):
        LinearSettings(soil=SOIL, **settings)
