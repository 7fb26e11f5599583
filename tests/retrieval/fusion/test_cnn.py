import sys

import numpy as np
import pytest

from retrieval.errors import InputError
from retrieval.fusion.cnn import Cnn
from retrieval.fusion.cnn_network import NetworkShape, Practice, ask, train

TRAIN, TEST = np.arange(84), np.arange(84, 120)
SMALL = {"networks": 2, "max_epochs": 25, "blocks": 4, "gap_days": 3.0}
PRACTICE = Practice(max_epochs=30, patience=4, batch=16, rate=0.02, decay=0.0)


def fit(season, features=None, dropped=None, **settings):
    features = season.features if features is None else features
    copies = None if dropped is None else dropped[TRAIN]
    model = Cnn(**(SMALL | settings))
    return model.fit(features[TRAIN], season.vwc[TRAIN], season.times[TRAIN], copies)


@pytest.mark.parametrize(("tracks", "others"), [(21, 2), (3, 0), (1, 1)])
def test_a_network_says_what_its_drawing_says(tracks, others):
    # Place by place in Python, round the sky and over the means at the end.
    shape = NetworkShape(tracks, others, channels=3, kernel=5, hidden=4)
    draws = np.random.default_rng(1)
    known = {name: draws.normal(0, 0.5, size) for name, size in shape.parameters().items()}
    row = draws.normal(0, 1, tracks + others)

    def convolved(channels, weight, bias, pool):
        length = len(channels[0])
        found = [
            [
                max(
                    0.0,
                    bias[out]
                    + sum(
                        weight[out, into, k] * one[(place + k - 2) % length]
                        for into, one in enumerate(channels)
                        for k in range(5)
                    ),
                )
                for place in range(length)
            ]
            for out in range(3)
        ]
        return [
            [np.mean(one[first : first + pool]) for first in range(0, length, pool)]
            for one in found
        ]

    found = [row[:tracks]]
    for name, pool in (("first", 4), ("second", 2)):
        found = convolved(found, known[f"{name}_weight"], known[f"{name}_bias"], pool)
    seen = np.append(np.ravel(found), row[tracks:])
    dense = np.maximum(known["dense_weight"] @ seen + known["dense_bias"], 0.0)
    expected = known["last_weight"] @ dense + known["last_bias"]
    np.testing.assert_allclose(ask(shape, known, row[None]), expected)


def test_training_stops_at_the_epoch_of_least_error_on_rows_that_do_not_train():
    draws = np.random.default_rng(3)
    goal = draws.normal(0, 1, 60)
    rows = goal[:, None] + draws.normal(0, 1.5, (60, 6))
    shape = NetworkShape(6, 0, channels=2, kernel=3, hidden=4)
    ours, late = slice(0, 40), slice(40, 60)
    weight = np.ones(40)
    given = shape, PRACTICE, rows[ours], goal[ours], weight, 5
    best, epochs = train(*given, judge=(rows[late], goal[late]))
    errors = []
    for count in range(1, epochs + PRACTICE.patience):
        fixed = PRACTICE._replace(max_epochs=count)
        known, used = train(shape, fixed, *given[2:])
        assert used == count
        errors.append(np.mean((ask(shape, known, rows[late]) - goal[late]) ** 2))
    assert epochs == np.argmin(errors) + 1
    assert 1 < epochs < PRACTICE.max_epochs
    again, _ = train(shape, PRACTICE._replace(max_epochs=epochs), *given[2:])
    for name in best:
        np.testing.assert_array_equal(best[name], again[name])


def test_rows_of_no_weight_teach_nothing():
    draws = np.random.default_rng(3)
    rows, goal = draws.normal(0, 1, (16, 6)), draws.normal(0, 1, 16)
    shape = NetworkShape(6, 0, channels=2, kernel=3, hidden=4)
    weight = np.where(np.arange(16) < 8, 1.0, 0.0)
    other = np.where(weight > 0, goal, goal + 9.0)
    one, two = (train(shape, PRACTICE, rows, y, weight, 0)[0] for y in (goal, other))
    for name in one:
        np.testing.assert_array_equal(one[name], two[name])


def test_tracks_are_seen_in_the_order_given_and_the_rest_behind_them(season):
    beside = np.arange(120.0) % 7
    plain = fit(season, np.column_stack([season.features, beside]), order=tuple(range(24)))
    # The same columns elsewhere: a model told where they are sees the same rows.
    place = np.random.default_rng(0).permutation(25)
    moved = np.empty((120, 25))
    moved[:, place] = np.column_stack([season.features, beside])
    told = fit(season, moved, order=tuple(place[:24].tolist()))
    np.testing.assert_array_equal(
        told.predict(moved[TEST]).vwc,
        plain.predict(np.column_stack([season.features, beside])[TEST]).vwc,
    )
    untold = fit(season, moved)
    assert not np.array_equal(untold.predict(moved[TEST]).vwc, told.predict(moved[TEST]).vwc)


def test_other_columns_take_part_behind_the_convolutions(season):
    # Tracks that know nothing beside a column that knows it all.
    blind = np.random.default_rng(1).normal(0, 30, (120, 24))
    rows = np.column_stack([blind, season.vwc])
    model = fit(season, rows, order=tuple(range(24)), max_epochs=80)
    said = model.predict(rows[TEST]).vwc
    assert np.corrcoef(said, season.vwc[TEST])[0, 1] > 0.8


def test_each_network_has_its_own_draws_and_their_mean_is_said(season):
    model = fit(season, networks=3)
    assert len(model.epochs_) == 3
    parameters = model.networks_.parameters
    assert {len(one) for one in parameters.values()} == {3}
    assert not np.array_equal(parameters["first_weight"][0], parameters["first_weight"][1])
    each = [
        model.networks_._replace(
            parameters={name: one[k : k + 1] for name, one in parameters.items()}
        ).at(season.features[TEST])
        for k in range(3)
    ]
    said = model.predict(season.features[TEST]).vwc
    np.testing.assert_allclose(said, np.mean(each, axis=0), rtol=1e-12)


def test_copies_with_dropped_tracks_train_beside_the_rows(season):
    one, two = fit(season), fit(season, dropped=season.dropped)
    rows = season.features[TEST]
    assert not np.array_equal(one.predict(rows).vwc, two.predict(rows).vwc)


def test_torch_is_left_as_it_was(season):
    import torch

    before = torch.get_num_threads()
    state = torch.random.get_rng_state()
    torch.set_num_threads(2)
    try:
        fit(season, networks=1, max_epochs=2).predict(season.features[TEST])
        assert torch.get_num_threads() == 2
        assert not torch.are_deterministic_algorithms_enabled()
        assert torch.equal(torch.random.get_rng_state(), state)
    finally:
        torch.set_num_threads(before)


def test_without_torch_it_is_told_what_to_install(season, monkeypatch):
    model = fit(season, networks=1, max_epochs=2)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(InputError, match=r"cnn: needs torch.*pip install 'soilglint\[ml\]'"):
        fit(season)
    with pytest.raises(InputError, match=r"pip install 'soilglint\[ml\]'"):
        model.predict(season.features[TEST])
