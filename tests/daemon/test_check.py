import gzip
import os
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from daemon.check import Finding, Level, check_lines, check_station, could_run
from daemon.check import store as check_store
from daemon.check.inbox import inbox_findings, kind_by_name
from daemon.check.newest import newest_findings, newest_observation
from daemon.check.orbit_files import nearest_files
from daemon.check.orbits import age_findings
from daemon.check.sinks import sink_findings
from daemon.config import load_config
from daemon.jobs import run_once
from daemon.sinks.mqtt import MqttSink
from daemon.store import Store
from daemon.store.schema import SCHEMA_VERSION

# An hour after the sample's last epoch.
NOW = pd.Timestamp("2024-05-16T01:00", tz="UTC")


@pytest.fixture
def changed(sample):
    """The sample's configuration with parts of its text replaced."""

    def change(*pairs):
        path = sample / "soilglint.toml"
        text = path.read_text()
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new)
        path.write_text(text)
        return load_config(path)

    return change


def everything(folder):
    """Names, sizes and times of all that lies in a folder."""
    return {
        path: (path.stat().st_size, path.stat().st_mtime_ns)
        for path in [folder, *folder.rglob("*")]
    }


def of(findings, key, level=None):
    """The texts of a key, of a level if one is named."""
    return [f.text for f in findings if f.key == key and level in (None, f.level)]


def only(findings, *levels):
    return {finding.key: finding.text for finding in findings if finding.level in levels}


def test_the_sample_is_all_ok_and_nothing_is_made(sample, changed):
    config = changed()
    before = everything(sample)
    findings = check_station(config, NOW)
    assert {finding.level for finding in findings} == {Level.OK}
    assert could_run(findings)
    assert everything(sample) == before
    keys = [finding.key for finding in findings]
    for key in (
        *("station", "station.elevation", "station.azimuths", "signals.use", "soil", "model"),
        *("inbox.path", "inbox.keep", "newest file", "position", "signals", "orbits.nav"),
        *("orbits.prefer", "orbits", "elevations", "store.path", "schedule", "clock", "sinks"),
    ):
        assert key in keys


def test_the_newest_file_is_looked_into(changed):
    findings = check_station(changed(), NOW)
    (text,) = of(findings, "newest file")
    assert "SMPL00AUT_R_20241361800_06H_30S_GO.rnx.gz" in text
    assert "720 epochs of 30 s" in text
    # 23:59:30 GPS time is 23:59:12 UTC.
    assert "2024-05-15T23:59:12Z (61 min ago)" in text
    assert "all 3 selected" in of(findings, "signals")[0]
    assert "0.0 m" in of(findings, "position")[0]


def test_after_a_run_the_store_is_ok_and_left_alone(sample, changed):
    config = changed()
    run_once(config, NOW)
    before = everything(sample)
    findings = check_station(config, NOW)
    assert only(findings, Level.NOTE, Level.MISSING, Level.FAULT) == {}
    assert "10 files and 2 days with arcs of smpl" in of(findings, "store.path")[0]
    # Reading a database in WAL mode makes files that would belong to whoever looks.
    assert everything(sample) == before


def test_all_faults_are_told(tmp_path, changed):
    config = changed(
        ('path = "inbox"', 'path = "nowhere"'),
        ('"soilglint.sqlite"', f'"{tmp_path}/disk/s.sqlite"'),
        ("nav/*.rnx.gz", "nav"),
    )
    findings = check_station(config, NOW)
    faults = only(findings, Level.FAULT)
    assert set(faults) == {"inbox.path", "store.path"}
    assert "no such folder" in faults["inbox.path"]
    assert "not mounted" in faults["store.path"]
    assert "is a folder" in only(findings, Level.MISSING)["orbits.nav"]
    assert not could_run(findings)
    assert "2 faults, 1 missing; not ready" in check_lines(findings)[-1]
    assert not (tmp_path / "disk").exists()


def test_what_is_missing_does_not_keep_it_from_running(sample, changed):
    shutil.rmtree(sample / "nav")
    findings = check_station(changed(), NOW)
    missing = only(findings, Level.MISSING)
    assert "matches no file" in missing["orbits.nav"]
    assert "no ephemeris covers" in missing["orbits"]
    assert could_run(findings)


def test_an_empty_inbox_and_one_whose_files_match_nothing(sample, changed):
    config = changed(("*.rnx.gz", "*.crx.gz"))
    text = only(check_station(config, NOW), Level.MISSING)["inbox.path"]
    assert "holds 8 files, none of which" in text
    assert "*.crx.gz" in text
    for path in (sample / "inbox").iterdir():
        path.unlink()
    findings = check_station(config, NOW)
    assert "empty" in only(findings, Level.MISSING)["inbox.path"]
    assert of(findings, "newest file") == []
    assert could_run(findings)


def test_a_wrong_position_is_a_fault(changed):
    findings = check_station(changed(("latitude_deg = 48.25", "latitude_deg = 48.35")), NOW)
    text = only(findings, Level.FAULT)["newest file"]
    assert "other station" in text
    assert "correct [station]" in text


def test_data_from_the_future_and_a_clock_that_was_never_set(changed):
    findings = check_station(changed(), pd.Timestamp("1970-01-01T00:05", tz="UTC"))
    faults = only(findings, Level.FAULT)
    assert "ahead of this computer's clock" in faults["newest file"]
    assert "set it" in faults["clock"]


@pytest.mark.parametrize(
    ("use", "level", "words"),
    [
        ('["ES1C", "GS5X"]', Level.FAULT, "which holds GS1C, GS2L, GS5Q"),
        ('["GS1C", "ES1C"]', Level.NOTE, "1 of the 2 selected is in it; ES1C is not"),
        ('["GS1C", "GS2L", "ES1C", "GS5X"]', Level.NOTE, "2 of the 4 selected are in it; ES1C, G"),
        ('["GS1C", "ES1C", "GS5X"]', Level.NOTE, "ES1C, GS5X are not"),
        ('["GS1C"]', Level.OK, "GS1C is in it"),
        ('["GS1C", "GS2L"]', Level.OK, "all 2 selected are in it"),
    ],
)
def test_selected_signals_are_sought_in_the_newest_file(changed, use, level, words):
    findings = check_station(changed(('["GS1C", "GS2L", "GS5Q"]', use)), NOW)
    assert words in only(findings, level)["signals"]


@pytest.mark.parametrize(("use", "words"), [("[]", "all that"), ('["GS1C", "GS2W"]', "GS2W")])
def test_signals_without_code_are_noted(changed, use, words):
    findings = check_station(changed(('["GS1C", "GS2L", "GS5Q"]', use)), NOW)
    assert words in only(findings, Level.NOTE)["signals.use"]
    assert could_run(findings)


def test_a_damaged_newest_file_is_a_note(sample, changed):
    newest = sample / "inbox" / "ZZZZ.rnx.gz"
    newest.write_bytes(b"\x1f\x8b not gzip")
    findings = check_station(changed(), NOW)
    assert "ZZZZ.rnx.gz: unreadable" in only(findings, Level.NOTE)["newest file"]
    assert could_run(findings)


def test_a_receiver_that_records_no_snr_is_a_fault(sample, changed):
    newest = max((sample / "inbox").iterdir())
    text = gzip.decompress(newest.read_bytes())
    newest.write_bytes(gzip.compress(text.replace(b" S1C S2L S5Q", b" C1C C2L C5Q")))
    findings = check_station(changed(), NOW)
    assert "signal strength" in only(findings, Level.FAULT)["newest file"]


def test_an_elevation_mask_of_the_receiver_is_a_fault(sample, changed):
    """All arcs would start too high: the receiver's files end at the mask."""
    for path in (sample / "inbox").iterdir():
        path.unlink()
    lines = [
        f"{sat:3d} {elevation:9.4f}  120.0000 {second:9.1f}  0.005  0.00 40.00 41.00 0 0 0\n"
        for second in range(0, 14400, 60)
        for sat, elevation in ((1, 12.0 + second / 600), (2, 50.0))
    ]
    (sample / "inbox" / "smpl1350.24.snr66").write_text("".join(lines))
    findings = check_station(
        changed(("*.rnx.gz", "*"), ('["GS1C", "GS2L", "GS5Q"]', '["GS1"]')), NOW
    )
    assert "none needed" in " ".join(of(findings, "orbits"))
    text = only(findings, Level.FAULT)["elevations"]
    assert "12.0 deg" in text
    assert "below 7" in text


def test_satellites_without_ephemeris_are_named(sample, changed):
    for path in (sample / "nav").iterdir():
        text = gzip.decompress(path.read_bytes()).decode()
        header, body = text.split("END OF HEADER\n")
        lines = body.splitlines(keepends=True)
        kept = [
            line
            for first in range(0, len(lines), 8)
            for line in lines[first : first + 8]
            if not lines[first].startswith("G01")
        ]
        path.write_bytes(gzip.compress((header + "END OF HEADER\n" + "".join(kept)).encode()))
    findings = check_station(changed(), NOW)
    assert "no ephemeris for G01 " in only(findings, Level.NOTE)["orbits"]


def test_an_orbit_file_that_cannot_be_read_is_a_note(sample, changed):
    (sample / "nav" / "bad.rnx.gz").write_bytes(b"\x1f\x8b no")
    findings = check_station(changed(), NOW)
    assert "bad.rnx.gz" in only(findings, Level.NOTE)["orbits"]
    assert any("cover all" in text for text in of(findings, "orbits", Level.OK))


def test_orbits_that_are_not_preferred_are_not_used(changed):
    findings = check_station(changed(('["broadcast"]', '["sp3"]')), NOW)
    assert "not used" in only(findings, Level.NOTE)["orbits.nav"]
    assert "no ephemeris covers" in only(findings, Level.MISSING)["orbits"]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["a.rnx"], "1 file matches *: 1 observation file by its name"),
        (["a.rnx", "b.rnx", "x", "y"], "4 files match *: 2 observation files by their names, 2 of"),
        (
            ["a.rnx", "brdc1770.20n", "x"],
            "1 observation file and 1 navigation or SP3 file by their",
        ),
        (["a.rnx", "brdc1770.20n", "x"], "names, 1 of another name"),
        (["x", "y"], "2 files match *: 2 of other names"),
    ],
)
def test_files_are_counted_in_words(config_file, tmp_path, names, words):
    config = load_config(config_file())
    for name in names:
        (config.inbox.path / name).write_text("x")
    paths = [config.inbox.path / name for name in names]
    assert words in inbox_findings(config, paths)[0].text


def test_kinds_of_files_are_called_by_their_names(changed):
    config = changed()
    newest = newest_observation([*config.inbox.path.iterdir()], config, NOW)
    for kind, word in (("snr66", "SNR66"), ("nmea", "NMEA"), ("observation", "observation")):
        one = replace(newest, record=replace(newest.record, kind=kind))
        assert f": {word}, 720 epochs of 30 s" in newest_findings(one, config, NOW)[0].text


@pytest.mark.parametrize(
    ("minutes", "now", "words"),
    [
        (0, 60, "2024-05-15T23:59:42Z (60 min ago), as new as the newest observation"),
        (-50, 180, "(4 h ago), 50 min older than the newest observation"),
        (180, 60, "(in 2 h), 3 h newer than the newest observation"),
    ],
)
def test_the_age_of_ephemerides_is_told_beside_the_observations(minutes, now, words):
    newest = pd.Timestamp("2024-05-15T23:59:42", tz="UTC")
    gps = (newest + pd.Timedelta(seconds=18)).tz_localize(None).to_datetime64()
    source = SimpleNamespace(name="broadcast", span=(gps, gps))
    last = newest - pd.Timedelta(minutes=minutes)
    (finding,) = age_findings([source], last, last + pd.Timedelta(minutes=now))
    assert "the newest broadcast ephemeris is of 2024-05-15T23:59:42Z (" in finding.text
    assert finding.text.endswith(words)


class TestStore:
    def test_one_file_and_one_day_are_no_plural(self, changed, monkeypatch):
        config = changed()
        run_once(config, NOW)
        monkeypatch.setattr(Store, "files", lambda *_: {"one": None})
        monkeypatch.setattr(Store, "days_with_arcs", lambda *_: 1)
        assert "1 file and 1 day with arcs" in of(check_station(config, NOW), "store.path")[0]

    def test_settings_that_changed_against_it(self, changed):
        run_once(changed(), NOW)
        findings = check_station(changed(("elevation = [5, 25]", "elevation = [5, 24]")), NOW)
        text = only(findings, Level.FAULT)["store.path"]
        assert "station.elevation was [5.0, 25.0] and is [5.0, 24.0]" in text

    def test_a_writer_at_work_is_a_note(self, sample, changed):
        config = changed()
        run_once(config, NOW)
        with Store.writing(config.store.path):
            findings = check_station(config, NOW)
        assert "another soilglint writes" in only(findings, Level.NOTE)["store.path"]
        assert could_run(findings)

    def test_looking_does_not_keep_a_writer_out(self, changed):
        config = changed()
        run_once(config, NOW)
        check_station(config, NOW)
        with Store.writing(config.store.path):
            pass

    def test_what_is_no_store_is_a_fault(self, changed):
        config = changed()
        config.store.path.write_text("a letter to a friend, longer than any magic number" * 9)
        before = config.store.path.read_bytes()
        assert "cannot be used" in only(check_station(config, NOW), Level.FAULT)["store.path"]
        assert config.store.path.read_bytes() == before

    @pytest.mark.parametrize(
        ("version", "level", "words"),
        [
            (SCHEMA_VERSION + 1, Level.FAULT, "upgrade this one"),
            (SCHEMA_VERSION - 1, Level.NOTE, "brings it up to date"),
        ],
    )
    def test_other_versions(self, changed, version, level, words):
        config = changed()
        run_once(config, NOW)
        connection = sqlite3.connect(config.store.path)
        connection.execute(f"PRAGMA user_version = {version}")
        connection.close()
        assert words in only(check_station(config, NOW), level)["store.path"]

    def test_a_folder_of_its_own_inside_the_stations_is_made_later(self, sample, changed):
        config = changed(('"soilglint.sqlite"', '"deep/er/s.sqlite"'))
        findings = check_station(config, NOW)
        assert "the first run makes it and its folder" in of(findings, "store.path")[0]
        assert could_run(findings)
        assert not (sample / "deep").exists()

    def test_a_place_that_may_not_be_written(self, changed, monkeypatch):
        config = changed()
        monkeypatch.setattr(check_store.os, "access", lambda path, mode: not mode & os.W_OK)
        assert "may not write" in only(check_station(config, NOW), Level.FAULT)["store.path"]

    @pytest.mark.parametrize(("free", "level"), [(3e8, Level.NOTE), (5e6, Level.FAULT)])
    def test_a_disk_that_fills(self, changed, monkeypatch, free, level):
        usage = shutil.disk_usage("/")._replace(free=int(free))
        monkeypatch.setattr(check_store.shutil, "disk_usage", lambda _: usage)
        text = only(check_station(changed(), NOW), level)["store.path"]
        assert f"{free / 1e6:.0f} MB free" in text


def test_files_that_are_to_be_moved_need_a_folder_that_may_be_written(changed, monkeypatch):
    config = changed(('keep = "leave"', 'keep = "move"'))
    assert "moved to done/" in of(check_station(config, NOW), "inbox.keep", Level.OK)[0]
    access = os.access
    monkeypatch.setattr(
        "daemon.check.inbox.os.access",
        lambda path, mode: (
            Path(path) != config.inbox.path and access(path, mode)
            if mode & os.W_OK
            else access(path, mode)
        ),
    )
    findings = check_station(config, NOW)
    assert "may not write" in only(findings, Level.NOTE)["inbox.keep"]
    assert could_run(findings)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ESBC00DNK_R_20201770000_01D_30S_MO.crx.gz", "observation"),
        ("esbc1770.20o", "observation"),
        ("esbc1770.20D.Z", "observation"),
        ("mchl0100.25.snr66.gz", "observation"),
        ("ESBC00DNK_R_20201770000_01D_MN.rnx.gz", "navigation or SP3"),
        ("BRDC00IGS_R_20201770000_01D_MN.rnx", "navigation or SP3"),
        ("brdc1770.20n.gz", "navigation or SP3"),
        ("zimm1770.20g", "navigation or SP3"),
        ("GRG0MGXFIN_20201770000_01D_15M_ORB.SP3.gz", "navigation or SP3"),
        ("readme.md", "of another name"),
    ],
)
def test_names_tell_kinds(name, kind):
    assert kind_by_name(name) == kind


def test_of_many_orbit_files_those_of_the_day_are_read(tmp_path):
    names = [f"brdc{day:03d}0.20n" for day in range(1, 366)] + ["latest.nav"]
    paths = [tmp_path / name for name in names]
    for path in paths:
        path.touch()
    # 25 June 2020 is the 177th day of its year.
    chosen = nearest_files(paths, pd.Timestamp("2020-06-25T12:00", tz="UTC"), 4)
    assert chosen[0].name == "brdc1770.20n"
    assert {path.name for path in chosen[1:]} == {"brdc1760.20n", "brdc1780.20n", "latest.nav"}


def test_lines_stand_in_columns():
    findings = [Finding(Level.OK, "station", "here"), Finding(Level.NOTE, "inbox.path", "empty")]
    assert check_lines(findings) == [
        "ok       station     here",
        "note     inbox.path  empty",
        "",
        "1 note; ready to run",
    ]
    two = [*findings, *findings, Finding(Level.MISSING, "orbits", "none")] * 2
    assert check_lines(two)[-1] == "2 missing, 4 notes; ready to run"


def test_a_refusal_of_the_computer_does_not_hide_the_other_findings(changed, monkeypatch):
    def refused(*_):
        raise PermissionError(13, "Permission denied", "disk")

    monkeypatch.setattr("daemon.check.station.store_findings", refused)
    findings = check_station(changed(), NOW)
    assert "disk: Permission denied" in only(findings, Level.FAULT)["store.path"]
    assert of(findings, "sinks")


class TestSinks:
    def test_nobody_there_is_missing_and_the_service_could_run(self, changed):
        # Nothing listens on port 1.
        config = changed(("[store]", '[mqtt]\nhost = "127.0.0.1"\nport = 1\n[store]'))
        findings = sink_findings(config)
        (text,) = of(findings, "mqtt", Level.MISSING)
        assert "mqtt.port" in text
        assert could_run(findings)

    def test_a_password_without_tls_over_the_network_is_noted(self, changed, monkeypatch):
        monkeypatch.setattr(MqttSink, "reach", lambda self, timeout_s: None)
        far = '[mqtt]\nhost = "broker.example.org"\nusername = "u"\n[store]'
        config = changed(("[store]", far))
        (text,) = of(sink_findings(config), "mqtt.tls", Level.NOTE)
        assert "password" in text

    def test_files_written_into_the_inbox_are_a_fault(self, changed):
        config = changed(("[store]", '[export]\npath = "./inbox"\n[store]'))
        assert not could_run(sink_findings(config))
