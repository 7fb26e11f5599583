"""The service as a process of its own, at a real broker: what it promises to those outside."""

import dataclasses
import json
import signal
import subprocess

import pytest

from tests.daemon.sinks.schemas import validator
from tests.integration.broker import eventually, kept_by
from tests.integration.running import (
    SERVES,
    Running,
    hourly_files,
    run_to_its_end,
    station_folder,
    words,
)

STOP_S = 10.0


@pytest.fixture
def start():
    """Factory of services that run; each ends with its test."""
    services = []

    def run(station, *options):
        services.append(Running(station.config, options))
        return services[-1]

    yield run
    for service in services:
        service.close()


@pytest.fixture
def alone(tmp_path):
    """A station without a broker."""
    return station_folder(tmp_path / "station", None)


def kept_of(station, broker):
    """What the broker keeps, once it has told all of it."""
    wanted = {station.live, station.availability, station.status, station.discovery}
    return eventually(lambda: (kept := kept_by(broker.port)).keys() >= wanted and kept)


class TestAtTheBroker:
    def test_hourly_files_become_estimates_at_the_subscriber(
        self, broker, observer, start, tmp_path
    ):
        files = hourly_files(tmp_path, 6)
        station = station_folder(tmp_path / "station", broker, tls=True)
        service = start(station)
        for number, path in enumerate(files, 1):
            station.put([path])
            service.until(lambda number=number: station.at_rest(number))
        estimates = station.estimates()
        assert len(estimates) == 24
        eventually(lambda: len(words(station, observer)) == 24)
        assert list(words(station, observer).values()) == estimates
        for record in observer.records(station.live):
            validator("estimate").validate(record)
        kept = kept_of(station, broker)
        assert json.loads(kept[station.live]) == estimates[-1]
        assert kept[station.availability] == kept[station.status] == "online"
        device = json.loads(kept[station.discovery])
        assert device["state_topic"] == station.live

        service.kill()
        eventually(lambda: observer.on(station.status)[-1] == "offline")
        service = start(station)
        eventually(lambda: observer.on(station.status)[-1] == "online")
        assert service.end(STOP_S) == 0
        eventually(lambda: observer.on(station.availability)[-1] == "offline")
        assert observer.on(station.status)[-1] == "offline"

    @pytest.mark.parametrize("fault", ["killed", "halted", "not there"])
    def test_what_happens_while_the_broker_is_away_arrives_once_it_is_back(
        self, broker, observer, start, tmp_path, fault
    ):
        files = hourly_files(tmp_path, 48)
        station = station_folder(tmp_path / "station", broker, tls=False)
        before = 0 if fault == "not there" else 24
        if fault == "not there":
            broker.kill()
        service = start(station)
        station.put(files[:before])
        # The queue is on its way when it happens.
        service.until(lambda: len(words(station, observer)) >= before)
        if fault == "killed":
            broker.kill()
        elif fault == "halted":
            broker.stop()
        for day in (files[before:36], files[36:]):
            station.put(day)
            service.until(
                lambda: (
                    station.ingested() == sum(1 for _ in station.inbox.iterdir())
                    and not station.ask("SELECT 1 FROM estimates_due")
                )
            )
        assert station.waiting() > 40
        if fault == "halted":
            broker.resume()
        else:
            broker.start()
        service.until(lambda: station.at_rest(48), 120.0)
        estimates = station.estimates()
        assert len(estimates) > 4 * 47
        eventually(lambda: len(words(station, observer)) == len(estimates))
        assert list(words(station, observer).values()) == estimates
        assert json.loads(kept_of(station, broker)[station.live]) == estimates[-1]


class TestSignals:
    def test_told_to_end_inside_a_long_intake_it_ends_in_time_and_loses_nothing(
        self, alone, start, tmp_path
    ):
        files = hourly_files(tmp_path, 48, pieces=12)
        alone.put(files)
        service = start(alone)
        service.says(SERVES)
        assert service.end(STOP_S) == 0
        assert alone.ingested() < len(files)
        service = start(alone)
        service.until(lambda: alone.ingested() == len(files), 120.0)
        assert service.end(STOP_S) == 0

    def test_idle_it_ends_in_time(self, alone, start):
        service = start(alone)
        service.says(SERVES)
        assert service.end(STOP_S) == 0

    def test_settings_that_are_read_again_hold_and_faulty_ones_change_nothing(
        self, alone, start, tmp_path
    ):
        first, second, third = hourly_files(tmp_path, 3)
        service = start(alone)
        alone.put([first])
        service.until(lambda: len(alone.estimates()) == 4)
        right = alone.config.read_text()
        alone.config.write_text(right + "\n[schedule\n")
        service.signal(signal.SIGHUP)
        service.says("the configuration stays as it was")
        alone.put([second])
        service.until(lambda: len(alone.estimates()) == 8)
        alone.config.write_text(
            right.replace("grid_minutes = 15", "grid_minutes = 60")
            + '\n[export]\npath = "out"\nformat = "csv"\n'
        )
        service.signal(signal.SIGHUP)
        service.says(SERVES, times=2)
        alone.put([third])
        service.until(lambda: alone.ingested() == 3 and len(alone.estimates()) == 9)
        assert alone.estimates()[-1]["time"].endswith("T02:00:00Z")  # of :15 to :45 none
        # A sink that is new gets what waits.
        out = alone.config.parent / "out"
        eventually(lambda: sum(p.read_text().count("live") for p in out.glob("*.csv")) == 9)
        assert service.end(STOP_S) == 0

    def test_stacks_are_shown_on_demand(self, alone, start):
        service = start(alone)
        service.says(SERVES)
        service.signal(signal.SIGUSR1)
        service.says("most recent call first")
        service.says("scheduling.py")
        assert service.end(STOP_S) == 0


def test_a_second_service_of_one_store_is_refused(alone, start):
    service = start(alone)
    service.says(SERVES)
    status, said = run_to_its_end(alone.config)
    assert status == 4
    assert str(alone.store) in said
    assert "another" in said
    assert service.process.poll() is None


@pytest.fixture
def make_disk():
    """Factory of file systems of 1 MB, each in a folder, which give a way to make them larger."""
    made = []

    def make(folder):
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
        if subprocess.run(command, capture_output=True, check=False).returncode != 0:
            # Only the system's own user may, and not in every container.
            pytest.skip("this user may not mount")
        made.append(folder)
        larger = ["mount", "-o", "remount,size=64m", str(folder)]
        return lambda: subprocess.run(larger, check=True)

    yield make
    for folder in made:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("least_mb", [0, 100])
def test_a_full_disk_leaves_the_inbox_as_it_is_until_there_is_room(
    alone, start, make_disk, tmp_path, least_mb
):
    grow = make_disk(alone.config.parent / "disk")
    alone.replace('"soilglint.sqlite"', f'"disk/soilglint.sqlite"\nmin_free_mb = {least_mb}')
    alone.replace("grid_minutes = 15", "grid_minutes = 15\ningest_s = 1")
    alone.replace('keep = "leave"', 'keep = "delete"')
    alone = dataclasses.replace(alone, store=alone.config.parent / "disk" / "soilglint.sqlite")
    service = start(alone)
    service.says(SERVES)
    files = hourly_files(tmp_path, 24)
    alone.put(files)
    service.says("disk is full" if least_mb == 0 else "store.min_free_mb = 100")
    assert {path.name for path in alone.inbox.iterdir()} == {path.name for path in files}
    assert alone.ingested() == 0
    if least_mb:
        return  # the room that this asks for is not made in memory
    grow()
    service.until(lambda: len(alone.estimates()) == 96)
    service.until(lambda: not list(alone.inbox.iterdir()))
    assert service.end(STOP_S) == 0
