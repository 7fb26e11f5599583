"""Events of the sky: who flies where, who transmits, and what is refused."""

import numpy as np
import pytest

from retrieval import gnss
from retrieval.errors import InputError
from retrieval.simulation.sky.events import (
    Outage,
    Replaced,
    SkyEvent,
    Unhealthy,
    transmitting,
    unhealthy,
    vehicles,
)


def at(text: str) -> np.datetime64:
    return np.datetime64(text, "ns")


DAYS = np.arange("2024-03-01", "2024-03-11", dtype="datetime64[D]").astype("datetime64[ns]")
H = np.timedelta64(1, "h")


def on_days(name: str, *events: SkyEvent) -> list[int]:
    """Days of March on which the satellite transmits at midnight."""
    satellite = np.full(len(DAYS), gnss.satellite_code(name), np.int32)
    return (np.flatnonzero(transmitting(satellite, DAYS, events)) + 1).tolist()


def test_outage_silences_its_satellite_from_start_to_before_end() -> None:
    outage = Outage("G23", at("2024-03-03"), at("2024-03-05"))
    assert on_days("G23", outage) == [1, 2, 5, 6, 7, 8, 9, 10]
    assert on_days("G22", outage) == list(range(1, 11))


def test_unhealthy_satellites_transmit() -> None:
    assert on_days("G23", Unhealthy("G23", at("2024-03-03"), at("2024-03-05"))) == [*range(1, 11)]


def test_replaced_satellite_leaves_when_the_other_comes() -> None:
    event = Replaced("G23", "G33", at("2024-03-04"))
    assert on_days("G23", event) == [1, 2, 3]
    assert on_days("G33", event) == [4, 5, 6, 7, 8, 9, 10]


def test_new_vehicle_under_the_old_number_transmits_throughout() -> None:
    assert on_days("G23", Replaced("G23", "G23", at("2024-03-04"))) == list(range(1, 11))


def test_a_satellite_may_leave_and_come_back() -> None:
    events = [
        Replaced("G33", "G23", at("2024-03-07")),
        Replaced("G23", "G33", at("2024-03-04")),
        Outage("G33", at("2024-03-05"), at("2024-03-06")),
    ]
    assert on_days("G23", *events) == [1, 2, 3, 7, 8, 9, 10]
    assert on_days("G33", *events) == [4, 6]


def test_newcomers_fly_the_old_orbit_a_little_ahead() -> None:
    codes = [gnss.satellite_code(name) for name in ("G22", "G23", "G33")]
    flying = vehicles(codes, [Replaced("G23", "G33", at("2024-03-04"), ahead_deg=2.0)])
    places = [
        (gnss.satellite_name(vehicle.code), gnss.satellite_name(vehicle.orbit), vehicle.ahead_rad)
        for vehicle in flying
    ]
    # What the source says of G33 before it came is left out.
    assert places == [
        ("G22", "G22", 0.0),
        ("G23", "G23", 0.0),
        ("G33", "G23", pytest.approx(2 * np.pi / 180)),
    ]
    assert flying[1].end == flying[2].start == at("2024-03-04")


def test_shifts_of_successive_newcomers_add_up() -> None:
    events = [
        Replaced("G23", "G33", at("2024-03-04"), ahead_deg=2.0),
        Replaced("G33", "G34", at("2024-03-05"), ahead_deg=-5.0),
    ]
    last = vehicles([gnss.satellite_code("G23")], events)[-1]
    assert (gnss.satellite_name(last.code), gnss.satellite_name(last.orbit)) == ("G34", "G23")
    assert last.ahead_rad == pytest.approx(-3 * np.pi / 180)


def test_replacement_of_a_satellite_that_is_not_there_changes_nothing() -> None:
    code = gnss.satellite_code("G01")
    (only,) = vehicles([code], [Replaced("G23", "G33", at("2024-03-04"))])
    assert only.code == only.orbit == code


def test_a_short_unhealthy_spell_marks_the_record_that_speaks_for_it() -> None:
    # From 03:10 to 03:20 the nearest of records at 00, 02, 04 o'clock is that of 04.
    spell = Unhealthy("G23", at("2024-03-01T03:10"), at("2024-03-01T03:20"))
    time = at("2024-03-01") + np.array([0, 2, 4, 6]) * H
    satellite = np.full(4, gnss.satellite_code("G23"), np.int32)
    assert unhealthy(satellite, time, [spell], H).tolist() == [False, False, True, False]
    assert not unhealthy(satellite + 1, time, [spell], H).any()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Outage("G23", at("2024-03-05"), at("2024-03-05")), "an end after the start"),
        (lambda: Unhealthy("G23", at("2024-03-05"), at("2024-03-04")), "an end after the start"),
        (lambda: Unhealthy("GPS", at("2024-03-04"), at("2024-03-05")), "'GPS'"),
        (lambda: Replaced("G23", "R01", at("2024-03-05")), "same constellation"),
        (lambda: Replaced("G23", "G33", at("NaT")), "give `at`"),
        (lambda: Replaced("G23", "G33", at("2024-03-05"), ahead_deg=200), "-180 to 180"),
    ],
)
def test_impossible_events_are_refused(make, message) -> None:
    with pytest.raises(InputError, match=message):
        make()


def test_a_newcomer_called_away_leaves_its_place() -> None:
    events = [
        Replaced("G21", "G33", at("2024-03-03")),
        Replaced("G22", "G33", at("2024-03-06")),
    ]
    flying = vehicles([gnss.satellite_code(name) for name in ("G21", "G22")], events)
    places = [
        (gnss.satellite_name(vehicle.orbit), vehicle.start, vehicle.end)
        for vehicle in flying
        if vehicle.code == gnss.satellite_code("G33")
    ]
    assert [orbit for orbit, _, _ in places] == ["G21", "G22"]
    assert places[0][1:] == (at("2024-03-03"), at("2024-03-06"))
    assert places[1][1] == at("2024-03-06")
