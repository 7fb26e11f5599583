import numpy as np
import pytest

from retrieval.simulation.ground.series import hours_between, lagged, season_share, seconds


def hours(*texts: str) -> np.ndarray:
    return np.array(texts, "datetime64[ns]")


def test_hours_around_a_span_include_those_on_either_side(ground):
    day = ground(moisture=np.arange(24.0) / 100)
    inside = day.between(*hours("2024-05-14T05:20", "2024-05-14T07:40"))
    assert inside.time.tolist() == hours(*(f"2024-05-14T{h:02d}" for h in (5, 6, 7, 8))).tolist()
    assert inside.moisture.tolist() == [0.05, 0.06, 0.07, 0.08]
    # On full hours nothing more is needed.
    exact = day.between(*hours("2024-05-14T05", "2024-05-14T07"))
    assert exact.moisture.tolist() == [0.05, 0.06, 0.07]
    assert len(day.between(*hours("2024-05-13", "2024-05-16"))) == 24


def test_full_hours_include_both_ends():
    found = hours_between(*hours("2024-12-31T22:30", "2025-01-01T01:59"))
    expected = hours("2024-12-31T22", "2024-12-31T23", "2025-01-01T00", "2025-01-01T01")
    assert found.tolist() == expected.tolist()
    assert seconds(hours("1970-01-02T00:00:01.5")).tolist() == [86401.5]


def test_lag_follows_a_step_by_its_time():
    step = np.concatenate([np.full(24, 0.1), np.full(24 * 40, 0.3)])
    slow = lagged(step, days=5.0)
    assert np.allclose(slow[:24], 0.1)
    # 1 - 1 / e of the step after the characteristic time, and all of it in the end.
    assert slow[23 + 120] == pytest.approx(0.1 + 0.2 * (1 - np.exp(-1)), abs=1e-12)
    assert slow[-1] == pytest.approx(0.3, abs=1e-4)
    # A day's wave is hardly felt five days deep: 1 / (2 pi 5).
    wave = lagged(np.sin(2 * np.pi * np.arange(24 * 60) / 24), days=5.0)[-24:]
    assert np.ptp(wave) / 2 == pytest.approx(1 / (2 * np.pi * 5), rel=0.02)
    assert len(lagged(np.zeros(0), 5.0)) == 0


@pytest.mark.parametrize("day", [0.1, 0.5, 3.0])
def test_lag_keeps_what_does_not_change(day):
    np.testing.assert_allclose(lagged(np.full(50, 0.23), day), 0.23)


def test_season_rises_and_falls_by_half_cosines():
    season = (100, 160, 280)
    year = np.datetime64("2023-01-01", "ns")

    def on(day_of_year: float) -> float:
        time = year + np.timedelta64(round((day_of_year - 1) * 86_400), "s")
        return float(season_share(np.array([time]), season, 0.2)[0])

    assert on(50) == on(99) == on(300) == 0.2
    assert on(160) == pytest.approx(1.0)
    assert [on(130), on(220)] == pytest.approx([0.6, 0.6])  # half way up, half way down
    assert on(115) == pytest.approx(0.2 + 0.8 * (0.5 - 0.5 * np.cos(np.pi / 4)))


def test_a_southern_season_passes_the_new_year():
    time = hours("2023-10-01", "2023-12-31", "2024-01-01", "2024-01-15", "2024-06-30")
    green, eve, new_year, full, winter = season_share(time, (274, 15, 120), 0.1)
    assert green == pytest.approx(0.1, abs=0.001)
    assert full == pytest.approx(1.0, abs=0.001)
    assert eve < new_year < full
    assert new_year - eve < 0.01
    assert winter == 0.1
