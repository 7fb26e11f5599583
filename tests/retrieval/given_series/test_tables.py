import gzip
import os

import numpy as np
import pytest

from retrieval.errors import UnreadableFileError
from retrieval.given_series import read_series

PBO = """\
# author = PBO H2O Data Portal - http://xenon.colorado.edu/portal
# p041
#    39.949492   254.805734  1728.8  (Lat Lon Ht(m))
# Date, raw_MP1rms (unit=m), NLDAS_temp_avg (unit="deg C" ), NLDAS_precip(unit="mm"), \
snow_depth(unit="m"),snow_depth_std(unit="m"), volumetric_soil_moisture (unit="cm3 cm-3"), \
vol_soil_moisture_sigma (unit="cm3 cm-3"), NDVI
2012-02-02T12:00:00Z, 0.270,  3.9,  0.6,   0.00,   0.03,  0.233,,
2012-02-03T12:00:00Z, 0.249, -0.7, 14.8,   0.19,   0.04,,,0.5
2012-02-04T12:00:00Z, 0.242,,,,,  0.211, 0.01,
"""


def times(*texts: str) -> list:
    return np.array(texts, "datetime64[ns]").tolist()


def test_own_csv_is_read_by_the_names_of_its_columns(write):
    series = read_series(
        write(
            "# measured by hand\n\n"
            "note, rain_mm,time,vwc\n"
            '"a, b",1.5,2012-03-01T12:00:00Z,0.21\n'
            "\n# probe changed\n"
            ",,2012-03-01T13:00:00+01:00,0.22\n"
            "x,0,2012-03-02,\n"
        )
    )
    # With an offset it is converted; without one it is UTC; of two rows of one time the last holds.
    assert series.time.tolist() == times("2012-03-01T12", "2012-03-02")
    np.testing.assert_array_equal(series.moisture, [0.22, np.nan])
    np.testing.assert_array_equal(series.rain_mm, [np.nan, 0.0])
    assert np.isnan(series.temperature_c).all()
    known, values = series.known("moisture")
    assert known.tolist() == times("2012-03-01T12")
    assert values.tolist() == [0.22]


def test_rows_are_sorted_by_time(write):
    series = read_series(write("time,vwc\n2012-03-03,.3\n2012-03-01,.1\n2012-03-02,.2\n"))
    assert series.moisture.tolist() == [0.1, 0.2, 0.3]
    assert (np.diff(series.time) > np.timedelta64(0)).all()


def test_daily_csv_of_pbo_is_recognised(write):
    series = read_series(write(PBO + "\n"))
    assert series.time.tolist() == times("2012-02-02T12", "2012-02-03T12", "2012-02-04T12")
    np.testing.assert_array_equal(series.moisture, [0.233, np.nan, 0.211])
    np.testing.assert_array_equal(series.temperature_c, [3.9, -0.7, np.nan])
    np.testing.assert_array_equal(series.rain_mm, [0.6, 14.8, np.nan])
    np.testing.assert_array_equal(series.snow_depth_m, [0.0, 0.19, np.nan])  # not its deviation


def test_packed_files_and_byte_order_marks_are_read(write):
    text = "time,vwc\n2012-03-01,0.2\n"
    packed = read_series(write(gzip.compress(text.encode()), "series.csv.gz"))
    marked = read_series(write("\ufeff" + text, "marked.csv"))
    windows = read_series(write(text.replace("\n", "\r\n"), "windows.csv"))
    assert packed.moisture.tolist() == marked.moisture.tolist() == windows.moisture.tolist()


@pytest.mark.parametrize(
    ("row", "number", "says"),
    [
        ("2012-03-01,20.5,", 4, r"vwc 20\.5: expected 0 to 0\.6 m3 m-3; percent must"),
        ("2012-03-01,-999,", 4, r"vwc -999: expected 0 to 0\.6"),
        ("2012-03-01,wet,", 4, r"vwc 'wet': expected a number, or nothing"),
        ("2012-03-01,inf,", 4, r"vwc inf: expected 0 to 0\.6"),
        ("2012-03-01,0.2,-1", 4, r"rain_mm -1: expected 0 to 2000 mm"),
        ("2012-03-01", 4, r"found 1 fields; a missing value keeps its comma"),
        ("2012-03-01,0,2,1", 4, r"expected 3 values as in the header, found 4; a decimal comma"),
        ("March 1st,0.2,", 4, r"time 'March 1st': expected ISO 8601 such as 2012-03-01T12"),
        ("0001-01-01T00:00:00+05:00,0.2,", 4, r"expected a year from 1980 to 2261"),
        ("2012-03-01," + "9" * 200_000 + ",", 4, r"field larger than field limit"),
    ],
)
def test_a_row_that_cannot_be_read_is_named(write, row, number, says):
    path = write(f"# a comment\ntime,vwc,rain_mm\n2012-02-28,0.2,0\n{row}\n2012-03-02,0.2,0\n")
    with pytest.raises(UnreadableFileError, match=says) as caught:
        read_series(path)
    assert f"{path}, line {number}" in str(caught.value)


def test_a_bad_row_of_pbo_is_named(write):
    with pytest.raises(UnreadableFileError, match=r"line 8.*vwc 2\.11: expected") as caught:
        read_series(write(PBO + "2012-02-05T12:00:00Z, 0.242,,,,,  2.11, 0.01,\n"))
    assert "series.csv" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", r"is empty; expected a header such as time,vwc"),
        ("# nothing\n", r"is empty; expected a header"),
        ("time,vwc\n", r"has a header and no rows"),
        ("date,vwc\n2012-03-01,.2\n", r"line 1.*expected a header such as time,vwc .*'date,vwc'"),
        ("time,moisture\n2012-03-01,.2\n", r"known: vwc, temperature_c, rain_mm, snow_depth_m"),
        ("# PBO H2O\n2012-03-01,.2\n", r"expected a line that begins with '# Date'"),
        ("# PBO H2O\n# Date, NDVI\n", r"expected a column 'volumetric_soil_moisture'"),
        (b"\xff\xfe\x00", r"expected UTF-8 text"),
        (b"\x1f\x8b\x08\x00broken", r"cannot be read"),
        (gzip.compress(b"time,vwc\n" + os.urandom(4000))[:-900], r"cannot be read"),
    ],
)
def test_what_is_no_series_is_refused_with_the_remedy(write, text, says):
    with pytest.raises(UnreadableFileError, match=says):
        read_series(write(text))


def test_what_is_no_file_is_refused(tmp_path):
    with pytest.raises(UnreadableFileError, match=r"no such file; correct the path"):
        read_series(tmp_path / "absent.csv")
    with pytest.raises(UnreadableFileError, match=r"give a CSV file|cannot be read"):
        read_series(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnreadableFileError, match=r"give a CSV file"):
        read_series(tmp_path / "pipe")


def test_flagged_rows_of_our_own_csv_are_left_out_and_counted(write):
    series = read_series(
        write(
            "time,vwc,flag\n2012-03-01,0.1,\n2012-03-02,0.2,good\n2012-03-03,0.3,G\n"
            "2012-03-04,-9999,bad\n2012-03-05,0.5,G?\n"
        )
    )
    assert series.moisture.tolist() == [0.1, 0.2, 0.3]
    assert (series.kind, series.dropped) == ("CSV", 2)


def test_a_flagged_row_does_not_stand_for_a_good_one_of_its_time(write):
    series = read_series(write("time,vwc,flag\n2012-03-01,0.1,good\n2012-03-01,0.4,frozen\n"))
    assert series.moisture.tolist() == [0.1]


def test_a_file_with_flagged_rows_only_is_refused(write):
    with pytest.raises(UnreadableFileError, match=r"against all 2 rows.*empty, good or G"):
        read_series(write("time,vwc,flag\n2012-03-01,0.1,0\n2012-03-02,0.1,1\n"))


def test_kinds_of_tables_are_told(write):
    assert read_series(write(PBO)).kind == "PBO H2O"
    assert read_series(write("time,vwc\n2012-03-01,0.2\n")).dropped == 0
