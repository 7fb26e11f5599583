"""Observations that the store keeps for a while."""

import numpy as np
import pytest

from daemon.store import FileRecord, FileState, Store
from daemon.store.packing import hour_of, pack_points, split_points, unpack_points
from retrieval.arcs import SkyPoints
from retrieval.equipment import equipment_code
from retrieval.gnss import satellite_code, signal_code

START = np.datetime64("2025-01-10T12:30", "ns")
EQUIPMENT, OTHER = "1 | A | 5.2 |  | B NONE", "1 | A | 5.3 |  | B NONE"
RECORD = FileRecord(
    path="a.rnx",
    sha256="ab" * 32,
    size=5,
    kind="observation",
    state=FileState.INGESTED,
    site="test",
    ingested_at="2025-01-11T00:00:00.000Z",
)


def points(n=240, satellites=("G01", "R05"), signal="S1C", seed=1):
    """Observations each half minute, in turn of the satellites, in no order."""
    random = np.random.default_rng(seed)
    names = np.array([satellites[k % len(satellites)] for k in range(n)])
    return SkyPoints(
        START + (np.arange(n) * 30_000_000_007).astype("timedelta64[ns]"),
        np.array([satellite_code(name) for name in names], np.int32),
        np.array([signal_code(name[0] + signal) for name in names], np.int64),
        random.uniform(20, 50, n),
        random.uniform(5, 30, n),
        random.uniform(0, 360, n),
        np.where(np.arange(n) % 3, random.uniform(0, 4, n), np.nan),
        (np.arange(n) % 3).astype(np.int8),
        np.full(n, equipment_code(EQUIPMENT)),
    ).where(random.permutation(n))


def ordered(given):
    return given.where(np.lexsort((given.time, given.signal, given.satellite)))


def assert_equal(one, other):
    for name in SkyPoints.__dataclass_fields__:
        left, right = getattr(ordered(one), name), getattr(ordered(other), name)
        assert left.dtype == right.dtype
        np.testing.assert_array_equal(left, right)


@pytest.fixture
def store(tmp_path):
    with Store.writing(tmp_path / "s.sqlite") as opened, opened.transaction():
        opened.put_file("test", RECORD)
        yield opened


def put(store, given, path="a.rnx", channels=None, since_hour=0):
    store.put_points("test", "test", path, given, channels or {}, since_hour, [EQUIPMENT, OTHER])


def test_packing_gives_back_every_bit():
    given = points(seed=4).where(np.arange(240) % 2 == 0)
    given.equipment[::3] = equipment_code(OTHER)
    for satellite, hour, code, part in split_points(given):
        assert (part.equipment == code).all()
        assert (part.satellite == satellite).all()
        assert (hour_of(part.time) == hour).all()
        back = unpack_points(satellite, code, len(part), pack_points(part))
        assert_equal(back, part)
    parts = [part for *_, part in split_points(given)]
    assert_equal(SkyPoints.concatenate(parts), given)
    assert list(split_points(SkyPoints.empty())) == []


def test_points_come_back_as_they_went_in(store):
    given = points()
    put(store, given, channels={5: 1, 6: -4})
    kept = store.points("test")
    assert_equal(kept.points, given)
    assert kept.glonass_channels == {5: 1}
    assert kept.equipment == {EQUIPMENT}
    assert len(store.points("other").points) == 0


def test_a_file_may_change_its_equipment_inside_an_hour(store):
    given = points()
    given.equipment[::3] = equipment_code(OTHER)
    put(store, given)
    kept = store.points("test")
    assert_equal(kept.points, given)
    assert kept.equipment == {EQUIPMENT, OTHER}


def test_points_of_some_hours_and_satellites(store):
    given = points()  # from 12:30 to 14:30
    put(store, given)
    until = START + np.timedelta64(20, "m")
    hour = hour_of(given.time)
    assert_equal(store.points("test", until=until).points, given.where(hour == hour.min()))
    since = START + np.timedelta64(90, "m")
    assert_equal(store.points("test", since=since).points, given.where(hour == hour.max()))
    of_r = given.where(given.satellite == satellite_code("R05"))
    assert_equal(store.points("test", satellites=["R05"]).points, of_r)


def test_new_content_of_a_file_takes_the_place_of_the_old(store):
    put(store, points(seed=1))
    put(store, points(100, seed=2))
    assert_equal(store.points("test").points, points(100, seed=2))


def test_files_are_kept_apart_and_may_be_left_out(store):
    store.put_file("test", FileRecord(**{**vars(RECORD), "path": "b.rnx", "sha256": "cd" * 32}))
    put(store, points(seed=1))
    put(store, points(seed=2), path="b.rnx")
    assert len(store.points("test").points) == 480
    assert_equal(store.points("test", without={("test", "a.rnx"): None}).points, points(seed=2))
    assert len(store.points("test", without={("other", "a.rnx"): None}).points) == 480


def test_old_hours_are_not_kept(store):
    given = points()
    hour = hour_of(given.time)
    put(store, given, since_hour=int(hour.min()) + 1)
    assert_equal(store.points("test").points, given.where(hour > hour.min()))
    store.drop_points("test", int(hour.max()))
    assert_equal(store.points("test").points, given.where(hour == hour.max()))
    first, last, number, size = store.points_kept("test")
    assert (first, last, number) == (hour.max(), hour.max(), (hour == hour.max()).sum())
    assert size > 0
    assert store.points_kept("other") is None


def test_points_go_with_their_file(store):
    put(store, points())
    store.forget_file("test", "a.rnx")
    assert len(store.points("test").points) == 0
