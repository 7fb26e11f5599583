import numpy as np
import pytest

from retrieval.fusion import LinearSettings
from retrieval.fusion.history import TrackHistory
from retrieval.fusion.level import learn_level, linked_tracks
from retrieval.soil import SoilLimits
from retrieval.tracks import find_tracks

SETTINGS = LinearSettings(soil=SoilLimits(residual=0.06, saturation=0.44, residual_sigma=0.01))


def history(phase_deg, amplitude=10.0):
    """Record of days with tracks at azimuths 20 degrees apart."""
    phase_deg = np.asarray(phase_deg, dtype=float)
    tracks = phase_deg.shape[1]
    amplitude = np.broadcast_to(amplitude, phase_deg.shape)
    return TrackHistory(
        find_tracks(np.arange(tracks), np.arange(tracks) * 20.0 % 360.0),
        np.full(tracks, 1.8),
        phase_deg,
        np.where(np.isnan(phase_deg), np.nan, amplitude),
        np.where(np.isnan(phase_deg), np.nan, 1.8),
    )


def test_references_stand_on_the_median_day():
    # Days at 0, -4 and -10 degrees; tracks at 170 and -100.
    base = np.repeat([170.0, -100.0], 3)
    level = learn_level(history(base + np.array([[0.0], [-10.0], [-4.0]])), SETTINGS)
    assert level.reference_deg == pytest.approx(base - 4.0)
    # psi is 0 - 4, 10 - 4 and 4 - 4: the driest day of three lies at -4.
    assert level.psi_min_deg == pytest.approx(-4.0)
    assert level.range_deg == pytest.approx(10.0)
    assert level.n_days == 3


def test_the_first_days_get_the_first_full_mean_of_vegetation():
    # Amplitudes go 10, 8, 10, 8, ...; the highest fifth is 10. Means of ten or more trailing
    # ones lie between .9 and (6 * 10 + 5 * 8) / 11 / 10 = .9091, that is .0091 * 50.25 / 1.48 = .31
    # degrees apart.
    # Without correction the first day would lie .1 * 50.25 / 1.48 = 3.4 degrees apart.
    amplitude = np.where(np.arange(40) % 2 == 0, 10.0, 8.0)[:, None]
    level = learn_level(history(np.zeros((40, 6)), amplitude), SETTINGS)
    assert level.vegetation_deg == pytest.approx(-0.1 * 50.25 / 1.48)
    assert level.range_deg == pytest.approx((6 + 5 * 0.8 - 9.9) / 11 * 50.25 / 1.48)


def test_vegetation_is_as_last_known_after_a_pause():
    # 20 days at 10, 20 at 8, and a pause of 40 days in which means of ten values run out. The last
    # one of ten or more stands 20 days after the end: 10 values of 8. The norm is 10.
    amplitude = np.concatenate([np.full(20, 10.0), np.full(60, 8.0)])[:, None]
    phase_deg = np.zeros((80, 6))
    phase_deg[40:] = np.nan
    level = learn_level(history(phase_deg, amplitude), SETTINGS)
    assert level.vegetation_deg == pytest.approx(-0.2 * 50.25 / 1.48)


def test_expected_tracks_are_those_of_the_last_days_with_data():
    # 30 days with 6 tracks, 30 with 8, then 40 without any.
    phase_deg = np.zeros((100, 8))
    phase_deg[:30, 6:] = np.nan
    phase_deg[60:] = np.nan
    assert learn_level(history(phase_deg), SETTINGS).n_expected == 8.0


@pytest.mark.parametrize(("days", "visits"), [(1, 1), (3, 1), (4, 2), (9, 4), (10, 5), (300, 5)])
def test_visits_that_a_track_needs(days, visits):
    # Half of the days, five at most. One track was heard as often as that, one once less.
    phase_deg = np.zeros((days, 8))
    phase_deg[: days - visits, 6] = np.nan
    phase_deg[: days - visits + 1, 7] = np.nan
    assert learn_level(history(phase_deg), SETTINGS).usable.tolist() == [True] * 7 + [False]


def test_tracks_without_a_common_day_with_the_present_tell_nothing():
    # All signals are replaced on day 40: ten days later only these ten count.
    phase_deg = np.zeros((50, 12))
    phase_deg[40:, :6] = np.nan
    phase_deg[:40, 6:] = np.nan
    level = learn_level(history(phase_deg), SETTINGS)
    assert level.usable.tolist() == [False] * 6 + [True] * 6
    assert level.n_days == 10


def test_tracks_are_linked_over_others():
    # 0 and 2 share no day; both share days with 1. Track 3 was heard alone.
    known = np.zeros((30, 4), dtype=bool)
    known[5:10, 0] = known[5:20, 1] = known[15:20, 2] = known[:5, 3] = True
    assert linked_tracks(known, 5).tolist() == [True, True, True, False]


def test_a_noisy_track_links_nothing():
    # Tracks 0 to 5 and 6 to 11 follow one another; only the wild track 12 heard both.
    rng = np.random.default_rng(4)
    phase_deg = np.zeros((60, 13))
    phase_deg[30:, :6] = phase_deg[:30, 6:12] = np.nan
    phase_deg[:, 12] = rng.uniform(-90, 90, 60)
    level = learn_level(history(phase_deg), SETTINGS)
    assert level.usable.tolist() == [False] * 6 + [True] * 6 + [False]


def test_no_days_tell_nothing():
    level = learn_level(history(np.full((365, 0), np.nan)), SETTINGS)
    assert level.n_days == 0
    assert np.isnan([level.n_expected, level.psi_min_deg, level.range_deg]).all()
