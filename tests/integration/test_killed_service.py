"""A hundred services killed at random moments, and what store and subscriber have afterwards."""

import random
import threading
import time
from dataclasses import dataclass

import numpy as np

from tests.integration.broker import eventually
from tests.integration.running import LONG_AGO, SERVES, Running, field_files, station_folder, words

KILLS = 100
DAYS, AT_ONCE = 4, 3
STAGES = ("start", "ingest", "estimate", "publish")


@dataclass(frozen=True)
class Course:
    """When each stage of a service's work begins, for kills to be aimed at.

    Attributes
    ----------
    station : StationFolder
        Whose service it is.
    service : Running
        The service.
    files : int
        What lies in the inbox.
    """

    station: object
    service: Running
    files: int

    def reach(self, stage):
        """Wait until a stage begins, or might have passed already."""
        if stage != "start":
            self.service.says(SERVES)
        if stage in ("estimate", "publish"):
            self._until(lambda: self.station.ingested() == self.files)
        if stage == "publish":
            self._until(lambda: not self.station.ask("SELECT 1 FROM estimates_due"))

    def finish(self):
        """Wait until all is done."""
        self._until(lambda: self.station.at_rest(self.files))

    def _until(self, holds):
        # Stages take some hundredths of a second: waiting must take less.
        self.service.until(holds, every_s=0.002)


def run_undisturbed(station, files):
    """Let a service take files one after the other; return how long its stages take, seconds."""
    took_s = {stage: [] for stage in STAGES}
    at = time.monotonic()

    def passed(stage):
        nonlocal at
        before, at = at, time.monotonic()
        took_s[stage].append(at - before)

    service = Running(station.config)
    try:
        service.says(SERVES)
        passed("start")
        for first in range(0, len(files), AT_ONCE):
            some = files[first : first + AT_ONCE]
            course = Course(station, service, first + len(some))
            station.put(some)
            at = time.monotonic()
            course.reach("estimate")
            passed("ingest")
            course.reach("publish")
            passed("estimate")
            course.finish()
            passed("publish")
        assert service.end() == 0
    finally:
        service.close()
    return {stage: float(np.median(took)) for stage, took in took_s.items()}


def run_killed(station, files, kills, took_s, rng, seen):
    """Start, let a file come, and kill, so often; note what the kills have hit."""
    coming = [files[first : first + AT_ONCE] for first in range(0, len(files), AT_ONCE)]
    put = 0
    for _ in range(kills):
        stage = rng.choice(STAGES)
        if coming and station.ingested() == put and stage != "start":
            station.put(coming[0])
            put += len(coming.pop(0))
        service = Running(station.config)
        try:
            Course(station, service, put).reach(stage)
            time.sleep(rng.uniform(0.0, 1.2) * took_s[stage])
            serves = SERVES in service.log
            service.kill()
        finally:
            service.close()
        if not serves:
            seen.append("start")
        elif station.ingested() < put:
            seen.append("ingest")
        elif station.ask("SELECT 1 FROM estimates_due"):
            seen.append("estimate")
        elif station.waiting():
            seen.append("publish")
        else:
            seen.append("rest")
    station.put(path for some in coming for path in some)
    service = Running(station.config)
    try:
        # The store may be at rest already, and before it serves a signal ends it as any process.
        service.says(SERVES)
        service.until(lambda: station.at_rest(len(files)))
        assert service.end() == 0
    finally:
        service.close()


def test_killed_a_hundred_times_store_and_subscriber_end_as_if_undisturbed(
    broker, observer, field_scenario, tmp_path
):
    files, nav = field_files(tmp_path / "field", field_scenario(DAYS))
    names = ("calm", "kila", "kilb")
    calm, *stations = (
        station_folder(tmp_path / name, broker, name, tls=False, nav=nav) for name in names
    )
    for station in (calm, *stations):
        for topic in (station.live, station.daily):
            observer.publish(topic, LONG_AGO, retain=True)
    took_s = run_undisturbed(calm, files)
    seen, faults = [], []

    def kill(station, seed):
        try:
            run_killed(station, files, KILLS // 2, took_s, random.Random(seed), seen)
        except BaseException as error:
            faults.append(error)
            raise

    threads = [
        threading.Thread(target=kill, args=(station, seed))
        for seed, station in enumerate(stations, 20261124)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    hit = {what: seen.count(what) for what in (*STAGES, "rest")}
    stages = ", ".join(f"{stage} {took:.3f} s" for stage, took in took_s.items())
    print(f"\n{len(seen)} kills hit {hit}; undisturbed: {stages}")
    assert len(seen) == KILLS
    assert all(hit[stage] >= 2 for stage in STAGES)
    expected = calm.contents()
    for station in stations:
        found = station.contents()
        for table, rows in expected.items():
            same = [
                tuple(value if value != calm.name else station.name for value in row)
                for row in rows
            ]
            assert found[table] == sorted(same, key=repr), table
        estimates = station.estimates()
        assert len(estimates) > 4 * (24 * DAYS - 1)
        assert {one["product"] for one in estimates} == {"live", "daily"}
        eventually(lambda s=station, e=estimates: len(words(s, observer)) == len(e))
        said = list(words(station, observer).values())
        for product in ("live", "daily"):
            # Each once, in order of time, as the store has it.
            assert [one for one in said if one["product"] == product] == [
                one for one in estimates if one["product"] == product
            ]
        assert {one["revision"] for one in said} == {1}
