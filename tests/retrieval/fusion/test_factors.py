"""The factor model against the normal distribution written out, and against known truth."""

import numpy as np
import pytest

from retrieval.errors import InputError
from retrieval.fusion.factors import FactorImputer

ROWS, TRACKS = 150, 40


def made(seed=0, noise_deg=4.0):
    """Return anomalies of 40 tracks that follow two factors, and what they would be without noise.

    Every tenth track has 40 degrees of noise and no response, wrapped.
    """
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(ROWS, 2))
    loading = np.column_stack([rng.uniform(6, 11, TRACKS), rng.normal(0, 2, TRACKS)])
    loading[::10] = 0.0
    clean = factors @ loading.T
    noise = rng.normal(0, 1, clean.shape) * np.where(np.arange(TRACKS) % 10 == 0, 40.0, noise_deg)
    return 180.0 - np.mod(180.0 - clean - noise, 360.0), clean


@pytest.fixture(scope="module")
def learnt():
    """Model of the first 100 rows, a tenth of whose values are missing."""
    x, _ = made()
    gone = np.random.default_rng(1).random(x.shape) < 0.1
    return FactorImputer(n_factors=2).fit(np.where(gone, np.nan, x)[:100])


def dense(model, x, age_h):
    """Posterior mean of all tracks of one row at present, by the joint normal distribution.

    Factors are a random walk of `drift_` per hour from the row's oldest value on, where their
    covariance is 1.
    """
    known = np.flatnonzero(~np.isnan(x))
    age, oldest = age_h[known], age_h[known].max()
    loading = model.loading_deg_
    among = 1 + model.drift_**2 * (oldest - np.maximum.outer(age, age))
    to_now = 1 + model.drift_**2 * (oldest - age)
    covariance = among * (loading[known] @ loading[known].T)
    covariance += np.diag(model.noise_deg_[known] ** 2)
    across = to_now * (loading @ loading[known].T)
    return model.mean_deg_ + across @ np.linalg.solve(covariance, x[known] - model.mean_deg_[known])


def test_missing_values_are_the_posterior_mean(learnt):
    x, _ = made()
    row = np.where(np.arange(TRACKS) % 3 == 0, np.nan, x[120])
    gaps = np.isnan(row)
    filled = learnt.transform(row[None])[0]
    assert filled[gaps] == pytest.approx(dense(learnt, row, np.zeros(TRACKS))[gaps])
    np.testing.assert_array_equal(filled[~gaps], row[~gaps])


def test_values_of_some_age_are_joined_with_what_others_say_now(learnt):
    x, _ = made()
    age = np.arange(TRACKS) % 23 + 0.0
    row = np.where(np.arange(TRACKS) % 3 == 0, np.nan, x[130])
    now = dense(learnt, row, age)
    own = learnt.noise_deg_**2
    wandered = learnt.drift_**2 * age * np.sum(learnt.loading_deg_**2, axis=1)
    of_own = own / (own + wandered)
    expected = np.where(np.isnan(row), now, of_own * np.nan_to_num(row) + (1 - of_own) * now)
    assert learnt.transform(row[None], age[None])[0] == pytest.approx(expected)


def test_without_ages_and_at_age_0_it_is_the_same(learnt):
    x, _ = made()
    rows = np.where(np.random.default_rng(3).random((20, TRACKS)) < 0.4, np.nan, x[100:120])
    np.testing.assert_array_equal(
        learnt.transform(rows), learnt.transform(rows, np.where(np.isnan(rows), np.nan, 0.0))
    )


def test_fresh_tracks_pull_stale_ones_along(learnt):
    # A step of all tracks by their response, seen by the quarter that is younger than 6 h.
    age = np.linspace(0.2, 23.9, TRACKS)[np.random.default_rng(4).permutation(TRACKS)][None]
    before = np.broadcast_to(learnt.mean_deg_, (1, TRACKS))
    step = learnt.loading_deg_[:, 0] * 1.0
    after = np.where(age < 6, before + step, before)
    moved = learnt.transform(after, age) - learnt.transform(before, age)
    good = learnt.noise_deg_ < 8
    stale = good & (age[0] >= 6)
    assert np.mean((after - before)[0, good] / step[good]) < 0.3
    assert np.mean(moved[0, good] / step[good]) > 0.4
    assert np.mean(moved[0, stale] / step[stale]) > 0.25
    assert np.max(np.abs(moved[0] / np.where(good, step, 1e9))) < 1.1


def test_removed_values_come_back_to_within_the_noise(learnt):
    x, clean = made()
    gone = np.random.default_rng(2).random(x.shape) < 0.3
    filled = learnt.transform(np.where(gone, np.nan, x))[100:]
    good = np.arange(TRACKS) % 10 != 0
    off = (filled - clean[100:])[gone[100:] & good]
    # About 25 good tracks of 4 degrees are at hand for two factors: 4 sqrt(2 / 25) = 1.1 degrees,
    # and the responses are learnt from 100 rows: 4 sqrt(3 / 100) = .7 degrees.
    assert np.sqrt(np.mean(off**2)) == pytest.approx(np.hypot(1.1, 0.7), rel=0.25)


def test_noise_and_share_of_good_and_bad_tracks_are_found(learnt):
    bad = np.arange(TRACKS) % 10 == 0
    assert np.median(learnt.noise_deg_[~bad]) == pytest.approx(4.0, rel=0.1)
    assert learnt.noise_deg_[bad] == pytest.approx(40.0, rel=0.25)
    assert (learnt.explained_[bad] < 0.15).all()
    clean = made()[1][:100].var(axis=0)
    assert learnt.explained_[~bad] == pytest.approx((clean / (clean + 16))[~bad], abs=0.12)


def test_a_track_of_the_wet_half_has_the_mean_of_the_whole_record():
    rng = np.random.default_rng(6)
    season = np.repeat([1.0, -1.0], ROWS // 2)  # 8 degrees up and down
    x = 8.0 * (season + rng.normal(0, 1, ROWS))[:, None] + rng.normal(0, 3, (ROWS, 12))
    x[ROWS // 2 :, :4] = np.nan
    model = FactorImputer(n_factors=1).fit(x)
    assert np.nanmean(x[:, :4]) == pytest.approx(8.0, abs=2.0)
    # Where the others have their mean, of 150 days that scatter by 11 degrees.
    assert model.mean_deg_ == pytest.approx(np.full(12, x[:, 4:].mean()), abs=2.0)


def test_rows_with_nothing_give_the_training_mean():
    x, _ = made()
    x = x[:, np.arange(TRACKS) % 10 != 0] + 5.0
    model = FactorImputer().fit(x)
    filled = model.transform(np.full((2, x.shape[1]), np.nan))
    assert filled[0] == pytest.approx(x.mean(axis=0), abs=0.2)
    np.testing.assert_array_equal(filled[0], filled[1])


def test_a_row_depends_on_itself_alone(learnt):
    x, _ = made()
    rng = np.random.default_rng(5)
    rows = np.where(rng.random(x.shape) < 0.5, np.nan, x)
    age = rng.uniform(0, 24, x.shape)
    age[7] /= 10
    whole = learnt.transform(rows, age)
    for one in (0, 7, 149):
        np.testing.assert_array_equal(learnt.transform(rows[[one]], age[[one]])[0], whole[one])


def test_equal_input_gives_equal_models():
    x, _ = made()
    one, two = FactorImputer().fit(x), FactorImputer().fit(x.copy())
    for name in ("mean_deg_", "loading_deg_", "noise_deg_"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


def test_tracks_never_heard_and_few_rows_do_no_harm():
    x, _ = made()
    x[:, 3] = np.nan
    model = FactorImputer(n_factors=5).fit(x[:3])
    filled = model.transform(x[3:])
    assert np.isfinite(filled).all()
    assert (filled[:, 3] == 0).all()
    assert model.explained_[3] == 0


def test_wrong_input_is_refused(learnt):
    with pytest.raises(InputError, match="at least one number"):
        FactorImputer().fit(np.full((3, 2), np.nan))
    with pytest.raises(InputError, match="n_factors 0"):
        FactorImputer(n_factors=0).fit(np.zeros((3, 2)))
    with pytest.raises(InputError, match="40 tracks"):
        learnt.transform(np.zeros((2, 3)))
    with pytest.raises(InputError, match="0 or more"):
        learnt.transform(np.zeros((1, TRACKS)), np.full((1, TRACKS), -1.0))
