"""Signals, satellites, carriers and time scales against the interface documents."""

import numpy as np
import pytest
from astropy.time import Time
from hypothesis import given
from hypothesis import strategies as st

from retrieval import gnss
from retrieval.errors import UnknownSignalError


@given(st.sampled_from("GRECJIS"), st.integers(0, 99))
def test_satellite_code_round_trips(letter, number):
    name = f"{letter}{number:02d}"
    assert gnss.satellite_name(gnss.satellite_code(name)) == name


@pytest.mark.parametrize("name", ["GS1C", "GS2", "RS3Q", "ES8Q", "CS2I", "JS6X", "SS1C", "IS9A"])
def test_signal_code_round_trips(name):
    code = gnss.signal_code(name)
    assert gnss.signal_name(code) == name
    assert gnss.signal_constellation(code) == name[0]


@pytest.mark.parametrize("name", ["S2X", "GS3X", "XS1C", "GL1C", "gs1c", "GS1CC", "", "ES2X"])
def test_wrong_signal_names_are_refused_with_what_would_be_right(name):
    with pytest.raises(UnknownSignalError, match=r"expected|has no band"):
        gnss.signal_code(name)


@pytest.mark.parametrize(
    ("signal", "channel", "mhz"),
    [
        ("GS1C", None, 1575.42),
        ("GS2X", None, 1227.60),
        ("GS5Q", None, 1176.45),
        ("RS1C", -7, 1598.0625),
        ("RS1C", 6, 1605.375),
        ("RS2P", 1, 1246.4375),
        ("RS3Q", None, 1202.025),
        ("ES7Q", None, 1207.14),
        ("ES8Q", None, 1191.795),
        ("ES6C", None, 1278.75),
        ("CS2I", None, 1561.098),
        ("CS6I", None, 1268.52),
        ("JS2L", None, 1227.60),
        ("IS9A", None, 2492.028),
    ],
)
def test_carriers_are_those_of_rinex(signal, channel, mhz):
    assert gnss.carrier_frequency_hz(signal, channel) == pytest.approx(mhz * 1e6, abs=1e-3)


def test_glonass_carrier_needs_its_channel():
    with pytest.raises(ValueError, match="channel"):
        gnss.wavelength_m("RS1C")


@pytest.mark.parametrize(
    "utc",
    [
        "1985-06-30T23:59:59",
        "2008-12-31T23:59:59",
        "2016-12-31T23:59:59",
        "2017-01-01T00:00:00",
        "2020-06-25T12:00:00.5",
    ],
)
def test_time_scales_agree_with_astropy(utc):
    gps = gnss.utc_to_gps(np.array([utc], dtype="datetime64[ns]"))
    # GPS time is TAI less 19 s; astropy gives TAI of the UTC instant.
    tai = np.datetime64(Time(utc, scale="utc").tai.isot, "ns")
    assert gps[0] == tai - np.timedelta64(19, "s")
    assert gnss.gps_to_utc(gps)[0] == np.datetime64(utc, "ns")


def test_instant_inside_a_leap_second_becomes_the_second_after_it():
    before = gnss.utc_to_gps(np.array(["2016-12-31T23:59:59"], dtype="datetime64[ns]"))
    inside = before + np.timedelta64(1, "s")
    assert gnss.gps_to_utc(inside)[0] in (
        np.datetime64("2017-01-01T00:00:00", "ns"),
        np.datetime64("2016-12-31T23:59:59", "ns") + np.timedelta64(1, "s"),
    )
