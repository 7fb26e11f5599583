import gzip
import json
from dataclasses import replace
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from daemon.weather import read_weather
from retrieval.errors import InputError
from retrieval.given_series import read_series
from retrieval.gnss import gps_to_utc, satellite_names, signal_names
from retrieval.orbits import BroadcastOrbits, look_angles
from retrieval.refraction import apparent_elevation_deg, standard_atmosphere
from retrieval.rinex import read_file
from retrieval.rinex.navigation import merge_navigation, read_navigation
from retrieval.rinex.navigation_records import Navigation
from retrieval.simulation import LABEL, simulate_station
from retrieval.simulation.sky.navigation_writer import navigation_text
from retrieval.simulation.sky.nominal_sky import NOMINAL_SKY, nominal_sky
from retrieval.simulation.station_files import source_navigation
from retrieval.simulation.view import points_in_view, sky_between

FEW = ("G05", "G07", "G12", "G15")


def few(small, **changes):
    """Some satellites every three minutes, which is quick."""
    usual = {
        "time": {"days": 3, "interval_s": 180.0},
        "signal": ({"code": "GS2L", "satellites": FEW},),
    }
    both = {**usual, **changes}
    if "time" in changes:
        both["time"] = {**usual["time"], **changes["time"]}
    return small(**both)


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_workers_and_repetition_change_no_byte(small, tmp_path):
    scenario = few(small, receiver={"gaps_per_day": 5.0, "restarts_per_day": 2.0})
    told: list[int] = []
    one = simulate_station(scenario, tmp_path / "one", on_day=told.append)
    simulate_station(scenario, tmp_path / "two", workers=2)
    first, second = contents(tmp_path / "one"), contents(tmp_path / "two")
    assert first == second
    assert told == [1, 2, 3]
    assert (one.observations, one.navigation) == (3, 3)
    assert set(first) == {
        *(f"inbox/DEMO00XXX_R_20241{d}0000_01D_03M_GO.rnx.gz" for d in (35, 36, 37)),
        *(f"nav/DEMO00XXX_R_20241{d}0000_01D_GN.rnx.gz" for d in (35, 36, 37)),
        "weather.csv",
        "reference.csv",
        *(f"truth/{name}" for name in ("ground.parquet", "arcs.parquet")),
        *(f"truth/{name}" for name in ("scenario.json", "simulation.json")),
    }
    # Again into the same folder, and one day alone.
    simulate_station(scenario, tmp_path / "one")
    assert contents(tmp_path / "one") == first
    simulate_station(
        few(small, receiver={"gaps_per_day": 5.0, "restarts_per_day": 2.0}, time={"days": 1}),
        tmp_path / "day",
    )
    alone = contents(tmp_path / "day")
    names = [name for name in alone if name.startswith(("inbox", "nav"))]
    assert len(names) == 2
    assert all(alone[name] == first[name] for name in names)


def test_another_seed_changes_what_is_seen_and_not_the_sky(small, tmp_path):
    for seed in (1, 2):
        simulate_station(few(small, seed=seed, time={"days": 1}), tmp_path / str(seed))
    first, second = contents(tmp_path / "1"), contents(tmp_path / "2")
    assert first.keys() == second.keys()
    for name in first:
        unpacked = [gzip.decompress(one[name]) for one in (first, second) if name.endswith("gz")]
        if name.startswith("nav"):
            # But for the comment that names the seed.
            bodies = [text.split(b"END OF HEADER")[1] for text in unpacked]
            assert bodies[0] == bodies[1]
        else:
            assert first[name] != second[name]


class StoppedError(Exception):
    pass


@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupted_run_does_not_pass_for_a_whole_one(small, tmp_path, workers):
    scenario, folder = few(small), tmp_path / "out"

    def stop(done: int) -> None:
        if done == 2:
            raise StoppedError

    with pytest.raises(StoppedError):
        simulate_station(scenario, folder, workers, on_day=stop)
    left = contents(folder)
    assert "truth/simulation.json" not in left
    assert "truth/arcs.parquet" not in left
    assert not [name for name in left if name.endswith(".part")]
    # Carried on, it is the one that was not interrupted.
    simulate_station(scenario, folder)
    simulate_station(scenario, tmp_path / "whole")
    assert contents(folder) == contents(tmp_path / "whole")


def test_a_run_that_ends_while_writing_leaves_no_file_under_its_name(small, tmp_path, monkeypatch):
    scenario, folder = few(small, time={"days": 1}), tmp_path / "out"
    written = Path.replace

    def broken(self: Path, target: Path) -> Path:
        if "inbox" in self.parts:
            raise OSError("no space left")
        return written(self, target)

    monkeypatch.setattr(Path, "replace", broken)
    with pytest.raises(OSError, match="no space left"):
        simulate_station(scenario, folder)
    left = contents(folder)
    assert "truth/simulation.json" not in left
    assert [name for name in left if name.startswith("inbox")] == [
        "inbox/DEMO00XXX_R_20241350000_01D_03M_GO.rnx.gz.part"
    ]
    monkeypatch.undo()
    simulate_station(scenario, folder)
    assert not [name for name in contents(folder) if name.endswith(".part")]
    # A new run over an old one takes the mark of wholeness away first.
    monkeypatch.setattr(Path, "replace", broken)
    with pytest.raises(OSError, match="no space left"):
        simulate_station(scenario, folder)
    assert "truth/simulation.json" not in contents(folder)


def test_folders_that_hold_other_things_are_refused(small, tmp_path):
    scenario = few(small, time={"days": 1})
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match=r"is a file; give the name of a folder"):
        simulate_station(scenario, tmp_path / "file")
    full = tmp_path / "full"
    full.mkdir()
    (full / "note.txt").write_text("mine")
    with pytest.raises(InputError, match=r"holds other things.*name an empty folder"):
        simulate_station(scenario, full)
    assert contents(full) == {"note.txt": b"mine"}
    (tmp_path / "empty").mkdir()
    simulate_station(scenario, tmp_path / "empty")
    with pytest.raises(InputError, match=r"holds another simulation"):
        simulate_station(few(small, time={"days": 1}, seed=99), tmp_path / "empty")


def test_receiver_files_tell_that_they_are_simulated_and_not_the_truth(small, tmp_path):
    scenario = few(small, time={"days": 1}, seed=12345)
    simulate_station(scenario, tmp_path / "out")
    files = contents(tmp_path / "out")
    for name in (name for name in files if name.endswith(".gz")):
        text = gzip.decompress(files[name]).decode()
        header = text.split("END OF HEADER")[0]
        assert LABEL in header
        assert "empirical seed 12345" in header
        assert "moisture" not in text
        assert "vwc" not in text
    for name in ("weather.csv", "reference.csv"):
        assert files[name].decode().startswith(f"# {LABEL}\n")
    assert b"vwc" not in files["weather.csv"]
    notes = json.loads(files["truth/simulation.json"])
    assert notes["label"] == LABEL
    assert notes["mode"] == "empirical"
    assert notes["seed"] == 12345
    assert notes["scenario"]["station"]["antenna_height_m"] == 1.8
    assert notes["files"]["snr_values"] > 500
    for name in ("ground", "arcs"):
        meta = pq.read_schema(tmp_path / "out" / "truth" / f"{name}.parquet").metadata
        assert json.loads(meta[b"soilglint"])["seed"] == 12345


def test_places_on_this_machine_stay_out_of_the_files(small, series_csv, tmp_path):
    path = series_csv("2024-05-13", "6h", vwc=[0.2] * 20)
    sky = tmp_path / "sky.rnx"
    sky.write_bytes(NOMINAL_SKY.read_bytes())
    scenario = few(small, time={"days": 1}, moisture={"path": path}, sky={"navigation": (sky,)})
    simulate_station(scenario, tmp_path / "out")
    for name, content in contents(tmp_path / "out").items():
        plain = gzip.decompress(content) if name.endswith(".gz") else content
        assert str(tmp_path).encode() not in plain, name


def test_truth_is_the_ground_of_the_scenario_in_utc(small, series_csv, tmp_path):
    vwc = np.linspace(0.1, 0.3, 121)
    path = series_csv("2024-05-13", "1h", vwc=vwc, temperature_c=[7.0] * 121, rain_mm=[0.1] * 121)
    scenario = few(small, moisture={"path": path}, time={"days": 2})
    simulate_station(scenario, tmp_path / "out")
    truth = pd.read_parquet(tmp_path / "out" / "truth" / "ground.parquet")
    # 48 hours, of GPS days: the first full hour of UTC in them is midnight.
    assert truth.time.iloc[0] == pd.Timestamp("2024-05-14", tz="UTC")
    assert len(truth) == 48
    np.testing.assert_allclose(truth.vwc, vwc[24:72])
    np.testing.assert_allclose(truth.reflector_height_m, 1.8)
    # Our own readers take both tables for what they are.
    reference = read_series(tmp_path / "out" / "reference.csv")
    np.testing.assert_allclose(reference.moisture, vwc[24:72], atol=5e-5)
    assert (reference.time == gps_to_utc(reference.time + np.timedelta64(18, "s"))).all()
    weather = read_weather(tmp_path / "out" / "weather.csv")
    assert len(weather) == 48
    assert (weather.temperature_c == 7.0).all()
    assert (weather.rain_mm == 0.1).all()


def test_arcs_of_the_truth_stand_once_and_in_the_truth_only(small, tmp_path):
    simulate_station(few(small), tmp_path / "out")
    arcs = pd.read_parquet(tmp_path / "out" / "truth" / "arcs.parquet")
    assert not arcs.duplicated(["satellite", "signal", "direction", "highest"]).any()
    assert set(arcs.satellite) == set(FEW)
    # Twice a day, with a rise and a set each, over three days.
    assert 4 * 3 * len(FEW) * 0.7 < len(arcs) < 4 * 3 * len(FEW) * 1.4


@pytest.mark.parametrize(
    ("version", "constellations", "signals"),
    [
        (
            "3.04",
            "GREC",
            (
                {"code": "GS1C"},
                {"code": "GS2L"},
                {"code": "RS1C"},
                {"code": "ES5Q"},
                {"code": "CS2I"},
            ),
        ),
        ("2.11", "GR", ({"code": "GS1C"}, {"code": "GS2L"}, {"code": "RS1C"})),
    ],
)
def test_georinex_reads_the_same_values(small, tmp_path, version, constellations, signals):
    scenario = small(
        time={"interval_s": 900.0},
        sky={"constellations": constellations},
        signal=signals,
        output={"format": version},
    )
    simulation = simulate_station(scenario, tmp_path / "out")
    (path,) = sorted((tmp_path / "out" / "inbox").iterdir())
    ours, theirs = read_file(path), read_file(path, reader="georinex")
    assert not ours.report.damage
    assert len(ours.snr) == simulation.snr_values > 96 * 8

    def rows(file):
        table = file.snr
        names = (satellite_names(table.satellite), signal_names(table.signal))
        order = np.lexsort((*names[::-1], table.time))
        return [
            (table.time[k], names[0][k], names[1][k], table.snr_dbhz[k]) for k in order.tolist()
        ]

    assert rows(ours) == rows(theirs)
    assert {name[0] for name in satellite_names(ours.snr.satellite)} == set(constellations)
    where = scenario.receiver_station().ecef_m
    np.testing.assert_allclose(ours.header.position_m, where, atol=1e-4)
    assert ours.header.interval_s == 900.0


@pytest.mark.parametrize("start", [date(2024, 5, 14), date(2016, 12, 31), date(2019, 4, 6)])
def test_written_navigation_gives_the_angles_that_were_used(small, tmp_path, start):
    # The bar is 0.01 degrees.
    scenario = small(
        time={"start": start, "days": 2, "interval_s": 900.0},
        sky={"constellations": "GREC"},
        signal=({"code": "GS1C"}, {"code": "RS1C"}, {"code": "ES1C"}, {"code": "CS2I"}),
    )
    simulate_station(scenario, tmp_path / "out")
    files = sorted((tmp_path / "out" / "nav").iterdir())
    orbits = BroadcastOrbits(merge_navigation([read_navigation(path) for path in files]))
    ecef_m = scenario.receiver_station().ecef_m
    for day in np.arange(scenario.start, scenario.end, np.timedelta64(1, "D")):
        sky = sky_between(scenario, nominal_sky(), day, day + np.timedelta64(1, "D"))
        time = np.arange(day, day + np.timedelta64(1, "D"), np.timedelta64(300, "s"))
        time = time.astype("datetime64[ns]")
        used = points_in_view(scenario, sky, time)
        found = look_angles([orbits], ecef_m, used.satellite, time[used.epoch])
        elevation_deg = apparent_elevation_deg(found.elevation_deg, *standard_atmosphere(1600.0))
        letters = used.satellite >> 8
        assert set(letters) == {ord(letter) for letter in "GREC"}
        off_deg = np.abs(elevation_deg - used.elevation_deg)
        turn_deg = np.abs((found.azimuth_deg - used.azimuth_deg + 180) % 360 - 180)
        for letter in set(letters):
            mine = letters == letter
            assert off_deg[mine].max() < 0.01, chr(letter)
            across = turn_deg[mine] * np.cos(np.radians(elevation_deg[mine]))
            assert across.max() < 0.01, chr(letter)


@pytest.mark.parametrize(
    ("span", "count", "last"),
    [("hour", 24, "_R_20241352300_01H_"), ("quarter", 96, "_R_20241352345_15M_")],
)
def test_files_are_cut_by_hour_or_quarter(small, tmp_path, span, count, last):
    scenario = few(small, time={"days": 1, "interval_s": 60.0}, output={"span": span})
    scenario = scenario.changed(signal=({"code": "GS2L"},))
    simulation = simulate_station(scenario, tmp_path / "out")
    files = sorted((tmp_path / "out" / "inbox").iterdir())
    assert simulation.observations == len(files) == count
    assert last in files[-1].name
    read = [read_file(path) for path in files]
    assert sum(len(file.snr) for file in read) == simulation.snr_values
    ends = [file.epochs[[0, -1]] for file in read]
    assert all(b[0] - a[1] == np.timedelta64(60, "s") for a, b in pairwise(ends))


def test_compact_files_hold_the_same(small, tmp_path):
    plain, packed = (
        few(small, time={"days": 1}, output={"crinex": crinex, "gzip": crinex})
        for crinex in (False, True)
    )
    tables = []
    for name, scenario in (("plain", plain), ("packed", packed)):
        simulate_station(scenario, tmp_path / name)
        (path,) = (tmp_path / name / "inbox").iterdir()
        assert path.name.endswith(".crx.gz" if name == "packed" else ".rnx")
        tables.append(read_file(path).snr)
    np.testing.assert_array_equal(tables[0].snr_dbhz, tables[1].snr_dbhz)
    np.testing.assert_array_equal(tables[0].time, tables[1].time)


def test_hours_without_power_leave_no_files(small, tmp_path):
    off = {"start": datetime(2024, 5, 14, 5, 59, 42), "end": datetime(2024, 5, 14, 9, 59, 42)}
    scenario = small(
        time={"interval_s": 300.0}, output={"span": "hour"}, receiver={"outage": (off,)}
    )
    simulation = simulate_station(scenario, tmp_path / "out")
    # In GPS time, 18 s on, it is off from 6 to 10 o'clock.
    hours = {path.name[19:21] for path in (tmp_path / "out" / "inbox").iterdir()}
    assert simulation.observations == 20
    assert {f"{h:02d}" for h in range(24)} - hours == {"06", "07", "08", "09"}


def test_a_station_that_sees_nothing_is_refused_with_the_keys_to_look_at(small, tmp_path):
    scenario = few(small, terrain=({"azimuths": ((0.0, 360.0),), "mask_deg": 90.0},))
    with pytest.raises(InputError, match=r"nothing is observed .*terrain\.mask_deg"):
        simulate_station(scenario, tmp_path / "out")
    assert not (tmp_path / "out" / "truth" / "simulation.json").exists()


def test_names_follow_the_year(small, tmp_path):
    scenario = few(small, time={"start": date(2023, 12, 31), "days": 2})
    simulate_station(scenario, tmp_path / "out")
    names = sorted(path.name[12:19] for path in (tmp_path / "out" / "inbox").iterdir())
    assert names == ["2023365", "2024001"]


def sky_file(path: Path, navigation: Navigation) -> Path:
    path.write_text(navigation_text(navigation, ()), "ascii")
    return path


def test_a_sky_of_other_constellations_is_refused(small, tmp_path):
    whole = nominal_sky()
    scenario = few(small, sky={"navigation": (NOMINAL_SKY,)})
    assert source_navigation(scenario).satellites == whole.satellites
    glonass = Navigation(whole.kepler.take(np.zeros(0, np.intp)), whole.glonass)
    path = sky_file(tmp_path / "glonass.rnx", glonass)
    with pytest.raises(InputError, match=r"no ephemeris of G; name navigation files"):
        source_navigation(few(small, sky={"navigation": (path,)}))


def test_channels_of_the_sky_stand_in_the_header(small, tmp_path):
    # What a header says of channels goes before what a navigation file says: they must agree also
    # where a satellite does not fly on the usual one.
    whole = nominal_sky()
    moved = replace(whole.glonass, channel=-whole.glonass.channel)
    path = sky_file(tmp_path / "sky.rnx", Navigation(whole.kepler, moved))
    scenario = few(
        small,
        sky={"constellations": "R", "navigation": (path,)},
        signal=({"code": "RS1C"},),
        time={"days": 1},
    )
    simulate_station(scenario, tmp_path / "out")
    (path,) = (tmp_path / "out" / "inbox").iterdir()
    (nav,) = (tmp_path / "out" / "nav").iterdir()
    stated = read_file(path).header.glonass_channels
    sent = read_navigation(nav).glonass_channels
    assert len(sent) == 24
    assert {slot: stated[slot] for slot in sent} == dict(sent)
    assert {slot: -channel for slot, channel in sent.items()} == whole.glonass_channels


def test_a_part_of_the_days_is_that_part_of_the_whole(small, tmp_path):
    scenario = few(small)
    whole = contents(simulate_station(scenario, tmp_path / "whole").folder)
    day = np.timedelta64(1, "D")
    part = simulate_station(
        scenario, tmp_path / "part", part=(scenario.start + day, scenario.start + 2 * day)
    )
    files = {name: b for name, b in contents(part.folder).items() if name[:3] in ("inb", "nav")}
    assert len(files) == 2
    assert files == {name: whole[name] for name in files}
    truth = pd.read_parquet(part.folder / "truth" / "ground.parquet")
    assert len(truth) == 24
    assert truth["time"].iloc[0] == pd.Timestamp(scenario.start + day).tz_localize("UTC")


def test_a_part_outside_the_scenario_is_refused(small, tmp_path):
    scenario = few(small)
    span = (scenario.start, scenario.end + np.timedelta64(1, "D"))
    with pytest.raises(InputError, match="expected days of the scenario"):
        simulate_station(scenario, tmp_path, part=span)
