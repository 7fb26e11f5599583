"""From an index to moisture."""

import numpy as np
import pytest

from retrieval.fusion.index_calibration import calibrate_index

N = 200
NONE = np.empty((N, 0))


def test_a_line_is_found_and_goes_on():
    index = np.linspace(0.1, 0.4, N)
    found = calibrate_index(index, NONE, 0.05 + 0.8 * index)
    said = found.at(np.array([0.0, 0.2, 0.6]), np.empty((3, 0)))
    np.testing.assert_allclose(said, [0.05, 0.21, 0.53], atol=1e-9)


def test_the_mean_of_line_and_parabola_is_taken():
    index = np.linspace(0.1, 0.4, N)
    vwc = index + index**2
    line = np.polyval(np.polyfit(index, vwc, 1), index)
    said = calibrate_index(index, NONE, vwc).at(index, NONE)
    np.testing.assert_allclose(said, 0.5 * (line + vwc), atol=1e-9)


def test_a_parabola_that_would_fall_is_a_line():
    index = np.linspace(0.1, 0.4, N)
    vwc = -((index - 0.35) ** 2)
    line = np.polyval(np.polyfit(index, vwc, 1), index)
    np.testing.assert_allclose(calibrate_index(index, NONE, vwc).at(index, NONE), line, atol=1e-9)


@pytest.mark.parametrize("known", [0, 1])
def test_what_the_index_misses_is_taken_from_the_evidence(known):
    rng = np.random.default_rng(3)
    vwc = rng.uniform(0.1, 0.4, N)
    evidence = rng.normal(0, 0.05, (N, 2))
    index = vwc - 0.5 * evidence[:, known]
    off = calibrate_index(index, evidence, vwc).at(index, evidence) - vwc
    without = calibrate_index(index, NONE, vwc).at(index, NONE) - vwc
    # The first is in two thirds of the fits, the second in one third.
    assert off.std() < {0: 0.45, 1: 0.75}[known] * without.std()


def test_an_index_of_nothing_gives_the_mean():
    index = np.full(N, np.nan)
    vwc = np.random.default_rng(0).uniform(0.1, 0.4, N)
    said = calibrate_index(index, NONE, vwc).at(index, NONE)
    np.testing.assert_allclose(said, vwc.mean())
