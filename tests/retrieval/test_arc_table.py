"""The arc table's contract."""

import numpy as np
import pytest

from retrieval.arc_table import ARC_COLUMNS, arc_order, arc_table, empty_arc_table


def _columns(**changes):
    columns = {}
    for name, dtype in ARC_COLUMNS.items():
        if dtype.startswith("datetime"):
            columns[name] = np.array(["2025-01-10T02:00", "2025-01-10T01:00"], "datetime64[ns]")
        else:
            columns[name] = {
                "str": np.array(["a", "b"], dtype=object),
                "bool": np.array([True, False]),
            }.get(dtype, np.array([1, 2]))
    return {**columns, **changes}


def test_columns_and_types_are_the_contract():
    for table in (arc_table(_columns()), empty_arc_table()):
        assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dict(ARC_COLUMNS)


def test_rows_are_sorted_by_start_and_the_order_is_told():
    columns = _columns(n_obs=np.array([7, 8]))
    assert arc_table(columns)["n_obs"].tolist() == [8, 7]
    assert arc_order(columns).tolist() == [1, 0]


def test_missing_column_is_an_error():
    columns = _columns()
    del columns["phase_deg"]
    with pytest.raises(KeyError, match="phase_deg"):
        arc_table(columns)


def test_rounding_keeps_phases_inside_their_range():
    table = arc_table(_columns(phase_deg=np.array([-179.99999, 12.34567])))
    assert table["phase_deg"].tolist() == [12.346, 180.0]
    assert table["phase_deg"].between(-180, 180, inclusive="right").all()


def test_heights_are_rounded_to_a_tenth_of_a_millimetre():
    table = arc_table(_columns(reflector_height_m=np.array([1.23456789, 2.0])))
    assert table["reflector_height_m"].tolist() == [2.0, 1.2346]
