import numpy as np
import pytest

from retrieval.reports.azimuths import (
    azimuth_ranges,
    phase_correlations,
    sectors_of,
    verdicts,
)


def test_correlation_of_a_phase_that_falls_as_moisture_rises_counts_without_its_sign():
    draws = np.random.default_rng(1)
    vwc = draws.uniform(0.05, 0.4, 50)
    straight = 20 - 60 * vwc
    mixed = straight + draws.normal(0, 10, 50)
    gappy = mixed.copy()
    gappy[::3] = np.nan
    rare = np.where(np.arange(50) < 9, straight, np.nan)
    found = phase_correlations(np.column_stack([straight, mixed, gappy, rare]), vwc)
    there = np.isfinite(gappy)
    assert found[0] == pytest.approx(1.0)
    assert found[1] == pytest.approx(-np.corrcoef(mixed, vwc)[0, 1])
    assert found[2] == pytest.approx(-np.corrcoef(gappy[there], vwc[there])[0, 1])
    assert np.isnan(found[3])


def test_two_thirds_of_the_tracks_below_the_limit_are_bad_and_a_quarter_mixed():
    abs_r = np.array([0.1, 0.2, 0.8, 0.9, 0.29, 0.31])
    groups = [np.array(one) for one in ([0, 2], [0, 1, 2], [0, 1, 2, 3], [4, 5], [5, 2, 3, 3, 0])]
    # 1 of 2, 2 of 3, 2 of 4, 1 of 2, 1 of 5.
    assert verdicts(abs_r, groups) == ("mixed", "bad", "mixed", "mixed", "good")
    # 4 of 7 is no clear majority.
    assert verdicts(np.r_[abs_r[[0] * 4], abs_r[[3] * 3]], [np.arange(7)]) == ("mixed",)


def test_sectors_gather_tracks_by_azimuth_over_north():
    azimuth_deg = np.array([3.0, 14.9, 15.0, 359.0])
    sectors, groups = sectors_of(
        azimuth_deg, np.array([0.9, 0.7, 0.1, np.nan]), np.array([1.0, 0.5, 0.0, 0.25])
    )
    assert sectors.first_deg.tolist() == [0.0, 15.0, 345.0]
    assert [group.tolist() for group in groups] == [[0, 1], [2], [3]]
    assert sectors.n_tracks.tolist() == [2, 1, 1]
    assert sectors.n_bad.tolist() == [0, 1, 0]
    assert sectors.abs_r[:2] == pytest.approx([0.8, 0.1])
    assert sectors.weight == pytest.approx([0.75, 0.0, 0.25])
    assert sectors.verdict == ("good", "bad", "unknown")
    assert sectors.ranges("bad") == [(15.0, 30.0)]
    # Neither sectors without a track nor one whose tracks have no |R|.
    judged = {float(one) for one in sectors.first_deg[:2]}
    silent = sum((stop - first) % 360 or 360 for first, stop in sectors.not_judged())
    assert silent == 360 - 15 * len(judged)
    assert sectors.ranges("good") == [(0.0, 15.0)]


@pytest.mark.parametrize(
    ("first_deg", "expected"),
    [
        ([], []),
        ([105.0, 120.0, 135.0, 285.0], [(105.0, 150.0), (285.0, 300.0)]),
        ([330.0, 345.0], [(330.0, 360.0)]),
        ([345.0, 0.0], [(345.0, 15.0)]),
    ],
)
def test_ranges_join_what_touches(first_deg, expected):
    assert azimuth_ranges(np.array(first_deg), 15.0) == expected
