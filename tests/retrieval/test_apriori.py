"""Heights by signal and sector, worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from retrieval.apriori import LearntHeight, apriori_heights, height_at, learn_apriori_heights


def _arcs(selection, azimuths, heights):
    return pd.DataFrame(
        {
            "selection": selection,
            "azimuth_deg": np.asarray(azimuths, float),
            "reflector_height_m": heights,
        }
    )


@pytest.fixture
def arcs():
    return pd.concat(
        [
            _arcs("GS2X", [10] * 5, [7.1, 7.2, 7.3, 7.4, 9.0]),
            _arcs("GS2X", [100] * 6, [3.0] * 6),
            _arcs("ES5Q", [20, 100], [7.9, 3.9]),
            _arcs("ES5Q", [200], [5.0]),
        ],
        ignore_index=True,
    )


def test_heights_are_learnt_where_arcs_suffice(arcs):
    # Of six heights with 7.9 among them the median lies midway between 7.3 and 7.4.
    assert learn_apriori_heights(arcs) == {
        "GS2X@000": LearntHeight(7.3, 5),
        "GS2X@090": LearntHeight(3.0, 6),
        "@000": LearntHeight(7.35, 6),
        "@090": LearntHeight(3.0, 7),
        "GS2X": LearntHeight(3.0, 11),
        "": LearntHeight(4.45, 14),
    }


def test_arc_takes_the_nearest_height_that_is_known(arcs):
    heights = {key: known.height_m for key, known in learn_apriori_heights(arcs).items()}
    assert height_at(heights, "GS2X", 44.0) == 7.3
    assert height_at(heights, "ES5Q", 44.0) == 7.35
    assert height_at(heights, "GS2X", 200.0) == 3.0
    assert height_at(heights, "ES5Q", 200.0) == 4.45
    assert np.isnan(height_at({}, "GS2X", 0.0))


def test_given_heights_win_over_learnt_ones_however_coarse(arcs):
    selections = arcs["selection"].to_numpy(dtype=object)
    fixed_m, by_key = apriori_heights(
        {"GS2X": 1.7, "@180": 1.6},
        selections,
        arcs["azimuth_deg"].to_numpy(),
        arcs["reflector_height_m"].to_numpy(),
        np.ones(len(arcs), dtype=bool),
    )
    assert set(fixed_m[selections == "GS2X"]) == {1.7}
    assert fixed_m[selections == "ES5Q"].tolist() == [7.35, 3.0, 1.6]
    assert by_key["GS2X"] == 1.7
    assert by_key["@000"] == 7.35


def test_nothing_accepted_teaches_nothing(arcs):
    fixed_m, by_key = apriori_heights(
        None,
        arcs["selection"].to_numpy(dtype=object),
        arcs["azimuth_deg"].to_numpy(),
        arcs["reflector_height_m"].to_numpy(),
        np.zeros(len(arcs), dtype=bool),
    )
    assert np.isnan(fixed_m).all()
    assert by_key == {}
