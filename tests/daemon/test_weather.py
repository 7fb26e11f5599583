from contextlib import suppress

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.errors import WeatherError
from daemon.exit_codes import ExitCode, exit_code
from daemon.weather import read_weather, temperature_series


@pytest.fixture
def weather(tmp_path):
    """Write a file and read it."""

    def read(text):
        path = tmp_path / "weather.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_weather(path)

    return read


def refusal(weather, text):
    with pytest.raises(WeatherError) as caught:
        weather(text)
    assert exit_code(caught.value) == ExitCode.BAD_INPUT
    return str(caught.value)


def test_times_become_utc_and_rows_sorted(weather):
    table = weather(
        "time,temperature_c,rain_mm\n"
        "2025-01-10T08:00+02:00,1.5,0.2\n"
        "2025-01-10 05:00,-2,0\n"
        "2025-01-10T07:00:00Z,3,\n"
    )
    assert table["time"].tolist() == list(
        pd.to_datetime(["2025-01-10 05:00", "2025-01-10 06:00", "2025-01-10 07:00"], utc=True)
    )
    assert table["temperature_c"].tolist() == [-2.0, 1.5, 3.0]
    assert table["rain_mm"].tolist() == pytest.approx([0.0, 0.2, np.nan], nan_ok=True)


def test_comments_blank_lines_other_columns_and_their_order_do_not_matter(weather):
    table = weather(
        "\ufeff# logger 7\r\n\r\nhumidity, temperature_c ,time\r\n80,4.5,2025-01-10\r\n"
        "  # maintenance\r\n81,,2025-01-11\r\n"
    )
    assert list(table.columns) == ["time", "temperature_c", "rain_mm"]
    assert table["temperature_c"].tolist() == pytest.approx([4.5, np.nan], nan_ok=True)
    assert table["rain_mm"].isna().all()


def test_of_rows_with_one_time_the_last_one_counts(weather):
    table = weather(
        "time,temperature_c\n2025-01-10T06:00Z,1\n2025-01-09T06:00Z,7\n2025-01-10T08:00+02:00,2\n"
    )
    assert table["temperature_c"].tolist() == [7.0, 2.0]


def test_a_header_alone_is_a_station_that_begins(weather):
    assert len(weather("time,temperature_c\n")) == 0


def test_temperatures_are_indexed_by_time(weather):
    series = temperature_series(weather("time,temperature_c\n2025-01-10T06:00Z,1\n"))
    assert series[pd.Timestamp("2025-01-10T06:00Z")] == 1.0


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("10.1.2025 06:00,1,0", ["line 3", "10.1.2025", "ISO 8601", "2025-01-10T06:00:00Z"]),
        ("0025-01-10T06:00Z,1,0", ["line 3", "1980"]),
        ("2025-01-10T06:00Z,warm,0", ["line 3", "temperature_c 'warm'", "number"]),
        ("2025-01-10T06:00Z,274.2,0", ["line 3", "temperature_c 274.2", "-90 to 60", "Kelvin"]),
        ("2025-01-10T06:00Z,-999,0", ["line 3", "temperature_c -999"]),
        ("2025-01-10T06:00Z,inf,0", ["line 3", "temperature_c inf"]),
        ("2025-01-10T06:00Z,1,-999", ["line 3", "rain_mm -999", "fill values"]),
        ("2025-01-10T06:00Z,1,5,0", ["line 3", "expected 3 values", "found 4", "decimal comma"]),
        ("2025-01-10T06:00Z", ["line 3", "found 1"]),
    ],
)
def test_a_faulty_row_is_named_with_its_remedy(weather, row, words):
    message = refusal(weather, f"# made by hand\ntime,temperature_c,rain_mm\n{row}\n")
    assert "weather.csv" in message
    for word in words:
        assert word in message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["is empty", "header"]),
        ("# nothing\n\n", ["is empty", "header"]),
        ("time;temperature_c\n", ["line 1", "commas", "time and temperature_c"]),
        ("time,temp\n", ["line 1", "temperature_c missing", "'time,temp'"]),
        ("time,temperature_c,time\n", ["line 1", "time stands twice"]),
        ("# M\u00fcnchen\ntime,temperature_c\n".encode("latin-1"), ["UTF-8", "0xfc"]),
    ],
)
def test_a_file_that_is_none_is_named_with_its_remedy(weather, text, words):
    message = refusal(weather, text)
    assert "weather.csv" in message
    for word in words:
        assert word in message


def test_a_last_line_that_is_still_being_written_is_left_out(weather):
    whole = "time,temperature_c\n2025-01-10T06:00Z,1\n"
    assert len(weather(whole + "2025-01-10T07:0")) == 1
    assert len(weather(whole + "2025-01-10T07:00Z,2")) == 2
    assert "line 3" in refusal(weather, whole + "2025-01-10T07:0\n")
    assert "line 3" in refusal(weather, whole + "2025-01-10T07:0\n2025-01-10T08:00Z,2")


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(WeatherError, match=r"no\.csv: there is no such file.*\[weather\] path"):
        read_weather(tmp_path / "no.csv")
    with pytest.raises(WeatherError, match="cannot be read"):
        read_weather(tmp_path)


@given(
    st.dictionaries(
        st.integers(0, 10**9), st.tuples(st.integers(-900, 600), st.integers(0, 900)), max_size=20
    ),
    st.randoms(),
)
def test_what_is_written_is_read_again(tmp_path_factory, values, random):
    times = list(values)
    random.shuffle(times)
    lines = ["time,temperature_c,rain_mm"]
    for seconds in times:
        stamp = pd.Timestamp(seconds + 10**9, unit="s", tz="UTC")
        tenths, rain = values[seconds]
        lines.append(f"{stamp.isoformat()},{tenths / 10},{rain / 10}")
    path = tmp_path_factory.mktemp("weather") / "weather.csv"
    path.write_text("\n".join(lines) + "\n")
    table = read_weather(path)
    assert [time.value // 10**9 - 10**9 for time in table["time"]] == sorted(values)
    assert table["temperature_c"].tolist() == [values[key][0] / 10 for key in sorted(values)]
    assert table["rain_mm"].tolist() == [values[key][1] / 10 for key in sorted(values)]


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_whatever_the_file_holds_it_is_read_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "hostile.csv"
    for head in (b"", b"time,temperature_c\n"):
        path.write_bytes(head + content)
        with suppress(WeatherError):
            assert list(read_weather(path).columns) == ["time", "temperature_c", "rain_mm"]
