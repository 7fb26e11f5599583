"""The index of all tracks' amplitudes."""

import numpy as np
import pytest

from retrieval.fusion.shared_index import SharedIndex


def rows(index, norms, noise, seed=0):
    """Amplitudes of tracks that follow an index, each with noise of its own (relative)."""
    draws = np.random.default_rng(seed).normal(0.0, 1.0, (len(index), len(norms)))
    return np.asarray(norms) * (1.0 + np.asarray(index)[:, None] + draws * noise)


def test_tracks_that_follow_the_others_count_for_most():
    index = np.linspace(-0.2, 0.2, 60)
    noise = np.array([0.01] * 6 + [0.5] * 20)
    amplitude = rows(index, np.linspace(5.0, 50.0, 26), noise)
    found = SharedIndex(relative=True, prior_noise=0.1).fit(amplitude)
    off = found.transform(amplitude) - index
    # The six good ones alone err by .01 / sqrt(6) = .004, the mean of all by .5 * sqrt(20) / 26.
    assert off.std() < 0.01
    assert found.weight_[:6].min() > 10 * found.weight_[6:].max()


def test_missing_tracks_do_not_move_it():
    index = np.linspace(-0.1, 0.1, 30)
    amplitude = rows(index, np.linspace(5.0, 50.0, 12), 0.0)
    found = SharedIndex(relative=True, prior_noise=0.1).fit(amplitude)
    few = amplitude.copy()
    few[:, ::2] = np.nan
    np.testing.assert_allclose(found.transform(few), found.transform(amplitude), atol=1e-12)


@pytest.mark.parametrize(("heard", "known"), [(5, True), (4, False), (0, False)])
def test_fewer_than_five_tracks_tell_nothing(heard, known):
    amplitude = rows(np.zeros(20), np.ones(8), 0.05)
    amplitude[-1, heard:] = np.nan
    found = SharedIndex(relative=True, prior_noise=0.1).fit(amplitude).transform(amplitude)
    assert np.isfinite(found[-1]) == known
    assert np.isfinite(found[:-1]).all()


def test_a_track_never_heard_in_training_counts_for_nothing_later():
    amplitude = rows(np.zeros(20), np.ones(8), 0.05)
    amplitude[:, 7] = np.nan
    index = SharedIndex(relative=True, prior_noise=0.1).fit(amplitude)
    later = np.full((1, 8), 1.0)
    louder = later.copy()
    louder[0, 7] = 50.0
    assert index.weight_[7] == 0
    np.testing.assert_array_equal(index.transform(louder), index.transform(later))


def test_training_rows_have_mean_zero():
    amplitude = rows(np.linspace(0.0, 0.3, 40), np.linspace(5.0, 9.0, 10), 0.03)
    assert SharedIndex(relative=True, prior_noise=0.1).fit(amplitude).transform(
        amplitude
    ).mean() == pytest.approx(0, abs=1e-9)


def test_heights_are_taken_as_differences():
    index = np.linspace(-0.1, 0.1, 40)
    offsets = np.array([-0.3, 0.0, 0.2, 0.5, 1.0, -2.0])
    rise_m = index[:, None] + offsets + np.random.default_rng(1).normal(0, 0.002, (40, 6))
    found = SharedIndex(relative=False, prior_noise=0.02).fit(rise_m).transform(rise_m)
    np.testing.assert_allclose(found, index, atol=0.005)


def test_one_quiet_track_of_five_does_not_take_all_of_the_weight():
    noise = np.array([0.05, 0.1, 0.1, 0.1, 0.1])
    amplitude = rows(np.random.default_rng(2).normal(0, 0.05, 300), np.ones(5), noise)
    weight = SharedIndex(relative=True, prior_noise=0.1).fit(amplitude).weight_
    share = weight / weight.sum()
    # Inverse variances would be a half, and an eighth for each of the others.
    assert 0.25 < share[0] < 0.7
    assert share[1:].min() > 0.06
