"""Lines of tracks in moisture, read backwards."""

import numpy as np
import pytest

from retrieval.fusion.track_responses import learn_responses

N = 150


@pytest.fixture
def season():
    rng = np.random.default_rng(4)
    vwc = 0.2 + 0.08 * np.sin(np.arange(N) / 7.0)
    slope_deg = np.concatenate([rng.uniform(-90, -50, 20), np.zeros(10)])
    noise_deg = np.concatenate([np.full(20, 3.0), np.full(10, 40.0)])
    phase_deg = vwc[:, None] * slope_deg + rng.normal(0, 1, (N, 30)) * noise_deg
    return vwc, phase_deg, slope_deg


def test_lines_are_those_of_least_squares(season):
    vwc, phase_deg, _ = season
    found = learn_responses(phase_deg, vwc)
    for track in (0, 5, 29):
        slope, level = np.polyfit(vwc, phase_deg[:, track], 1)
        assert (found.slope_deg[track], found.level_deg[track]) == pytest.approx((slope, level))


def test_index_is_as_near_as_its_error_says_and_does_not_shrink(season):
    vwc, phase_deg, slope_deg = season
    said, error = learn_responses(phase_deg, vwc).moisture(phase_deg)
    off = said - vwc
    # Twenty tracks with 3 degrees and some 70 degrees per m3 m-3: 3 / (70 sqrt 20) = .0096.
    expected = 3.0 / np.sqrt(np.sum(slope_deg[:20] ** 2))
    assert off.std() == pytest.approx(expected, rel=0.25)
    assert error.mean() == pytest.approx(expected, rel=0.25)
    assert np.polyfit(vwc, said, 1)[0] == pytest.approx(1.0, abs=0.05)


def test_it_goes_on_beyond_what_was_seen(season):
    vwc, phase_deg, slope_deg = season
    found = learn_responses(phase_deg, vwc)
    wet = (0.45 * slope_deg)[None]
    assert found.moisture(wet)[0][0] == pytest.approx(0.45, abs=0.02)


def test_tracks_far_off_count_little(season):
    vwc, phase_deg, slope_deg = season
    found = learn_responses(phase_deg, vwc)
    row = (0.25 * slope_deg)[None].copy()
    row[0, :3] += 60.0
    plain = np.sum(
        found.trust * found.slope_deg / found.noise_deg**2 * (row[0] - found.level_deg)
    ) / np.sum(found.trust * (found.slope_deg / found.noise_deg) ** 2)
    assert abs(found.moisture(row)[0][0] - 0.25) < 0.02
    assert abs(plain - 0.25) > 0.08


def test_tracks_that_say_nothing_are_not_trusted(season):
    vwc, phase_deg, _ = season
    found = learn_responses(phase_deg, vwc)
    assert found.trust[:20].min() > 0.95
    flat = learn_responses(phase_deg, np.full(N, 0.2))
    assert flat.trust.max() == 0.0
    said, error = flat.moisture(phase_deg[:3])
    assert np.isnan(said).all()
    assert np.isnan(error).all()


def test_each_row_depends_on_itself_alone(season):
    vwc, phase_deg, _ = season
    found = learn_responses(phase_deg, vwc)
    whole = found.moisture(phase_deg)[0]
    np.testing.assert_array_equal(found.moisture(phase_deg[17:18])[0], whole[17:18])
