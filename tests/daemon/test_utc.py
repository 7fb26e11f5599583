import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from daemon.utc import parse_utc, utc_text, utc_texts


@given(st.lists(st.integers(0, 4_000_000_000_000), min_size=1, max_size=5))
def test_text_keeps_milliseconds_and_sorts_as_time(milliseconds):
    times = pd.to_datetime(milliseconds, unit="ms", utc=True)
    texts = utc_texts(times)
    assert (parse_utc(texts) == times).all()
    assert sorted(texts) == utc_texts(times.sort_values())


def test_other_zones_are_converted():
    time = pd.Timestamp("2025-01-10T02:00", tz="Europe/Vienna")
    assert utc_text(time, "s") == "2025-01-10T01:00:00Z"
