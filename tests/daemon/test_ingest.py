"""What becomes of single files: renamed, copied, growing, re-used, partly covered, tidied."""

import gzip
import itertools
import os
import shutil
import sqlite3

import numpy as np
import pandas as pd
import pytest

from daemon.config import load_config
from daemon.errors import ConfigError, StoreError
from daemon.jobs import run_once
from daemon.status import station_status, status_lines
from daemon.store import Store
from retrieval.apriori import height_at
from retrieval.equipment import equipment_token

NAME = "smpl"


@pytest.fixture
def day(sample):
    """Folder of the sample with the files of its first day alone: four and their navigation."""
    for path in [*sorted((sample / "inbox").iterdir())[4:], max((sample / "nav").iterdir())]:
        path.unlink()
    return sample


def configured(folder, *changes):
    """The configuration after replacing parts of its text."""
    path = folder / "soilglint.toml"
    text = path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)
    return load_config(path)


def inbox(folder):
    return sorted(path for path in (folder / "inbox").iterdir() if path.is_file())


def stored(config):
    with Store.reading(config.store.path) as store:
        return store.files(NAME), store.arcs(NAME)


def status(config):
    with Store.reading(config.store.path) as store:
        return station_status(config, store)


def half(path):
    """Text of a file up to the middle of its epochs, cut inside a line, and the whole."""
    text = gzip.decompress(path.read_bytes())
    middle = text.index(b"\n> ", len(text) // 2)
    return text[: middle + 10], text


def navigation_of(folder, drop):
    """Take satellites out of the sample's navigation file; return its whole bytes."""
    (path,) = (folder / "nav").iterdir()
    whole = path.read_bytes()
    text = gzip.decompress(whole)
    begin = text.index(b"\n", text.index(b"END OF HEADER")) + 1
    records, keep = [], True
    for line in text[begin:].splitlines(keepends=True):
        if line[:1] != b" ":
            keep = line[:3].decode() not in drop
        if keep:
            records.append(line)
    path.write_bytes(gzip.compress(text[:begin] + b"".join(records), mtime=0))
    return path, whole


class TestTidying:
    @pytest.mark.parametrize("keep", ["move", "delete"])
    def test_a_file_that_ends_early_stays_until_it_is_whole(self, day, keep):
        config = configured(day, ('keep = "leave"', f'keep = "{keep}"'))
        target = inbox(day)[-1]
        part, whole = half(target)
        target.write_bytes(gzip.compress(part))
        run_once(config)
        assert inbox(day) == [target]
        target.write_bytes(gzip.compress(whole))
        run_once(config)
        assert inbox(day) == []
        assert stored(config)[0][target.name].n_epochs == 720

    def test_a_file_that_has_not_settled_is_read_and_stays(self, day):
        config = configured(
            day, ('keep = "leave"', 'keep = "delete"'), ("settle_s = 0", "settle_s = 3600")
        )
        files = inbox(day)
        # What a copy says of its age does not count.
        os.utime(files[0], (0, 0))
        assert run_once(config).ingest.files == {"ingested": 5}
        assert inbox(day) == files

    def test_a_file_that_changes_while_it_is_read_stays(self, day, monkeypatch):
        config = configured(day, ('keep = "leave"', 'keep = "delete"'))
        target = inbox(day)[0]
        insert = Store.insert_arcs

        def grow(store, station, arcs):
            insert(store, station, arcs)
            with target.open("ab") as file:
                file.write(gzip.compress(b"COMMENT"))

        monkeypatch.setattr(Store, "insert_arcs", grow)
        run_once(config)
        assert inbox(day) == [target]

    def test_copies_are_tidied_like_their_originals(self, day):
        config = configured(day, ('keep = "leave"', 'keep = "move"'))
        run_once(config)
        original = sorted((day / "inbox" / "done").iterdir())[0]
        shutil.copy(original, day / "inbox" / "copy.rnx.gz")
        run_once(config)
        assert inbox(day) == []

    def test_a_failing_move_is_told_and_estimates_are_made(self, day):
        config = configured(day, ('keep = "leave"', 'keep = "move"'))
        (day / "inbox" / "done").write_text("a file where the folder should be")
        report = run_once(config)
        assert report.estimates.new > 0
        problem = report.ingest.problems["inbox.keep"]
        assert "and 3 more" in problem
        assert 'keep = "leave"' in problem


class TestPartialNavigation:
    def test_satellites_left_out_are_told_and_taken_when_navigation_comes(self, day):
        config = load_config(day / "soilglint.toml")
        path, whole = navigation_of(day, {"G05", "G14"})
        report = run_once(config)
        first = inbox(day)[0].name
        assert "no ephemeris for G05, G14" in report.ingest.notes[first]
        assert "G05, G14" in status(config)["files"]["notes"][first]
        files, arcs = stored(config)
        assert files[first].satellites == "G05 G14"
        assert not set(arcs["satellite"]) & {"G05", "G14"}
        assert not run_once(config).changed

        path.with_name("more.rnx.gz").write_bytes(whole)
        report = run_once(config)
        assert report.ingest.files == {"ingested": 5}
        files, arcs = stored(config)
        assert set(arcs["satellite"]) >= {"G05", "G14"}
        assert files[first].satellites == ""
        assert not run_once(config).changed

    def test_navigation_that_has_gone_takes_no_arcs_with_it(self, day):
        """A file lacks a satellite, and what brings it has none of the others."""
        config = load_config(day / "soilglint.toml")
        every = {f"G{number:02d}" for number in range(1, 33)}
        path, whole = navigation_of(day, {"G05"})
        run_once(config)
        before = stored(config)[1]
        path.write_bytes(whole)
        navigation_of(day, every - {"G05"})
        run_once(config)
        pd.testing.assert_frame_equal(stored(config)[1], before)
        assert not run_once(config).changed
        # With all at hand the satellite is taken.
        path.write_bytes(whole)
        run_once(config)
        assert set(stored(config)[1]["satellite"]) - set(before["satellite"]) == {"G05"}

    def test_navigation_of_other_satellites_changes_nothing(self, day):
        config = load_config(day / "soilglint.toml")
        path, _ = navigation_of(day, {"G05"})
        run_once(config)
        shutil.copy(path, path.with_name("again.rnx.gz"))
        text = gzip.decompress(path.read_bytes()).replace(b"\nG14 ", b"\nG13 ")
        path.with_name("other.rnx.gz").write_bytes(gzip.compress(text))
        assert run_once(config).ingest.files == {"ingested": 1}  # the navigation file itself

    def test_a_file_that_lacks_ephemerides_is_not_tidied_for_two_days(self, day):
        config = configured(day, ('keep = "leave"', 'keep = "delete"'))
        navigation_of(day, {f"G{number:02d}" for number in range(1, 17)})
        end = pd.Timestamp("2024-05-15T00:00Z")
        run_once(config, now=end + pd.Timedelta(hours=12))
        assert len(inbox(day)) == 4
        run_once(config, now=end + pd.Timedelta(days=3))
        assert inbox(day) == []

    @pytest.mark.parametrize("within", ["nav", "inbox"])
    def test_navigation_that_lies_elsewhere_now_is_used_from_there(self, day, within):
        config = configured(day, ('nav = ["nav/*.rnx.gz"]', 'nav = ["nav*/*.rnx.gz"]'))
        others = inbox(day)[1:]
        for path in others:
            path.rename(day / path.name)
        (navigation,) = (day / "nav").iterdir()
        if within == "inbox":
            navigation = navigation.rename(day / "inbox" / navigation.name)
        assert run_once(config).ingest.files == {"ingested": 2}
        (day / "nav2").mkdir()
        navigation.rename(day / ("inbox" if within == "inbox" else "nav2") / "other.rnx.gz")
        (day / others[0].name).rename(others[0])
        report = run_once(config)
        assert not report.problems
        assert report.ingest.arcs_new

    def test_navigation_that_came_back_is_tried_again(self, day):
        config = load_config(day / "soilglint.toml")
        held = inbox(day)
        for path in held:
            path.rename(day / path.name)
        run_once(config)  # navigation alone
        nav = (day / "nav").rename(day / "hidden")
        for path in held:
            (day / path.name).rename(path)
        assert run_once(config).ingest.files == {"waiting_orbits": 4}
        nav.rename(day / "nav")
        assert run_once(config).ingest.files == {"ingested": 4}


class TestNames:
    def test_a_name_that_is_no_utf8_is_taken_like_any_other(self, day):
        config = load_config(day / "soilglint.toml")
        first, second, *_ = inbox(day)
        raw = os.fsencode(first.parent) + b"/b\xe9\xff.rnx.gz"
        first.rename(os.fsdecode(raw))
        held = second.rename(day / second.name)
        assert run_once(config).ingest.problems == {}
        assert r"b\xe9\xff.rnx.gz" in stored(config)[0]
        # As a neighbour it is found again: an arc over the border comes out whole.
        held.rename(second)
        assert run_once(config).ingest.arcs_superseded > 0
        assert not run_once(config).changed

    def test_a_waiting_file_may_be_renamed(self, day):
        config = load_config(day / "soilglint.toml")
        hidden = (day / "nav").rename(day / "hidden")
        run_once(config)
        for path in inbox(day):
            path.rename(path.with_name(f"renamed_{path.name}"))
        assert run_once(config).ingest.files == {"waiting_orbits": 4}
        hidden.rename(day / "nav")
        assert run_once(config).ingest.files == {"ingested": 5}
        assert set(status(config)["files"]["problems"]) == set()

    def test_the_copy_of_a_file_that_was_not_taken_stands_in_for_it(self, day):
        config = configured(day, ("latitude_deg = 48.25", "latitude_deg = 48.26"))
        run_once(config)
        for path in inbox(day):
            shutil.copy(path, path.with_name(f"copy_{path.name}"))
            path.unlink()
        assert run_once(config).ingest.files == {"other_station": 4}
        config = configured(day, ("latitude_deg = 48.26", "latitude_deg = 48.25"))
        assert run_once(config).ingest.files == {"ingested": 4}

    def test_two_copies_that_arrive_together_are_taken_once(self, day):
        config = load_config(day / "soilglint.toml")
        first = inbox(day)[0]
        shutil.copy(first, first.with_name("a_copy.rnx.gz"))
        assert run_once(config).ingest.files == {"ingested": 5}
        assert not run_once(config).changed

    def test_orbit_patterns_that_name_the_inbox_do_not_block_it(self, day):
        nav = next((day / "nav").iterdir())
        nav.rename(day / "inbox" / nav.name)
        config = configured(day, ('nav = ["nav/*.rnx.gz"]', 'nav = ["inbox/*"]'))
        report = run_once(config)
        assert report.ingest.files == {"ingested": 5}
        assert report.ingest.problems == {}

    def test_a_name_that_is_used_again_leaves_earlier_arcs(self, day):
        config = load_config(day / "soilglint.toml")
        files = [path.read_bytes() for path in inbox(day)]
        for path in inbox(day):
            path.unlink()
        latest = day / "inbox" / "latest.rnx.gz"
        starts = []
        for content in files:
            latest.write_bytes(content)
            assert run_once(config).ingest.files["ingested"] >= 1
            starts.append(set(stored(config)[1]["start"]))
        assert all(len(a - b) <= 6 for a, b in itertools.pairwise(starts))
        assert len(starts[-1]) > 2 * len(starts[0])
        latest.write_bytes(files[0])
        assert not run_once(config).changed

    def test_a_corrected_file_replaces_what_it_was(self, day):
        config = load_config(day / "soilglint.toml")
        run_once(config)
        target = inbox(day)[1]
        text = gzip.decompress(target.read_bytes())
        # Without satellite G05 from the second hour on, over the same span.
        lines = text.splitlines(keepends=True)
        kept = [line for k, line in enumerate(lines) if k < 2000 or line[:3] != b"G05"]
        before = stored(config)[1]
        assert len(kept) < len(lines)
        target.write_bytes(gzip.compress(b"".join(kept)))
        run_once(config)
        assert stored(config)[1]["n_obs"].sum() < before["n_obs"].sum()

    def test_corrected_files_leave_nothing_of_what_they_were(self, day):
        """Arcs over the borders of files that lose observations follow, as those inside do."""
        config = load_config(day / "soilglint.toml")
        expected = load_config(shutil.copytree(day, day.with_name("corrected")) / "soilglint.toml")
        run_once(config)
        for path in inbox(day)[1:3]:
            head, *epochs = gzip.decompress(path.read_bytes()).split(b"\n> ")
            last = len(epochs) - 1
            kept = [text for k, text in enumerate(epochs) if k % 3 != 1 or k in (0, last)]
            assert len(kept) < len(epochs)
            content = gzip.compress(b"\n> ".join([head, *kept]))
            path.write_bytes(content)
            (expected.inbox.path / path.name).write_bytes(content)
        run_once(config)
        run_once(expected)
        pd.testing.assert_frame_equal(
            *(
                stored(one)[1].drop(columns="revision").reset_index(drop=True)
                for one in (config, expected)
            )
        )

    @pytest.mark.parametrize("what", ["clock", "navigation"])
    def test_what_a_growing_file_brought_stays_while_more_cannot_be_used(self, day, what):
        config = load_config(day / "soilglint.toml")
        for path in inbox(day)[1:]:
            path.unlink()
        (target,) = inbox(day)
        part, whole = half(target)
        target.write_bytes(gzip.compress(part))
        run_once(config)
        before = status(config)["observations_kept"]
        target.write_bytes(gzip.compress(whole))
        nav = day / "nav"
        if what == "navigation":
            nav = nav.rename(day / "hidden")
        now = pd.Timestamp("2024-05-14T02:00Z") if what == "clock" else None
        report = run_once(config, now=now)
        assert target.name in report.ingest.problems
        target.rename(day / target.name)
        run_once(config, now=now)
        # It may be taken away now: it has brought something.
        assert status(config)["observations_kept"] == before
        assert stored(config)[0][target.name].state == "ingested"
        (day / target.name).rename(target)
        nav.rename(day / "nav")
        run_once(config)
        assert stored(config)[0][target.name].n_epochs == 720

    def test_a_file_seen_while_it_was_rewritten_is_no_problem_afterwards(self, day):
        config = load_config(day / "soilglint.toml")
        run_once(config)
        target = inbox(day)[1]
        whole = target.read_bytes()
        target.write_bytes(b"")
        assert target.name in run_once(config).ingest.problems
        target.write_bytes(whole)
        run_once(config)
        assert status(config)["files"]["problems"] == {}
        assert not run_once(config).changed

    def test_our_own_files_in_the_inbox_are_no_data(self, day):
        shutil.move(day / "soilglint.toml", day / "inbox" / "soilglint.toml")
        config = configured(
            day / "inbox",
            ('path = "inbox"', 'path = "."'),
            ('patterns = ["*.rnx.gz"]', 'patterns = ["*"]'),
            ("nav/*", "../nav/*"),
        )
        for _ in range(2):
            assert run_once(config).ingest.problems == {}
        assert set(stored(config)[0]) >= {path.name for path in inbox(day) if "rnx" in path.name}

    def test_a_file_that_cannot_be_opened_stands_in_the_status(self, day, monkeypatch):
        from daemon.ingest import memory

        config = load_config(day / "soilglint.toml")
        first = inbox(day)[0].name
        fingerprint = memory.fingerprint

        def refusing(path, name):
            if name == first:
                raise PermissionError(13, "Permission denied")
            return fingerprint(path, name)

        monkeypatch.setattr(memory, "fingerprint", refusing)
        assert "owner" in run_once(config).ingest.problems[first]
        assert "owner" in status(config)["files"]["problems"][first]["reason"]
        assert not run_once(config).changed
        monkeypatch.undo()
        assert run_once(config).ingest.files == {"ingested": 1}
        assert status(config)["files"]["problems"] == {}

    def test_snr66_without_a_date_is_to_be_renamed(self, day):
        text = "  1   10.0000  120.0000      0.0  0.005  0.00 40.00 41.00  0.00  0.00  0.00\n"
        path = day / "inbox" / "table.rnx.gz"
        path.write_text(text * 2)
        config = load_config(day / "soilglint.toml")
        problem = run_once(config).ingest.problems["table.rnx.gz"]
        assert "mchl0100.25.snr66" in problem
        assert "--date" not in problem
        # And the same content by another name is looked at.
        path.rename(day / "inbox" / "smpl1350.24.snr66.rnx.gz")
        assert run_once(config).ingest.files == {"ingested": 1}

    @pytest.mark.parametrize(("name", "told"), [("othr", True), ("SMPL", False)])
    def test_snr66_of_another_name_is_noted(self, day, name, told):
        row = "  1   10.0000  120.0000 {:8.1f}  0.005  0.00 40.00 41.00  0.00  0.00  0.00\n"
        path = day / "inbox" / f"{name}1350.24.snr66"
        path.write_text("".join(row.format(30.0 * k) for k in range(20)))
        config = configured(day, ('patterns = ["*.rnx.gz"]', 'patterns = ["*"]'))
        note = run_once(config).ingest.notes.get(path.name, "")
        assert ("says station othr" in note) == told


def placed_elsewhere(path, position_m):
    """Write another position into the header of a file."""
    text = gzip.decompress(path.read_bytes())
    (line,) = (x for x in text.splitlines() if x.endswith(b"APPROX POSITION XYZ"))
    new = "".join(f"{x:14.4f}" for x in position_m).ljust(60) + "APPROX POSITION XYZ"
    path.write_bytes(gzip.compress(text.replace(line, new.encode())))


class TestOtherStations:
    def test_a_position_that_is_none_on_earth_stops_nothing(self, day):
        config = load_config(day / "soilglint.toml")
        first = inbox(day)[0]
        placed_elsewhere(first, (1.0, 2.0, 3.0))
        report = run_once(config, any_station=True)
        assert report.ingest.files == {"ingested": 4, "unreadable": 1}
        assert "none on Earth" in report.ingest.problems[first.name]
        assert not run_once(config, any_station=True).changed

    def test_one_marker_at_two_places_does_not_mix(self, day):
        config = load_config(day / "soilglint.toml")
        for path, y_m in zip(inbox(day), (0.0, 20.0, 5000.0, 0.0), strict=True):
            placed_elsewhere(path, (4076000.0, 1228000.0 + y_m, 4734000.0))
        report = run_once(config, any_station=True)
        assert report.ingest.files == {"ingested": 4, "other_station": 1}
        assert "5000 m away" in report.ingest.problems[inbox(day)[2].name]
        assert not run_once(config, any_station=True).changed

    def test_their_heights_have_nothing_to_do_with_our_antenna(self, day):
        config = configured(day, ("antenna_height_m = 1.8", "antenna_height_m = 5.0"))
        for path in inbox(day):
            placed_elsewhere(path, (4076000.0, 1228000.0, 4734000.0))
        run_once(config, any_station=True)
        with Store.reading(config.store.path) as store:
            (other,) = store.arc_numbers()
            heights = store.apriori_heights(other)
            arcs = store.arcs(other)
        assert other != NAME
        assert heights
        assert (arcs["apriori_height_m"] != 5.0).all()


def test_damage_and_truncation_are_told_per_file(day):
    config = load_config(day / "soilglint.toml")
    cut, broken, *_ = inbox(day)
    cut.write_bytes(gzip.compress(half(cut)[0]))
    text = gzip.decompress(broken.read_bytes())
    where = text.index(b"\n> ", len(text) // 2) + 5
    broken.write_bytes(gzip.compress(text[:where] + b"@@@@@@@" + text[where + 7 :]))
    report = run_once(config)
    assert "it ends early: line" in report.ingest.notes[cut.name]
    assert "line" in report.ingest.notes[broken.name]
    assert stored(config)[0][cut.name].cut
    text = "\n".join(status_lines(status(config)))
    assert f"note on {cut.name}: it ends early" in text
    assert f"note on {broken.name}" in text


def without_epoch(heights, arcs):
    """Return heights by keys without the token of the one equipment that the arcs are of."""
    (equipment,) = set(arcs["equipment"])
    token = f"#{equipment_token(equipment)}"
    assert all(key.endswith(token) for key in heights)
    return {key.removesuffix(token): height for key, height in heights.items()}


class TestHeights:
    def test_an_arc_refers_to_the_height_that_was_known_when_it_closed(self, day):
        config = load_config(day / "soilglint.toml")
        run_once(config)
        with Store.reading(config.store.path) as store:
            heights = store.apriori_heights(NAME)
            arcs = store.arcs(NAME)
        heights = without_epoch(heights, arcs)
        before, after = 0, 0
        for arc in arcs.itertuples():
            name = f"{arc.satellite[0]}{arc.signal}"
            known = {k: h.height_m for k, h in heights.items() if h.since <= arc.closed}
            height_m = height_at(known, name, arc.azimuth_deg)
            if np.isnan(height_m):
                before += 1
                height_m = config.station.antenna_height_m
            else:
                after += 1
            assert arc.apriori_height_m == height_m
        assert before > 5
        assert after > 100

    def test_a_height_is_the_median_of_the_first_ten_arcs_that_closed(self, day):
        config = load_config(day / "soilglint.toml")
        run_once(config)
        with Store.reading(config.store.path) as store:
            heights = store.apriori_heights(NAME)
            arcs = store.arcs(NAME)
        height = without_epoch(heights, arcs)["GS1C"]
        good = arcs[arcs["accepted"] & (arcs["signal"] == "S1C")].sort_values("closed")
        first = good.iloc[:10]
        assert height.n_arcs == 10
        assert height.since == first["closed"].iloc[-1]
        assert height.height_m == pytest.approx(first["reflector_height_m"].median(), abs=6e-5)

    def test_the_same_data_packed_anew_replace_no_arcs(self, day):
        config = load_config(day / "soilglint.toml")
        run_once(config)
        for path in inbox(day):
            path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()), 1))
        report = run_once(config)
        assert report.ingest.files == {"ingested": 4}
        assert (report.ingest.arcs_new, report.ingest.arcs_superseded) == (0, 0)


def thinned(text, every):
    """Text of an observation file with every so many-th epoch."""
    parts = text.split(b"\n> ")
    return b"\n> ".join([parts[0], *parts[1::every]]).rstrip(b"\n") + b"\n"


def test_a_slow_receiver_is_told_to_state_its_longest_pause(day):
    for path in inbox(day):
        text = thinned(gzip.decompress(path.read_bytes()), 8)  # every 240 s
        path.write_bytes(gzip.compress(text))
    config = load_config(day / "soilglint.toml")
    assert config.arc_settings().max_gap_s == 300.0
    note = next(iter(run_once(config).ingest.notes.values()))
    assert "every 240 s" in note
    assert "qc.max_gap_s = 720" in note
    config.store.path.unlink()
    stated = configured(day, ("[soil]", "[qc]\nmax_gap_s = 720\nmin_points = 10\n\n[soil]"))
    report = run_once(stated)
    assert report.ingest.arcs_new > 0
    assert not any("max_gap_s" in note for note in report.ingest.notes.values())


class TestSettings:
    def test_patterns_that_name_nothing_are_told(self, day):
        config = configured(
            day, ('nav = ["nav/*.rnx.gz"]', 'nav = ["nav", "nowhere/*.n"]\nsp3 = ["x.sp3"]')
        )
        report = run_once(config)
        notes = report.ingest.notes
        assert "is a folder" in notes["orbits.nav"]
        assert "nowhere/*.n" in notes["orbits.nav"]
        assert "x.sp3" in notes["orbits.sp3"]
        assert "prefer" in notes["orbits.sp3"]
        waiting = next(iter(report.ingest.problems.values()))
        assert "nowhere/*.n" in waiting
        assert "nowhere/*.n" in status(config)["notes"]["orbits.nav"]

    def test_orbits_that_prefer_leaves_out_are_told(self, day):
        config = configured(day, ('prefer = ["broadcast"]', 'prefer = ["sp3"]'))
        report = run_once(config)
        assert report.ingest.files == {"waiting_orbits": 4, "ingested": 1}
        problems = list(report.ingest.problems.values())
        assert all("orbits.prefer" in problem for problem in problems)
        config = configured(day, ('prefer = ["sp3"]', 'prefer = ["sp3", "broadcast"]'))
        assert run_once(config).ingest.files == {"ingested": 4}

    def test_arcs_of_other_settings_do_not_mix(self, day):
        config = load_config(day / "soilglint.toml")
        run_once(config)
        other = configured(day, ("elevation = [5, 25]", "elevation = [5, 20]"))
        with pytest.raises(ConfigError, match=r"station\.elevation was \[5\.0, 25\.0\]") as caught:
            run_once(other)
        assert "store" in str(caught.value)
        assert "qc.end_above_deg" in str(caught.value)
        assert "station.elevation" in status(other)["notes"]["settings"]

    def test_a_store_goes_with_its_stations_name(self, day):
        run_once(load_config(day / "soilglint.toml"))
        other = configured(day, ('name = "smpl"', 'name = "other"'))
        with pytest.raises(ConfigError, match='was "smpl" and is "other"'):
            run_once(other)
        assert "station.name" in status(other)["notes"]["settings"]

    def test_settings_of_the_model_may_change(self, day):
        run_once(load_config(day / "soilglint.toml"))
        config = configured(day, ('kind = "linear"', 'kind = "linear"\nmin_days = 20'))
        assert not run_once(config).changed


def test_a_store_on_a_disk_that_is_not_there_is_not_begun(day):
    elsewhere = day.parent / "disk" / "s.sqlite"
    config = configured(day, ('path = "soilglint.sqlite"', f'path = "{elsewhere}"'))
    with pytest.raises(StoreError, match="mounted"):
        run_once(config)
    beside = configured(day, (str(elsewhere), "deep/s.sqlite"))
    run_once(beside)
    assert (day / "deep" / "s.sqlite").exists()


def test_a_foreign_database_is_left_as_it_is(day):
    config = load_config(day / "soilglint.toml")
    connection = sqlite3.connect(config.store.path)
    connection.execute("CREATE TABLE notes (text)")
    connection.commit()
    connection.close()
    before = config.store.path.read_bytes()
    for _ in range(2):
        with pytest.raises(StoreError, match="no soilglint store"):
            run_once(config)
    with pytest.raises(StoreError, match="no soilglint store"):
        Store.reading(config.store.path)
    assert config.store.path.read_bytes() == before
