from pathlib import Path

import numpy as np
import pytest

from retrieval.errors import InputError
from retrieval.fusion.reference import daily_reference, reference_at
from retrieval.given_series import GivenSeries


def made(times, vwc, kind="CSV") -> GivenSeries:
    time = np.array(times, "datetime64[ns]")
    none = np.full(len(time), np.nan)
    return GivenSeries(
        Path("made.csv"), time, np.array(vwc, np.float64), none, none, none, kind, dropped=0
    )


def hours(start: str, n: int, every_min: int = 60) -> np.ndarray:
    return np.datetime64(start, "ns") + np.arange(n) * np.timedelta64(every_min, "m")


def at(*texts: str) -> np.ndarray:
    return np.array(texts, "datetime64[ns]")


DAILY = made(
    ["2012-03-01T12", "2012-03-02T12", "2012-03-03T12", "2012-03-04T12", "2012-03-06T12"],
    [0.10, 0.20, np.nan, 0.40, 0.30],
    "PBO H2O",
)


def test_daily_values_stand_as_they_are():
    reference = daily_reference(DAILY, min_hours_share=1.0)
    assert reference.day.astype(str).tolist() == [
        "2012-03-01",
        "2012-03-02",
        "2012-03-04",
        "2012-03-06",
    ]
    assert reference.vwc.tolist() == [0.1, 0.2, 0.4, 0.3]
    assert reference.n_values.tolist() == [1, 1, 1, 1]
    assert reference.kind == "PBO H2O, one value a day"


def test_weekly_samples_and_a_single_one_stand_too():
    weekly = made(["2012-03-01T09", "2012-03-08T11", "2012-03-15T10"], [0.1, 0.2, 0.3])
    assert daily_reference(weekly).vwc.tolist() == [0.1, 0.2, 0.3]
    assert daily_reference(made(["2012-03-01T09"], [0.1])).vwc.tolist() == [0.1]


def test_hourly_values_are_averaged_over_utc_days_covered_by_half():
    # 11 hours of 1 March, all 24 of the 2nd, and 0 to 11 h of the 3rd, which is just half of it.
    time = hours("2012-03-01T13", 11 + 24 + 12)
    vwc = np.concatenate([np.full(11, 0.5), np.arange(24) / 100, np.full(12, 0.3)])
    reference = daily_reference(made(time, vwc))
    assert reference.day.astype(str).tolist() == ["2012-03-02", "2012-03-03"]
    np.testing.assert_allclose(reference.vwc, [0.115, 0.3])  # (0 + 23) / 2 hundredths
    assert reference.n_values.tolist() == [24, 12]
    assert reference.kind == "CSV, means of UTC days"
    assert daily_reference(made(time, vwc), 11 / 24).day[0] == np.datetime64("2012-03-01")
    assert daily_reference(made(time, vwc), 0.51).vwc.tolist() == pytest.approx([0.115])


def test_each_hour_counts_alike_where_the_spacing_changes():
    # 12 h of quarters at .1 and 12 h of halves at .4: half of the day each.
    time = np.concatenate([hours("2012-03-01", 48, 15), hours("2012-03-01T12", 24, 30)])
    reference = daily_reference(made(time, np.repeat([0.1, 0.4], [48, 24])))
    np.testing.assert_allclose(reference.vwc, [0.25])
    assert reference.n_values.tolist() == [72]


def test_quarters_of_a_few_hours_do_not_cover_a_day():
    # 40 values of 96, in 10 hours.
    with pytest.raises(InputError, match=r"made\.csv.*at most 42% in 1 days; lower"):
        daily_reference(made(hours("2012-03-01", 40, 15), np.full(40, 0.2)))


def test_a_series_without_moisture_is_refused():
    empty = made(["2012-03-01T12"], [np.nan])
    with pytest.raises(InputError, match=r"made\.csv: holds no moisture; training wants"):
        daily_reference(empty)
    with pytest.raises(InputError, match=r"holds no moisture"):
        reference_at(empty, at("2012-03-01"), 24)


@pytest.mark.parametrize("share", [0.0, -0.5, 1.5, np.nan])
def test_shares_out_of_range_are_refused(share):
    with pytest.raises(InputError, match=r"min_hours_share .*expected above 0 and up to 1"):
        daily_reference(DAILY, share)
    with pytest.raises(InputError, match=r"min_hours_share"):
        reference_at(DAILY, at("2012-03-01"), 24, share)


@pytest.mark.parametrize("window_h", [0.0, -1.0, np.inf, np.nan])
def test_windows_out_of_range_are_refused(window_h):
    with pytest.raises(InputError, match=r"window_h .*expected hours above 0"):
        reference_at(DAILY, at("2012-03-01"), window_h)


def test_moisture_of_days_is_found_in_any_order():
    days = np.array(["2012-03-04", "2012-03-03", "2012-02-01", "2012-03-01", "2013-01-01"], "M8[D]")
    np.testing.assert_array_equal(
        daily_reference(DAILY).of_days(days), [0.4, np.nan, np.nan, 0.1, np.nan]
    )


def test_daily_values_hold_through_their_day_in_trailing_windows():
    found = reference_at(
        DAILY,
        at(
            "2012-03-02T00",  # all of 1 March
            "2012-03-02T06",  # 18 h of it, 6 h of the 2nd
            "2012-03-03T12",  # 12 h of the 2nd, 12 h unknown: half
            "2012-03-03T13",  # less than half
            "2012-02-29T00",  # before the series
            "2012-03-09T00",  # after it
        ),
        24,
    )
    np.testing.assert_allclose(found, [0.1, 0.125, 0.2, np.nan, np.nan, np.nan])
    np.testing.assert_allclose(reference_at(DAILY, at("2012-03-02T12"), 1), [0.2])
    # 1 and 2 March, the 3rd unknown, the 4th: three quarters known.
    found = reference_at(DAILY, at("2012-03-05T00"), 96, 0.75)
    np.testing.assert_allclose(found, [0.7 / 3])


def test_hourly_values_count_that_are_dated_in_the_window():
    series = made(hours("2012-03-01T00", 48), np.arange(48) / 100)
    found = reference_at(
        series,
        at("2012-03-02T00", "2012-03-01T05", "2012-03-01T05:30", "2012-03-01T00", "2012-02-29"),
        6,
    )
    # 19 to 24; 0 to 5; likewise; one value of six is too few; none.
    np.testing.assert_allclose(found, [0.215, 0.025, 0.025, np.nan, np.nan])
    latest = reference_at(series, at("2012-03-01T05:30", "2012-03-01T06:00"), 1)
    np.testing.assert_allclose(latest, [0.05, 0.06])


def test_dense_values_after_a_time_change_nothing_in_its_window():
    time = hours("2012-03-01T00", 192, 15)
    vwc = np.linspace(0.1, 0.4, 192)
    later = np.where(time > np.datetime64("2012-03-02T03:10"), 0.6 - vwc, vwc)
    asked = at("2012-03-01T12", "2012-03-02T03:10")
    before = reference_at(made(time, vwc), asked, 24)
    assert np.isfinite(before).all()
    assert before.tobytes() == reference_at(made(time, later), asked, 24).tobytes()


def test_windows_ask_for_half_of_their_hours():
    # Hours 0 to 3 and 8 to 11 of a day.
    time = np.concatenate([hours("2012-03-01T00", 4), hours("2012-03-01T08", 4)])
    series = made(time, [0.1] * 4 + [0.3] * 4)
    asked = at("2012-03-01T11", "2012-03-01T11:59", "2012-03-01T07")
    np.testing.assert_allclose(reference_at(series, asked, 12), [0.2, 0.2, np.nan])
    np.testing.assert_allclose(reference_at(series, asked, 8), [0.3, 0.3, 0.1])
    np.testing.assert_allclose(reference_at(series, asked, 12, 0.7), [np.nan] * 3)
