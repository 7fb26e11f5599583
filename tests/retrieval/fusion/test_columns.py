import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from retrieval.fusion.columns import (
    additive_fit,
    circular_median_deg,
    column_mean,
    column_median,
)

MATRICES = hnp.arrays(
    float,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=7),
    elements=st.one_of(st.just(np.nan), st.floats(-1e3, 1e3)),
)


@given(MATRICES)
def test_column_statistics_equal_numpys_on_what_is_there(values):
    for k in range(values.shape[1]):
        known = values[~np.isnan(values[:, k]), k]
        median, mean = column_median(values)[k], column_mean(values)[k]
        if len(known) == 0:
            assert np.isnan(median)
            assert np.isnan(mean)
        else:
            assert median == pytest.approx(np.median(known))
            assert mean == pytest.approx(np.mean(known), abs=1e-9)


@given(st.floats(-180, 180), st.lists(st.integers(-60, 60), min_size=1, max_size=15))
def test_circular_median_turns_with_its_sample(centre, spread):
    # A sample within +-60 degrees of a centre has the plain median, wherever the centre lies.
    sample = (centre + np.array(spread, float) + 180.0) % 360.0 - 180.0
    expected = centre + np.median(spread)
    difference = (circular_median_deg(sample[:, None])[0] - expected + 180.0) % 360.0 - 180.0
    assert difference == pytest.approx(0.0, abs=1e-9)


@given(st.data())
def test_a_sum_of_rows_and_columns_is_found_again(data):
    column = np.array(data.draw(st.lists(st.integers(-50, 50), min_size=1, max_size=5)), float)
    row = np.array(data.draw(st.lists(st.integers(-50, 50), min_size=2, max_size=9)), float)
    values = row[:, None] + column
    holes = data.draw(hnp.arrays(bool, values.shape))
    holes[0] = False  # a row with everything links all columns
    found, residual = additive_fit(np.where(holes, np.nan, values), 1.0)
    assert found == pytest.approx(column - column.mean(), abs=1e-8)
    assert np.isnan(residual).tolist() == holes.tolist()
    assert np.nan_to_num(residual) == pytest.approx(np.zeros(values.shape), abs=1e-8)


def test_late_columns_are_placed_by_shared_rows_even_where_they_are_the_many():
    # One column falls by 20 in row 6; nine columns begin after that, in row 7. Each column's own
    # median lies at 0 and so do most values of rows 7 to 9, where alternate medians stay.
    values = np.full((10, 10), np.nan)
    values[:, 0] = [0.0] * 6 + [-20.0] * 4
    values[7:, 1:] = 0.0
    column, _ = additive_fit(values, 1.0)
    assert column[1:] - column[0] == pytest.approx(np.full(9, 20.0))


def test_one_wild_value_hardly_moves_its_column():
    # Plain least squares would move column 0 by 50 / 5 = 10 against the others. With Huber's
    # weights the wild value pulls like one that is off by the tolerance: by a fraction of 1.
    values = np.zeros((5, 4))
    values[2, 0] = 50.0
    column, residual = additive_fit(values, 1.0)
    assert column[0] - column[1] < 0.5
    assert residual[2, 0] > 45.0
