"""Heights by signal and sector, worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from retrieval.apriori import learn_apriori_heights


def _arcs(selection, azimuths, heights, accepted=True):
    return pd.DataFrame(
        {
            "satellite": f"{selection[0]}01",
            "signal": selection[1:],
            "azimuth_deg": np.asarray(azimuths, float),
            "reflector_height_m": heights,
            "accepted": accepted,
        }
    )


def test_heights_are_learnt_per_signal_and_sector_where_arcs_suffice():
    table = pd.concat(
        [
            _arcs("GS2X", [10] * 5, [7.1, 7.2, 7.3, 7.4, 9.0]),
            _arcs("GS2X", [100] * 6, [3.0] * 6),
            _arcs("ES5Q", [20, 100], [7.9, 3.9]),
            _arcs("ES5Q", [200], [5.0]),
            _arcs("RS1C", [300], [1.0], accepted=False),
        ],
        ignore_index=True,
    )
    heights = learn_apriori_heights(table)
    assert heights["GS2X@000"] == 7.3
    assert heights["GS2X@090"] == 3.0
    # One Galileo arc is not enough: all signals of the sector speak.
    assert heights["ES5Q@000"] == pytest.approx(np.median([7.1, 7.2, 7.3, 7.4, 9.0, 7.9]))
    assert heights["ES5Q@090"] == 3.0
    # A sector with too few of all, a signal with too few: all arcs together.
    overall = np.median([7.1, 7.2, 7.3, 7.4, 9.0, *[3.0] * 6, 7.9, 3.9, 5.0])
    assert heights["ES5Q@180"] == pytest.approx(overall)
    assert heights["RS1C"] == pytest.approx(overall)
    assert heights["GS2X"] == pytest.approx(3.0)


def test_learning_heights_from_nothing_gives_nothing():
    table = pd.DataFrame(
        {
            "satellite": ["G01"],
            "signal": ["S1C"],
            "azimuth_deg": [10.0],
            "reflector_height_m": [2.0],
            "accepted": [False],
        }
    )
    assert learn_apriori_heights(table) == {}
