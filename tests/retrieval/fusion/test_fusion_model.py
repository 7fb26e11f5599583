"""`fusion` and `auto`."""

import numpy as np
import pytest

from retrieval.errors import InputError
from retrieval.fusion.auto_model import CANDIDATES, Auto
from retrieval.fusion.fusion_model import Fusion
from retrieval.fusion.phase_lines import MeanPhase

TRAIN, TEST = np.arange(84), np.arange(84, 120)


def fit(season, model, features=None, vwc=None):
    features = season.features if features is None else features
    vwc = season.vwc if vwc is None else vwc
    copies = season.dropped if features.shape == season.dropped.shape else None
    copies = None if copies is None else copies[TRAIN]
    return model.fit(features[TRAIN], vwc[TRAIN], season.times[TRAIN], copies)


def rmse(model, season, features=None, vwc=None):
    features = season.features if features is None else features
    vwc = season.vwc if vwc is None else vwc
    return float(np.sqrt(np.mean((model.predict(features[TEST]).vwc - vwc[TEST]) ** 2)))


def test_fusion_is_better_than_the_mean_of_all_tracks(season):
    assert rmse(fit(season, Fusion()), season) < 0.9 * rmse(fit(season, MeanPhase()), season)


def test_evidence_takes_off_what_tracks_share_and_is_not_moisture(season):
    drift = np.linspace(-1, 1, 120)
    shifted = np.column_stack([season.features + 6.0 * drift[:, None], drift])
    alone = rmse(fit(season, Fusion(n_tracks=24), shifted), season, shifted)
    told = rmse(fit(season, Fusion(n_tracks=24, n_evidence=1), shifted), season, shifted)
    assert told < 0.6 * alone


def test_a_forest_grows_only_where_it_helps(season):
    plain = fit(season, Fusion())
    assert plain.forest_ is None
    assert plain.rmse_with_ > 0.98 * plain.rmse_without_
    # Something that no line in the tracks can tell, and a column that does.
    switch = np.where(np.arange(120) % 6 < 3, 0.06, -0.06)
    wide, vwc = np.column_stack([season.features, switch]), season.vwc + np.abs(switch - 0.06)
    grown = fit(season, Fusion(n_tracks=24), wide, vwc)
    assert grown.forest_ is not None
    assert grown.rmse_with_ < 0.98 * grown.rmse_without_
    assert rmse(grown, season, wide, vwc) < rmse(fit(season, Fusion()), season, None, vwc)


def test_weights_are_what_tracks_tell(season):
    noisy = season.features.copy()
    noisy[:, 20:] = np.random.default_rng(1).normal(0, 40, (120, 4))
    weights = fit(season, Fusion(), noisy).weights_
    assert weights.max() == 1.0
    assert weights[20:].max() < 0.1
    assert np.median(weights[:20]) > 0.2


def test_auto_weighs_by_what_was_said_of_days_left_out(season):
    model = fit(season, Auto(preset="lm"))
    assert sum(model.share_.values()) == pytest.approx(1.0)
    assert min(model.share_.values()) >= 0.05
    assert set(model.share_) <= set(model.rmse_) == set(CANDIDATES)
    best = min(model.rmse_, key=model.rmse_.__getitem__)
    assert best in model.share_
    said = season.features[TEST]
    mean = sum(one * model.models_[name].predict(said).vwc for name, one in model.share_.items())
    np.testing.assert_allclose(model.predict(said).vwc, mean)
    assert rmse(model, season) <= 1.1 * min(
        rmse(fit(season, model.candidate(name)), season) for name in CANDIDATES
    )


def test_auto_leaves_out_what_cannot_be_trained(season):
    short = np.arange(24)  # a line needs 19 rows outside of blocks, a forest's quantiles fewer
    model = Auto(preset="lm").fit(
        season.features[short], season.vwc[short], season.times[short], season.dropped[short]
    )
    left = {name for name, one in model.rmse_.items() if np.isinf(one)}
    assert not left & set(model.share_)
    with pytest.raises(InputError, match="auto: no model can be trained"):
        Auto().fit(season.features[:6], season.vwc[:6], season.times[:6])


@pytest.mark.parametrize("make", [Fusion, Auto], ids=["fusion", "auto"])
def test_equal_seeds_give_equal_bits(season, make):
    one, two = fit(season, make(seed=3)), fit(season, make(seed=3, n_jobs=2))
    a, b = one.predict(season.features[TEST]), two.predict(season.features[TEST])
    np.testing.assert_array_equal(a.vwc, b.vwc)
    np.testing.assert_array_equal(a.lower, b.lower)


def test_evidence_that_is_not_there_is_refused(season):
    with pytest.raises(InputError, match="n_evidence 2, expected 0 to the 0 columns"):
        fit(season, Fusion(n_tracks=24, n_evidence=2))
