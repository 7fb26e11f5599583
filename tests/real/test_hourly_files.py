"""ESBC's day in hourly files: whatever the order of arrival, what the whole day gives."""

import itertools
import random
import re
import shutil
import sqlite3

import pytest

from daemon.config import load_config
from daemon.ingest import look
from daemon.jobs import run_once
from daemon.store import Store
from retrieval.rinex import read_text

OBSERVATION = "ESBC00DNK_R_20201770000_01D_30S_MO.crx.gz"
NAVIGATION = "ESBC00DNK_R_20201770000_01D_MN.rnx.gz"
EPOCH = re.compile(rb"^> 2020 06 25 (\d\d) (\d\d) ", re.MULTILINE)
# When and how often something was made, and by which file, and not what it is.
OF_MAKING = {"id", "revision", "latency_s"}


@pytest.fixture(scope="module")
def hours(shared_data):
    """The day's header, and the text of each half hour."""
    content = read_text(shared_data / "ground" / "rinex3" / OBSERVATION).content
    begin = content.index(b"> 2020")
    parts = {}
    places = [(match.start(), int(match[1]), int(match[2])) for match in EPOCH.finditer(content)]
    ends = [place[0] for place in places[1:]] + [len(content)]
    for (start, hour, minute), end in zip(places, ends, strict=True):
        parts.setdefault((hour, minute // 30), []).append(content[start:end])
    return content[:begin], {key: b"".join(texts) for key, texts in parts.items()}


def hour_file(hours, hour, until=None):
    """Text of an hourly file, or of one that goes on for half an hour."""
    header, parts = hours
    last = (hour, 1) if until is None else until
    return header + b"".join(parts[key] for key in sorted(parts) if (hour, 0) <= key <= last)


def name_of(hour):
    return f"ESBC00DNK_R_2020177{hour:02d}00_01H_30S_MO.rnx"


@pytest.fixture(scope="module")
def station(shared_data, esbc_config):
    """Factory of configurations with an inbox that holds the day's navigation."""

    def make(folder, *changes):
        (folder / "inbox").mkdir(parents=True)
        shutil.copy(shared_data / "ground" / "rinex3" / NAVIGATION, folder / "inbox")
        text = esbc_config
        for old, new in changes:
            text = text.replace(old, new)
        path = folder / "s.toml"
        path.write_text(text)
        return load_config(path)

    return make


def rows(config, table):
    """Rows of a table but for when, how often and by which file they were made."""
    connection = sqlite3.connect(config.store.path)
    connection.row_factory = sqlite3.Row
    found = [dict(row) for row in connection.execute(f"SELECT * FROM {table}")]
    connection.close()
    return {tuple((k, v) for k, v in row.items() if k not in OF_MAKING) for row in found}


def assert_same(config, whole, tables=("arcs", "apriori_heights", "estimates")):
    for table in tables:
        ours, theirs = rows(config, table), rows(whole, table)
        assert ours == theirs, (
            f"{table}: {len(ours - theirs)} differ of {len(theirs)}; "
            f"{sorted(map(str, ours ^ theirs))[:4]}"
        )


@pytest.fixture(scope="module")
def whole(shared_data, station, tmp_path_factory):
    """The store after the whole day in one file."""
    config = station(tmp_path_factory.mktemp("whole"))
    shutil.copy(shared_data / "ground" / "rinex3" / OBSERVATION, config.inbox.path)
    run_once(config)
    assert len(rows(config, "arcs")) > 1500
    assert len(rows(config, "estimates")) == 96
    return config


ORDERS = {
    "in order": list(range(24)),
    "in reverse": list(range(23, -1, -1)),
    "at random": random.Random(3).sample(range(24), 24),
    "late by six hours": [*range(7), *range(8, 14), 7, *range(14, 24)],
    "the first late by six hours": [*range(1, 7), 0, *range(7, 24)],
}


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS.keys())
def test_one_by_one_in_any_order(station, tmp_path, hours, whole, order):
    config = station(tmp_path)
    for hour in order:
        (config.inbox.path / name_of(hour)).write_bytes(hour_file(hours, hour))
        run_once(config)
    assert_same(config, whole)
    assert not run_once(config).changed


def test_in_order_no_estimate_is_made_twice(station, tmp_path, hours):
    config = station(tmp_path)
    for hour in range(24):
        (config.inbox.path / name_of(hour)).write_bytes(hour_file(hours, hour))
        assert run_once(config).estimates.revised == 0


def test_all_at_once_and_in_small_batches(station, tmp_path, hours, whole, monkeypatch):
    monkeypatch.setattr(look, "_BATCH_ROWS", 50_000)
    config = station(tmp_path)
    for hour in range(24):
        (config.inbox.path / name_of(hour)).write_bytes(hour_file(hours, hour))
    run_once(config)
    assert_same(config, whole)


def test_each_hour_twice(station, tmp_path, hours, whole):
    """As a copy by another name, and again in a file that overlaps by half an hour."""
    config = station(tmp_path)
    for hour in range(24):
        (config.inbox.path / name_of(hour)).write_bytes(hour_file(hours, hour))
        shutil.copy(config.inbox.path / name_of(hour), config.inbox.path / f"copy{hour:02d}.rnx")
        if hour < 23:
            longer = hour_file(hours, hour, until=(hour + 1, 0))
            (config.inbox.path / f"longer{hour:02d}.rnx").write_bytes(longer)
        run_once(config)
    assert_same(config, whole)


def test_growing_file(station, tmp_path, hours, whole):
    config = station(tmp_path)
    path = config.inbox.path / "today.rnx"
    for hour, half in itertools.product(range(0, 24, 3), (0, 1)):
        text = hour_file(hours, 0, until=(hour, half))
        path.write_bytes(text[:-100])  # inside an epoch
        run_once(config)
    path.write_bytes(hour_file(hours, 0, until=(23, 1)))
    run_once(config)
    assert_same(config, whole)


def test_files_that_are_deleted_once_they_are_in(station, tmp_path, hours, whole):
    """What neighbours need is in the store, not in the inbox."""
    tidying = ('path = "inbox"', 'path = "inbox"\nkeep = "delete"\nsettle_s = 0')
    config = station(tmp_path, tidying)
    for hour in ORDERS["at random"]:
        (config.inbox.path / name_of(hour)).write_bytes(hour_file(hours, hour))
        run_once(config)
        assert not (config.inbox.path / name_of(hour)).exists()
    assert_same(config, whole)


@pytest.mark.parametrize("first", ["observations", "navigation"])
def test_navigation_before_or_after(shared_data, station, tmp_path, hours, whole, first):
    config = station(tmp_path)
    navigation = config.inbox.path / NAVIGATION
    if first == "observations":
        navigation.unlink()
    for hour in range(24):
        (config.inbox.path / name_of(hour)).write_bytes(hour_file(hours, hour))
        report = run_once(config)
        if first == "observations":
            assert report.ingest.files == {"waiting_orbits": 1}
    shutil.copy(shared_data / "ground" / "rinex3" / NAVIGATION, config.inbox.path)
    run_once(config)
    assert_same(config, whole)


@pytest.fixture(scope="module")
def mchl_hours(shared_data):
    """MCHL's two days as SNR66 text by the hour: 48 names and their lines."""
    pieces = {}
    for day in ("010", "011"):
        path = shared_data / "ground" / "snr66" / f"mchl{day}0.25.snr66.gz"
        for line in read_text(path).content.splitlines(keepends=True):
            hour = int(float(line.split()[3])) // 3600
            name = f"MCHL00AUS_R_2025{day}{hour:02d}00_01H_30S_MO.snr66"
            pieces.setdefault(name, []).append(line)
    assert len(pieces) == 48
    return {name: b"".join(lines) for name, lines in sorted(pieces.items())}


@pytest.fixture(scope="module")
def mchl(station):
    """Factory of configurations for MCHL, whose SNR66 text needs no navigation."""

    def make(folder):
        config = station(
            folder,
            ('"esbc"', '"mchl"'),
            ("55.4936", "-26.358904661"),
            ("8.4568", "148.144960505"),
            ("59.0", "534.591379"),
        )
        (config.inbox.path / NAVIGATION).unlink()
        return config

    return make


def test_two_days_of_soil_in_any_order(shared_data, tmp_path, mchl, mchl_hours):
    """Where the ground is soil and the second day has phases to compare with those of the first."""
    whole = mchl(tmp_path / "whole")
    for path in (shared_data / "ground" / "snr66").iterdir():
        shutil.copy(path, whole.inbox.path)
    run_once(whole)
    anomalies = [dict(row)["phase_anomaly_deg"] for row in rows(whole, "estimates")]
    assert sum(value is not None for value in anomalies) > 90

    names = list(mchl_hours)
    late = [*names[:28], *names[29:35], names[28], *names[35:]]
    for number, order in enumerate((names, late, random.Random(7).sample(names, 48))):
        config = mchl(tmp_path / str(number))
        for name in order:
            (config.inbox.path / name).write_bytes(mchl_hours[name])
            run_once(config)
        assert_same(config, whole)


@pytest.mark.parametrize("together", [False, True], ids=["alone", "with newer files"])
def test_an_hour_that_is_late_by_47(tmp_path, mchl, mchl_hours, together):
    """The first day stands for a third one too; what comes in the same run makes nothing late."""
    third = {
        name.replace("2025010", "2025012"): text + b"\n"
        for name, text in list(mchl_hours.items())[:24]
    }
    hours = {**mchl_hours, **third}
    names = list(hours)
    held, then = names[20], names[20 + 48 :]
    whole, config = mchl(tmp_path / "whole"), mchl(tmp_path / "late")
    rounds = [[*names[:20], *names[21:68]], [held, *(then if together else ())], then]
    for one, order in ((whole, [names]), (config, rounds)):
        for some in order:
            for name in some:
                (one.inbox.path / name).write_bytes(hours[name])
            run_once(one)
    assert_same(config, whole)
    with Store.reading(config.store.path) as store:
        live = {e["time"]: e["vwc"] for e in store.estimates("mchl", "live")}
        assert all(live[e["time"]] == e["vwc"] for e in store.estimates("mchl", "daily"))


def test_what_is_not_there_yet_changes_nothing(tmp_path, mchl, mchl_hours):
    """The estimates of the first 30 hours are those that all 48 hours give, to the last bit."""
    names = list(mchl_hours)
    first, both = mchl(tmp_path / "first"), mchl(tmp_path / "both")
    for config, number in ((first, 30), (both, 48)):
        for name in names[:number]:
            (config.inbox.path / name).write_bytes(mchl_hours[name])
        run_once(config)
    early, late = rows(first, "estimates"), rows(both, "estimates")
    assert len(early) == 30 * 4
    assert early < late
