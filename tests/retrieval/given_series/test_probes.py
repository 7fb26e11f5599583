import numpy as np
import pytest

from retrieval.errors import UnreadableFileError
from retrieval.given_series import read_series

# Laid out as the network's own files; the third value's provider flag is text with blanks.
HEADER_VALUES = """\
COSMOS     COSMOS          Barrow-ARM        71.32980  -156.62870    4.00    0.00    0.21 Probe 5 B
2017/08/12 22:00   0.1880 G M
2017/08/12 23:00   0.1940 D05 M
2017/08/13 00:00   0.1970 G Out of WFV average range,NA,OK
2017/08/13 01:00   -9999.0 M M
2017/08/13 02:00   0.2000 U M
2017/08/13 03:00   0.7000 C02 M
2017/08/13 04:00   0.2200 D05,D04 M
2017/08/13 05:00   NaN G
"""
_PLACE = "COSMOS     COSMOS          Barrow-ARM        71.32980  -156.62870    4.00    0.00    0.21"
CEOP = f"""\
2017/08/12 22:00 2017/08/12 22:07 {_PLACE}   0.1880 G M
2017/08/12 23:00 2017/08/12 23:00 {_PLACE}   0.1940 D05 M
2017/08/13 00:00 2017/08/13 00:00 {_PLACE}   -9999.00 U M
2017/08/13 01:00 2017/08/13 01:00 {_PLACE}   0.1970 G no check made
"""
PROBES = """\
%YR\tDOY\tHR\tMIN\t7.5_VWC\t2.5_VWC\t20_VWC\tRAIN\t
2008\t 60\t 23\t 45\t 0.1424\t 0.1473\t NaN\t 1.0\t
2008\t 61\t 0\t 0\t 0.1557\t NaN\t NaN\t NaN\t
2007\t 61\t 24\t 0\t 0.1557\t 0.16\t NaN\t NaN\t
"""


def times(*texts: str) -> list:
    return np.array(texts, "datetime64[ns]").tolist()


@pytest.mark.parametrize("name", ["A_A_Barrow-ARM_sm_0.000000_0.210000_Probe_1_2.stm", "mine.txt"])
def test_ismn_with_a_header_keeps_good_and_unknown_values(write, name):
    series = read_series(write(HEADER_VALUES, name))
    assert series.time.tolist() == times(
        "2017-08-12T22:00", "2017-08-13T00:00", "2017-08-13T02:00", "2017-08-13T05:00"
    )
    np.testing.assert_array_equal(series.moisture, [0.188, 0.197, 0.2, np.nan])
    assert (series.kind, series.dropped) == ("ISMN", 4)
    assert np.isnan(series.rain_mm).all()


def test_ismn_in_ceop_form_is_read_at_its_nominal_times(write):
    series = read_series(write(CEOP, "x.stm"))
    assert series.time.tolist() == times("2017-08-12T22:00", "2017-08-13T00:00", "2017-08-13T01:00")
    np.testing.assert_array_equal(series.moisture, [0.188, np.nan, 0.197])
    assert (series.kind, series.dropped) == ("ISMN", 1)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("2017/08/13 06:00   21.5 G M", r"vwc 21\.5: expected 0 to 0\.6 m3 m-3"),
        ("2017/08/13 06:00   wet G M", r"vwc 'wet': expected a number"),
        ("2017/08/13 06:00   0.2", r"expected date, time, value and flag"),
        ("13.08.2017 06:00   0.2 G M", r"expected date, time, value and flag"),
        ("2017/13/01 06:00   0.2 G M", r"time '2017-13-01T06:00': expected ISO 8601"),
    ],
)
def test_a_bad_row_of_ismn_is_named(write, row, says):
    with pytest.raises(UnreadableFileError, match=says) as caught:
        read_series(write(HEADER_VALUES + row + "\n"))
    assert "series.csv, line 10" in str(caught.value)


def test_other_variables_of_ismn_are_refused(write):
    path = write(HEADER_VALUES, "A_A_Barrow-ARM_ts_0.000000_0.210000_Probe_1_2.stm")
    with pytest.raises(UnreadableFileError, match=r"variable 'ts'.*give the station's _sm_ file"):
        read_series(path)


def test_ismn_with_a_cut_header_is_refused(write):
    text = "COSMOS Barrow-ARM\n" + HEADER_VALUES.split("\n", 1)[1]
    with pytest.raises(UnreadableFileError, match=r"line 1: expected network, station, position"):
        read_series(write(text))


def test_ismn_without_a_good_value_is_refused(write):
    text = "\n".join(line for line in CEOP.splitlines() if " D05 " in line)
    with pytest.raises(UnreadableFileError, match=r"flags speak against all 1 rows"):
        read_series(write(text))


def test_probes_by_day_of_year_give_the_shallowest(write):
    series = read_series(write(PROBES))
    # Day 60 of the leap year 2008 is 29 February; hour 24 is the next day's 0, and 61 of 2007 is
    # 2 March.
    assert series.time.tolist() == times("2007-03-03T00:00", "2008-02-29T23:45", "2008-03-01T00:00")
    np.testing.assert_array_equal(series.moisture, [0.16, 0.1473, np.nan])
    assert series.kind == "probes"
    assert np.isnan(series.rain_mm).all()


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("2008 61 0 15 0.1 0.1 0.1", r"expected 8 values as in the header, found 7"),
        ("2008 61 0 1.5 .1 .1 .1 0", r"expected whole numbers of year"),
        ("2008 367 0 15 .1 .1 .1 0", r"expected a day to 366"),
        ("1908 61 0 15 .1 .1 .1 0", r"expected a year from 1980"),
        ("2008 61 0 15 .1 14.0 .1 0", r"vwc 14\.0: expected 0 to 0\.6"),
    ],
)
def test_a_bad_row_of_probes_is_named(write, row, says):
    with pytest.raises(UnreadableFileError, match=says) as caught:
        read_series(write(PROBES + row + "\n"))
    assert "line 5" in str(caught.value)


def test_probes_without_moisture_are_refused(write):
    with pytest.raises(UnreadableFileError, match=r"expected a column such as 2\.5_VWC"):
        read_series(write("%YR DOY HR MIN RAIN\n2008 1 0 0 1\n"))
