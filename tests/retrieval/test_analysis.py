"""SNR to arc table on made interferograms: known height, phase and faults."""

import numpy as np
import pandas as pd
import pytest

from retrieval import gnss
from retrieval.analysis import analyse
from retrieval.arc_table import ARC_COLUMNS
from retrieval.arcs import ArcSettings
from retrieval.errors import NoNavigationError, UnknownSignalError
from retrieval.interferogram import wrap_deg
from retrieval.rinex.records import SnrTable
from retrieval.station import Station

STATION = Station("made", 45.0, 10.0, 200.0)
NO_AIR = ArcSettings(refraction=False)
DAY = np.datetime64("2025-01-10T00:00:00", "ns")


def arcs_from_snr(*args, **kwargs):
    return analyse(*args, **kwargs).table


def _pass(satellite, signal, begin_h, height_m, phase_deg, *, azimuth=120.0, noise=1.0, seed=0):
    """A rise from 3 to 35 degrees in 80 minutes at 30 s over a flat reflector."""
    n = 160
    elevation = np.linspace(3, 35, n)
    t = np.sin(np.radians(elevation))
    wavelength = gnss.wavelength_m(signal, -4)
    volts = (
        120
        + 3 * elevation
        + 9 * np.sin(4 * np.pi * height_m / wavelength * t + np.radians(phase_deg))
    )
    volts += np.random.default_rng(seed).normal(0, noise, n)
    return SnrTable(
        DAY + ((begin_h * 3600 + np.arange(n) * 30) * 1e9).astype("m8[ns]"),
        np.full(n, gnss.satellite_code(satellite), np.int32),
        np.full(n, gnss.signal_code(signal), np.int64),
        20 * np.log10(volts),
        elevation,
        np.full(n, azimuth),
    )


@pytest.fixture
def snr():
    return SnrTable.concatenate(
        [_pass(f"G{k:02d}", "GS2X", k, 1.80, 30, seed=k) for k in range(1, 8)]
        + [_pass(f"E{k:02d}", "ES5Q", k, 1.84, -60, seed=k + 50) for k in range(1, 8)]
        + [_pass("R02", "RS1C", 3, 1.82, 10, seed=99)]
    )


def test_known_heights_and_phases_come_back(snr):
    table = arcs_from_snr(
        snr,
        STATION,
        [],
        settings=ArcSettings(
            refraction=False, apriori_height_m={"GS2X": 1.80, "ES5Q": 1.84, "RS1C": 1.82}
        ),
    )
    assert list(table.columns) == list(ARC_COLUMNS)
    assert len(table) == 15
    assert table["accepted"].all()
    for letter, height, phase in (("G", 1.80, 30), ("E", 1.84, -60)):
        group = table[table["satellite"].str[0] == letter]
        # Detrending alone is allowed 2.5 cm and 3 degrees (docs/deviations.md).
        assert (group["reflector_height_m"] - height).abs().max() < 0.025
        assert np.abs(wrap_deg(group["phase_deg"].to_numpy() - phase)).max() < 4
        assert group["amplitude"].median() == pytest.approx(9, rel=0.1)
    assert set(table["direction"]) == {"rising"}
    assert set(table["orbit_source"]) == {"file"}
    assert table["ephemeris_age_h"].isna().all()
    assert table["interval_s"].eq(30).all()
    assert table["azimuth_deg"].eq(120).all()


def test_times_of_arcs_are_utc(snr):
    table = arcs_from_snr(snr, STATION, [], settings=NO_AIR, signals=["RS1C"])
    inside = (snr.signal == gnss.signal_code("RS1C")) & (snr.elevation_deg >= 5)
    gps = snr.time[inside].min()
    assert table["start"].iloc[0] == pd.Timestamp(gps, tz="UTC") - pd.Timedelta(seconds=18)


def test_order_and_repetition_of_observations_change_nothing(snr):
    rng = np.random.default_rng(4)
    rows = rng.permutation(np.concatenate([np.arange(len(snr)), np.arange(0, len(snr), 3)]))
    first = arcs_from_snr(snr, STATION, [], settings=NO_AIR)
    second = arcs_from_snr(snr.where(rows), STATION, [], settings=NO_AIR)
    pd.testing.assert_frame_equal(first, second)


def test_slope_of_the_ground_gives_each_sector_its_height():
    down = [_pass(f"G{k:02d}", "GS2X", k, 1.6, 0, azimuth=10, seed=k) for k in range(1, 7)]
    up = [_pass(f"G{k:02d}", "GS2X", k, 2.0, 0, azimuth=190, seed=k) for k in range(11, 17)]
    table = arcs_from_snr(SnrTable.concatenate(down + up), STATION, [], settings=NO_AIR)
    north = table["azimuth_deg"] < 90
    assert table[north]["apriori_height_m"].unique() == pytest.approx([1.6], abs=0.02)
    assert table[~north]["apriori_height_m"].unique() == pytest.approx([2.0], abs=0.02)


def test_configured_height_of_a_sector_wins_over_that_of_the_signal(snr):
    given = {"GS2X": 1.7, "GS2X@090": 1.75, "ES5Q": 1.9}
    table = arcs_from_snr(
        snr, STATION, [], settings=ArcSettings(refraction=False, apriori_height_m=given)
    )
    by_signal = table.groupby("signal")["apriori_height_m"].first()
    assert by_signal["S2X"] == 1.75
    assert by_signal["S5Q"] == 1.9
    assert 1.7 < by_signal["S1C"] < 1.9


def test_row_of_the_table_leads_to_its_interferogram(snr):
    analysis = analyse(snr, STATION, [], settings=NO_AIR)
    for row in (0, 7, 14):
        arc = analysis.arc_of_row[row]
        first = analysis.measured.arcs.first[arc]
        assert (
            gnss.satellite_name(int(analysis.measured.arcs.points.satellite[first]))
            == (analysis.table["satellite"][row])
        )
        assert np.diff(analysis.measured.waves.start)[arc] == analysis.table["n_obs"][row]


def test_rows_with_angles_keep_them_beside_rows_without(snr):
    bare = _pass("G20", "GS1C", 2, 1.8, 0)
    bare = SnrTable(bare.time, bare.satellite, bare.signal, bare.snr_dbhz)
    for tables in ([snr, bare], [bare, snr]):
        analysis = analyse(SnrTable.concatenate(tables), STATION, [], settings=NO_AIR)
        assert len(analysis.table) == 15
        assert set(analysis.table["orbit_source"]) == {"file"}
        assert analysis.missing == {"G20": 160}


def test_azimuth_just_short_of_north_is_zero_and_not_360():
    table = arcs_from_snr(
        _pass("G01", "GS1C", 1, 1.8, 0, azimuth=359.9997), STATION, [], settings=NO_AIR
    )
    assert table["azimuth_deg"].tolist() == [0.0]


def test_free_mode_reports_height_errors(snr):
    table = arcs_from_snr(
        snr, STATION, [], settings=ArcSettings(refraction=False, height_mode="free")
    )
    assert (table["height_mode"] == "free").all()
    assert table["height_sigma_m"].between(1e-4, 0.01).all()
    assert (table["phase_height_correlation"] < -0.8).all()
    assert (table["reflector_height_m"] == table["apriori_height_m"]).all()


def test_configured_height_is_used(snr):
    table = arcs_from_snr(
        snr, STATION, [], settings=ArcSettings(refraction=False, apriori_height_m=1.75)
    )
    assert table["apriori_height_m"].eq(1.75).all()
    fall = (1.80 - 1.75) * 1000 * table["dphase_dheight_deg_per_mm"]
    gps = table["satellite"].str[0] == "G"
    assert np.abs(wrap_deg((table["phase_deg"] - 30 - fall)[gps].to_numpy())).max() < 6


def test_refraction_raises_low_elevations(snr):
    bent = arcs_from_snr(snr, STATION, [])
    bare = arcs_from_snr(snr, STATION, [], settings=NO_AIR)
    # Bennett (1982) at sea level: 9.9 minutes of arc at 5 degrees; less at 200 m.
    assert (bent["start"] == bare["start"]).all()
    lift = bent["elevation_min_deg"] - bare["elevation_min_deg"]
    assert lift.between(0.14, 0.17).all()


def test_satellites_that_stand_still_are_dropped_at_intake():
    still = SnrTable.concatenate(
        [
            _pass("S23", "SS1C", 1, 1.8, 0),
            _pass("C03", "CS2I", 1, 1.8, 0),
            _pass("C11", "CS2I", 1, 1.8, 0),
        ]
    )
    assert set(arcs_from_snr(still, STATION, [], settings=NO_AIR)["satellite"]) == {"C11"}


def test_selection_of_signals(snr):
    table = arcs_from_snr(snr, STATION, [], settings=NO_AIR, signals=["ES5Q"])
    assert set(table["signal"]) == {"S5Q"}
    with pytest.raises(UnknownSignalError, match="S5Q"):
        arcs_from_snr(snr, STATION, [], settings=NO_AIR, signals=["S5Q"])


def test_rejected_arcs_stay_with_their_reason(snr):
    short = snr.where(snr.elevation_deg < 15)
    table = arcs_from_snr(short, STATION, [], settings=NO_AIR)
    assert len(table) == 15
    assert not table["accepted"].any()
    assert set(table["reject_reason"]) == {"ends too low"}
    assert table["reflector_height_m"].notna().all()
    # No accepted arc, no height to fix: the phase is unknown rather than made up.
    assert table["phase_deg"].isna().all()


def test_no_observations_give_an_empty_table_of_the_same_shape():
    table = arcs_from_snr(SnrTable.empty(), STATION, [], settings=NO_AIR)
    assert list(table.columns) == list(ARC_COLUMNS)
    assert len(table) == 0


def test_without_any_ephemeris_the_error_names_the_day_and_the_remedy(snr):
    bare = SnrTable(snr.time, snr.satellite, snr.signal, snr.snr_dbhz)
    with pytest.raises(NoNavigationError, match=r"2025-01-10.*no navigation file was given.*SP3"):
        arcs_from_snr(bare, STATION, [], settings=NO_AIR)


def test_moisture_rises_as_the_phase_falls_by_definition_of_the_sign():
    # Wetter soil lifts the apparent reflector: the path shortens and phi of A sin(k h0 t + phi)
    # falls by dphase_dheight per mm (Chew et al. 2014 report the same sense, our sign).
    dry, wet = (
        SnrTable.concatenate([_pass(f"G{k:02d}", "GS2X", k, h, 0, seed=k) for k in range(1, 8)])
        for h in (1.80, 1.77)
    )
    settings = ArcSettings(refraction=False, apriori_height_m=1.80)
    phase_dry = arcs_from_snr(dry, STATION, [], settings=settings)["phase_deg"].median()
    phase_wet = arcs_from_snr(wet, STATION, [], settings=settings)["phase_deg"].median()
    assert phase_wet - phase_dry == pytest.approx(-30 * 0.74, rel=0.15)
