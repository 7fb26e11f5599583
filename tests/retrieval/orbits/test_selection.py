"""Which ephemeris speaks: nearest, latest, limits, duplicates, and no dependence on order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval import gnss
from retrieval.orbits.selection import Choice, EphemerisChooser, without_duplicates

G01, G02 = (gnss.satellite_code(name) for name in ("G01", "G02"))


def at(*texts: str) -> np.ndarray:
    return np.array([f"2021-01-01T{text}" if text else "NaT" for text in texts], "datetime64[ns]")


def choose(
    choice: Choice,
    reference: np.ndarray,
    transmitted: np.ndarray,
    asked: np.ndarray,
    max_age_h: float = 24.0,
) -> list[int]:
    satellite = np.full(len(reference), G01, np.int32)
    chooser = EphemerisChooser(satellite, reference, transmitted, choice, max_age_h)
    return chooser.choose(np.full(len(asked), G01, np.int32), asked).tolist()


def test_nearest_takes_the_earlier_of_two_equally_near() -> None:
    reference = at("02:00", "04:00", "06:00")
    asked = at("00:00", "02:59:59", "03:00:00", "03:00:01", "05:30", "23:00")
    assert choose("nearest", reference, reference, asked) == [0, 0, 0, 1, 2, 2]


def test_latest_waits_until_a_message_is_known() -> None:
    reference = at("02:00", "04:00", "06:00")
    # The first two are sent ahead, the third after its reference time, from which on it counts.
    transmitted = at("00:10", "02:30", "06:20")
    asked = at("00:09:59", "00:10", "02:29:59", "02:30", "05:59:59", "06:00")
    assert choose("latest", reference, transmitted, asked) == [-1, 0, 0, 1, 1, 2]


def test_latest_without_transmission_time_counts_from_the_reference() -> None:
    reference = at("02:00", "04:00")
    assert choose("latest", reference, at("", ""), at("01:59:59", "02:00", "04:00")) == [-1, 0, 1]


def test_latest_keeps_the_newest_reference_when_an_older_one_is_sent_again() -> None:
    reference = at("02:00", "04:00")
    # The older one is sent last, yet never replaces the newer.
    transmitted = at("01:50", "01:40")
    assert choose("latest", reference, transmitted, at("01:45", "01:55", "03:00")) == [1, 1, 1]


@pytest.mark.parametrize("choice", ["nearest", "latest"])
def test_older_than_the_limit_is_none(choice: Choice) -> None:
    reference = at("02:00")
    asked = at("05:00", "05:00:01", "01:00")
    expected = [0, -1, 0 if choice == "nearest" else -1]
    assert choose(choice, reference, reference, asked, 3.0) == expected


def test_satellites_do_not_speak_for_each_other() -> None:
    reference = at("02:00", "02:00")
    chooser = EphemerisChooser(np.array([G01, G02], np.int32), reference, reference, "nearest", 24)
    asked = np.array([G02, G01, gnss.satellite_code("G03"), gnss.satellite_code("C01")], np.int32)
    assert chooser.choose(asked, np.repeat(at("03:00"), 4)).tolist() == [1, 0, -1, -1]


def test_no_time_and_no_records_give_none() -> None:
    assert choose("nearest", at("02:00"), at("02:00"), at("")) == [-1]
    assert choose("latest", at("02:00"), at("02:00"), at("")) == [-1]
    assert choose("nearest", at(), at(), at("02:00")) == [-1]


@pytest.mark.parametrize(
    ("choice", "age"), [("newest", 24.0), ("nearest", 0.0), ("latest", np.nan)]
)
def test_wrong_settings_are_refused(choice: str, age: float) -> None:
    with pytest.raises(ValueError, match="expected"):
        choose(choice, at("02:00"), at("02:00"), at("02:00"), age)  # type: ignore[arg-type]


@given(order=st.permutations(range(5)))
def test_duplicates_are_resolved_alike_in_any_order(order: list[int]) -> None:
    satellite = np.array([G01, G01, G01, G02, G01], np.int32)
    reference = at("02:00", "02:00", "02:00", "02:00", "01:00")
    first = np.array([1, 0, 0, 5, 9])
    second = np.array([0.0, 2.0, np.nan, 0.0, 0.0])
    index = np.array(order)
    kept = without_duplicates(satellite[index], reference[index], [first[index], second[index]])
    # G01 01:00 (row 4), then of rows 0 to 2 the one with 0 and no NaN, then G02.
    assert index[kept].tolist() == [4, 1, 3]
