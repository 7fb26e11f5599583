import numpy as np
import pandas as pd
import pytest

from retrieval.errors import InputError
from retrieval.fusion.closed import utc_ms
from retrieval.fusion.frost import Temperatures

MIDNIGHT = pd.Timestamp("2024-03-02", tz="UTC")


def series(**values):
    """Temperatures by hour before (`b`) or after (`a`) midnight, as in ``b3=-1.0``."""
    hours = [float(name[1:]) * (-1 if name[0] == "b" else 1) for name in values]
    return pd.Series(
        list(values.values()), index=[MIDNIGHT + pd.Timedelta(hours=hour) for hour in hours]
    )


def frozen_at_midnight(temperature_c, below_c=0.0):
    ends = utc_ms(pd.DatetimeIndex([MIDNIGHT]))
    return bool(Temperatures.of(temperature_c).frozen(ends, below_c)[0])


@pytest.mark.parametrize(
    ("values", "frozen"),
    [
        ({"b1": -0.1}, True),
        ({"b1": 0.0}, False),  # thawing ground stands at 0
        ({"b20": -5.0, "b3": 4.0}, True),
        ({"b20": -5.0, "b3": 6.0}, False),
        ({"b24": -5.0, "b1": 6.0}, False),  # a window of 24 h does not hold its own left end
        ({"b23.9": -5.0, "b1": 4.0}, True),
        ({"b60": -9.0, "b1": 4.0}, True),  # ground thaws later than the air
        ({"b60": -9.0, "b1": 10.0}, False),
        ({"b60": 9.0, "b1": -0.1}, True),
        ({"b72": -9.0}, False),
        ({"b71.9": -9.0}, True),
        ({"a0": -5.0}, True),  # but it holds its right end
        ({"a0.1": -5.0}, False),
        ({"b1": np.nan}, False),
        ({"b2": -1.0, "b1": np.nan}, True),
    ],
)
def test_mean_of_one_or_three_days_before_decides(values, frozen):
    assert frozen_at_midnight(series(**values)) is frozen


def test_threshold_may_be_another():
    assert not frozen_at_midnight(series(b1=-1.5), below_c=-2.0)
    assert frozen_at_midnight(series(b1=1.5), below_c=2.0)


def test_order_of_rows_and_zone_of_the_index_do_not_matter():
    rng = np.random.default_rng(2)
    index = pd.date_range(MIDNIGHT - pd.Timedelta(days=3), periods=100, freq="h")
    values = pd.Series(rng.normal(0, 5, 100), index=index)
    ends = utc_ms(index)
    expected = Temperatures.of(values).frozen(ends, 0.0).tolist()
    assert True in expected
    assert False in expected
    shuffled = values.sample(frac=1, random_state=1).tz_convert("Australia/Brisbane")
    assert Temperatures.of(shuffled).frozen(ends, 0.0).tolist() == expected


def test_none_and_an_empty_series_freeze_nothing():
    assert not frozen_at_midnight(None)
    assert not frozen_at_midnight(pd.Series([], index=pd.DatetimeIndex([], tz="UTC"), dtype=float))


@pytest.mark.parametrize("index", [pd.DatetimeIndex(["2024-03-02"]), pd.Index([3.0])])
def test_an_index_without_time_zone_is_refused_with_the_remedy(index):
    with pytest.raises(InputError, match=r"UTC.*tz_localize"):
        Temperatures.of(pd.Series([1.0], index=index))
