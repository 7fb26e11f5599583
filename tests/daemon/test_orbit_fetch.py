"""Orbit files from a real web server on this computer, and from commands."""

import gzip
import shutil
import sys
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pandas as pd
import pytest

from daemon.config import load_config
from daemon.errors import ConfigError, OrbitFetchError
from daemon.jobs import run_once
from daemon.orbit_fetch import fetch_orbits, fetching, transfer
from daemon.store import Store

NOW = pd.Timestamp("2024-05-16T12:00Z")
HOUR = pd.Timedelta(hours=1)


class Archive:
    """A web server: what it holds by path, and what was asked of it."""

    def __init__(self):
        archive = self
        self.files = {}
        self.asked = []
        self.answer = None

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                archive.asked.append(self.path)
                if archive.answer is not None:
                    archive.answer(self)
                    return
                content = archive.files.get(self.path)
                if content is None:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def archive():
    archive = Archive()
    yield archive
    archive.close()


@pytest.fixture
def station(sample):
    """Factory: the sample whose navigation has gone, with keys of [orbits]; and that navigation."""
    held = {path.name[12:19]: path.read_bytes() for path in sorted((sample / "nav").iterdir())}
    shutil.rmtree(sample / "nav")

    def make(keys, run=True):
        path = sample / "soilglint.toml"
        path.write_text(path.read_text().replace('nav = ["nav/*.rnx.gz"]', keys))
        config = load_config(path)
        if run:
            assert run_once(config).ingest.files == {"waiting_orbits": 8}
        return config

    make.navigation = held
    return make


def fetch(config, now=NOW, **others):
    with Store.reading(config.store.path) as store:
        return fetch_orbits(config, store, now, **others)


def fetched(config):
    folder = config.orbits_folder()
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def test_the_files_of_days_that_wait_are_fetched_and_taken_in(station, archive):
    config = station(f'fetch = "{archive.url}/{{year}}/{{doy}}/nav{{yy}}{{month}}{{day}}.gz"')
    for day, date in (("2024135", "240514"), ("2024136", "240515")):
        archive.files[f"/2024/{day[4:]}/nav{date}.gz"] = station.navigation[day]
    report = fetch(config)
    assert report.wanted == ["2024136", "2024135"]
    assert report.fetched == ["2024136", "2024135"]
    assert report.failed == {}
    assert config.orbits_folder() == config.store.path.parent / "orbits"
    assert fetched(config) == ["fetched_2024135", "fetched_2024136"]
    assert run_once(config).ingest.files == {"ingested": 10}
    # Nothing waits any more: nothing is asked for.
    archive.asked.clear()
    report = fetch(config, NOW + 1000 * HOUR)
    assert (report.wanted, report.next_s, archive.asked) == ([], None, [])


def test_without_a_template_nothing_is_fetched(station):
    config = station("nav = []")
    report = fetch(config)
    assert report.wanted == []
    assert not config.orbits_folder().exists()


def test_files_of_hours_are_fetched_where_the_template_has_one(station, archive, monkeypatch):
    monkeypatch.setattr(fetching, "_AT_ONCE", 3)
    config = station(f'fetch = "{archive.url}/{{year}}{{doy}}{{hour}}"')
    report = fetch(config)
    assert len(report.wanted) == 48
    # The newest first, and not all at once.
    assert archive.asked == ["/202413623", "/202413622", "/202413621"]
    assert report.next_s == 0
    fetch(config, NOW)
    assert archive.asked[3:] == ["/202413620", "/202413619", "/202413618"]


def test_vain_attempts_come_less_and_less_often_also_after_a_restart(station, archive):
    config = station(f'fetch = "{archive.url}/{{doy}}"')
    hours = []
    for quarter in range(4 * 24 * 4):
        archive.asked.clear()
        report = fetch(config, NOW + quarter * HOUR / 4)
        if archive.asked:
            hours.append(quarter / 4)
            assert sorted(archive.asked) == ["/135", "/136"]
            assert "answers 404" in report.failed["2024135"]
    # After 0.5, 1, 2, 4, 8, 16 and then 24 hours.
    assert hours == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5, 55.5, 79.5]


def test_a_file_that_does_not_do_is_fetched_again(station, archive):
    """The archive completes the file of a day while it goes on."""
    config = station(f'fetch = "{archive.url}/{{doy}}"')
    archive.files["/135"] = station.navigation["2024135"]
    assert fetch(config).fetched == ["2024135"]
    run_once(config)
    with Store.reading(config.store.path) as store:
        records = store.files("smpl").values()
        assert {record.state for record in records} == {"ingested"}
        # With ephemerides of the day before, so that they are still wanted.
        assert any(record.satellites for record in records)
    archive.files["/136"] = station.navigation["2024136"]
    assert "2024136" in fetch(config, NOW + HOUR).fetched
    run_once(config)
    archive.asked.clear()
    assert fetch(config, NOW + 30 * HOUR).wanted == []
    assert archive.asked == []


def test_another_archive_is_tried_at_once(station, archive):
    config = station(f'fetch = "{archive.url}/{{doy}}"')
    fetch(config)
    archive.asked.clear()
    fetch(config)
    assert archive.asked == []
    text = config.path.read_text().replace("/{doy}", "/other/{doy}")
    config.path.write_text(text)
    fetch(load_config(config.path))
    assert archive.asked == ["/other/136", "/other/135"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<html><body>please log in</body></html>", "web page"),
        (b"", "empty"),
        (gzip.compress(b"neither navigation nor anything else", mtime=0), "no navigation or SP3"),
    ],
)
def test_what_is_no_orbit_file_is_not_kept(station, archive, content, said):
    config = station(f'fetch = "{archive.url}/{{doy}}"')
    archive.files["/135"] = archive.files["/136"] = content
    report = fetch(config)
    assert said in report.failed["2024135"]
    assert fetched(config) == []


def test_observations_are_no_orbit_file(station, archive):
    config = station(f'fetch = "{archive.url}/{{doy}}"')
    archive.files["/135"] = next(config.inbox.path.iterdir()).read_bytes()
    assert "no navigation or SP3" in fetch(config).failed["2024135"]


def test_a_file_of_another_day_is_not_kept(station, archive):
    config = station(f'fetch = "{archive.url}/{{doy}}"')
    # The observations are of ten days later.
    with Store.writing(config.store.path) as store, store.transaction():
        for record in store.files("smpl").values():
            moved = [f"{time[:8]}2{time[9:]}" for time in (record.first_time, record.last_time)]
            store.put_file("smpl", replace(record, first_time=moved[0], last_time=moved[1]))
    archive.files["/145"] = archive.files["/146"] = station.navigation["2024136"]
    report = fetch(config, NOW + 240 * HOUR)
    assert "expected those of the day" in report.failed["2024146"]
    assert fetched(config) == []


def test_an_answer_that_is_cut_off_is_not_kept(station, archive):
    config = station(f'fetch = "{archive.url}/{{doy}}"')

    def cut(handler):
        content = station.navigation["2024136"]
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[: len(content) // 2])

    archive.answer = cut
    failed = fetch(config).failed["2024136"]
    assert "bytes came" in failed or "broke off" in failed
    assert fetched(config) == []


def test_an_answer_without_an_end_is_given_up(station, archive, monkeypatch):
    monkeypatch.setattr(transfer, "_SIZE_LIMIT_BYTES", 1 << 20)
    config = station(f'fetch = "{archive.url}/{{doy}}"')

    def endless(handler):
        handler.send_response(200)
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(bytes(1 << 16))
        except OSError:
            pass

    archive.answer = endless
    assert "longer than 1 MiB" in fetch(config).failed["2024136"]


def test_an_answer_that_trickles_is_given_up(station, archive, monkeypatch):
    monkeypatch.setattr(transfer, "_TIME_LIMIT_S", 0.3)
    config = station(f'fetch = "{archive.url}/{{doy}}"')
    gone = threading.Event()

    def trickle(handler):
        handler.send_response(200)
        handler.end_headers()
        try:
            while not gone.wait(0.05):
                handler.wfile.write(b"x")
        except OSError:
            pass

    archive.answer = trickle
    assert "given up" in fetch(config).failed["2024136"]
    gone.set()


def test_a_silent_server_is_given_up(station, archive, monkeypatch):
    monkeypatch.setattr(transfer, "_SILENCE_LIMIT_S", 0.2)
    config = station(f'fetch = "{archive.url}/{{doy}}"')
    gone = threading.Event()
    archive.answer = lambda handler: gone.wait(30)
    failed = fetch(config).failed["2024136"]
    gone.set()
    assert "timed out" in failed


def test_a_server_that_is_not_there_is_told(station, archive):
    config = station('fetch = "http://127.0.0.1:9/{doy}"')
    assert "cannot be reached" in fetch(config).failed["2024136"]


def test_redirections_are_followed_but_not_to_files(station, archive, tmp_path):
    (tmp_path / "secret").write_bytes(station.navigation["2024136"])
    config = station(f'fetch = "{archive.url}/{{doy}}"')

    def redirect(handler):
        if handler.path == "/135":
            target = f"file://{tmp_path}/secret"
        elif handler.path == "/136":
            target = f"{archive.url}/moved"
        else:
            archive.answer = None
            handler.do_GET()
            archive.answer = redirect
            return
        handler.send_response(302)
        handler.send_header("Location", target)
        handler.end_headers()

    archive.files["/moved"] = station.navigation["2024136"]
    archive.answer = redirect
    report = fetch(config)
    assert report.fetched == ["2024136"]
    assert "2024135" in report.failed


def test_a_key_in_the_query_is_never_said(station, archive):
    config = station(f'fetch = "{archive.url}/{{doy}}?key=TOPSECRET"')
    failed = fetch(config).failed["2024136"]
    assert "404" in failed
    assert "TOPSECRET" not in failed


def test_a_command_writes_the_file(station, tmp_path):
    for day, content in station.navigation.items():
        (tmp_path / f"{day}.gz").write_bytes(content)
    code = "import shutil, sys; shutil.copy(sys.argv[1], sys.argv[2])"
    config = station(
        f"fetch_command = ['{sys.executable}', '-c', '{code}', "
        f"'{tmp_path}/{{year}}{{doy}}.gz', '{{out}}']\nfetch_path = 'elsewhere'"
    )
    assert fetch(config).fetched == ["2024136", "2024135"]
    assert config.orbits_folder() == config.path.parent / "elsewhere"
    assert run_once(config).ingest.files == {"ingested": 10}


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import sys; sys.exit('no such day')", "ended with code 1: no such day"),
        ("pass", "wrote nothing"),
        ("import time; time.sleep(60)", "not done after 0.5 s"),
    ],
)
def test_a_command_that_fails_is_told(station, monkeypatch, code, said):
    if "sleep" in code:
        monkeypatch.setattr(transfer, "_TIME_LIMIT_S", 0.5)
    config = station(
        f"fetch_command = ['{sys.executable}', '-c', \"{code}\", '{{year}}{{doy}}', '{{out}}']"
    )
    assert said in fetch(config).failed["2024136"]
    assert fetched(config) == []


def test_a_command_that_is_not_there_is_told(station):
    config = station("fetch_command = ['/nowhere/fetch', '{year}{doy}', '{out}']")
    assert "cannot be run" in fetch(config).failed["2024136"]


def test_a_folder_that_cannot_be_made_is_told(station):
    config = station('fetch = "http://127.0.0.1:9/{doy}"')
    config.orbits_folder().write_text("a file where the folder should be")
    with pytest.raises(OrbitFetchError, match=r"orbits\.fetch_path"):
        fetch(config)


def test_the_rest_is_left_when_the_service_stops(station, archive):
    config = station(f'fetch = "{archive.url}/{{doy}}"')
    fetch(config, stopping=lambda: bool(archive.asked))
    assert archive.asked == ["/136"]


def test_what_was_fetched_long_ago_is_taken_away(station, archive):
    config = station(f'fetch = "{archive.url}/{{doy}}"')
    archive.files["/136"] = station.navigation["2024136"]
    fetch(config)
    later = pd.Timestamp.now(tz="UTC")
    fetch(config, later + pd.Timedelta(days=29))
    assert "fetched_2024136" in fetched(config)
    archive.files.clear()
    fetch(config, later + pd.Timedelta(days=31))
    assert fetched(config) == []


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ('fetch = "ftp://a.org/{doy}"', "begins with"),
        ('fetch = "file:///etc/{doy}"', "begins with"),
        ('fetch = "https://me:secret@a.org/{doy}"', "without name and password"),
        ('fetch = "https://a.org/{hours}/{doy}"', r"\{hours\} is no field"),
        ('fetch = "https://a.org/{doy"', "is no field"),
        ('fetch = "https://a.org/brdc"', "which day is wanted"),
        ('fetch_command = ["get", "{doy}"]', r"\{out\}"),
        ('fetch = "https://a.org/{doy}"\nfetch_command = ["get", "{doy}", "{out}"]', "at most one"),
    ],
)
def test_templates_are_checked(station, keys, said):
    with pytest.raises(ConfigError, match=said):
        station(keys, run=False)
