"""New firmware, another antenna: from the headers of files to arcs, heights and estimates."""

import gzip
import itertools
import random
import shutil

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from daemon.cli import app
from daemon.config import load_config
from daemon.jobs import run_once
from daemon.status import station_status, status_lines
from daemon.store import Store
from retrieval.arc_files import read_arc_table
from retrieval.equipment import equipment_token
from retrieval.fusion.track_identity import arc_identities

NAME = "smpl"
BEFORE = "0 | SIMULATED | 1 | 0 | CHOKE-RING NONE"
RECEIVER, ANTENNA = "REC # / TYPE / VERS", "ANT # / TYPE"
# The label, the value of the columns that change, where they begin, and the text that follows.
CHANGES = {
    "firmware": (RECEIVER, "1.2.3-beta", 40, BEFORE.replace(" | 1 |", " | 1.2.3-beta |")),
    "antenna": (ANTENNA, "TRM59800.00     SCIS", 20, "0 | SIMULATED | 1 | 0 | TRM59800.00 SCIS"),
}


def observations(folder):
    return sorted((folder / "inbox").iterdir())


def rewritten(path, label, value, column, _text):
    """Write another value into a header record of a packed file."""
    lines = gzip.decompress(path.read_bytes()).decode().split("\n")
    (at,) = (k for k, line in enumerate(lines) if line[60:].strip() == label)
    lines[at] = f"{lines[at][:column]}{value:20}"[:60].ljust(60) + label
    path.write_bytes(gzip.compress("\n".join(lines).encode(), mtime=0))


def stored(config):
    with Store.reading(config.store.path) as store:
        return store.arcs(NAME), store.apriori_heights(NAME)


@pytest.fixture(params=list(CHANGES))
def change(request):
    return CHANGES[request.param]


def test_the_second_day_has_new_tracks_and_heights(sample, change):
    for path in observations(sample)[4:]:
        rewritten(path, *change)
    config = load_config(sample / "soilglint.toml")
    run_once(config)
    arcs, heights = stored(config)
    after = change[-1]
    assert set(arcs["equipment"]) == {BEFORE, after}
    midnight = pd.Timestamp("2024-05-15T00:00Z")
    # Receivers count in GPS time, which is 18 s ahead of UTC: the files change at 23:59:42.
    new = arcs["equipment"] == after
    assert (arcs["start"][new] >= midnight - pd.Timedelta("18s")).all()
    assert (arcs["end"][~new] < midnight - pd.Timedelta("18s")).all()
    identities = arc_identities(arcs)[1]
    tokens = {text: equipment_token(text) for text in (BEFORE, after)}
    assert {name[-6:] for name in identities[new]} == {tokens[after]}
    assert {name[-6:] for name in identities[~new]} == {tokens[BEFORE]}
    for text in (BEFORE, after):
        good = arcs[arcs["accepted"] & (arcs["equipment"] == text) & (arcs["signal"] == "S1C")]
        first = good.sort_values("closed").iloc[:10]
        height = heights[f"GS1C#{tokens[text]}"]
        assert height.height_m == pytest.approx(first["reflector_height_m"].median(), abs=6e-5)
        assert height.since == first["closed"].iloc[-1]


def test_what_is_said_afterwards_calibrates_on_days_of_its_own(sample):
    for path in observations(sample)[4:]:
        rewritten(path, *CHANGES["firmware"])
    config = load_config(sample / "soilglint.toml")
    run_once(config)
    with Store.reading(config.store.path) as store:
        status = station_status(config, store)
        assert store.latest_equipment(NAME)[0] == CHANGES["firmware"][-1]
    assert status["arcs"]["days"] == 1  # of two
    assert status["equipment"]["since"].startswith("2024-05-1")
    assert f"heard by  {CHANGES['firmware'][-1]}, since 2024-05-1" in "\n".join(
        status_lines(status)
    )
    assert set(status["apriori_height_m"]) >= {"GS1C"}
    assert status["estimate"]["flag"] == "calibrating"


def test_the_order_in_which_files_come_does_not_count(sample, tmp_path):
    for path in observations(sample)[2:5]:  # changed, and changed back
        rewritten(path, *CHANGES["antenna"])
    whole = load_config(shutil.copytree(sample, tmp_path / "whole") / "soilglint.toml")
    run_once(whole)
    config = load_config(sample / "soilglint.toml")
    names = [path.name for path in observations(sample)]
    for name in names:
        (sample / "inbox" / name).rename(sample / name)
    random.Random(5).shuffle(names)
    for name in names:
        (sample / name).rename(sample / "inbox" / name)
        run_once(config)
    for one, other in zip(stored(config), stored(whole), strict=True):
        if isinstance(one, dict):
            assert one == other
        else:
            columns = [name for name in one.columns if name != "revision"]
            pd.testing.assert_frame_equal(
                one[columns].reset_index(drop=True), other[columns].reset_index(drop=True)
            )
    arcs, _ = stored(config)
    assert (arcs["equipment"] == BEFORE).any()
    # The same places of the sky have the same names before and after the time between.
    identity, started = arc_identities(arcs)[1], arcs["start"]
    own = (arcs["equipment"] == BEFORE) & arcs["accepted"]
    first = set(identity[own & (started < pd.Timestamp("2024-05-14T12:00Z"))])
    last = set(identity[own & (started > pd.Timestamp("2024-05-15T06:00Z"))])
    assert first & last


def test_files_of_one_time_whose_headers_disagree_make_no_arc_twice(sample):
    config = load_config(sample / "soilglint.toml")
    run_once(config)
    arcs, _ = stored(config)
    twin = observations(sample)[1]
    copy = twin.with_name(twin.name.replace("_R_", "_U_"))
    shutil.copy(twin, copy)
    rewritten(copy, *CHANGES["firmware"])
    run_once(config)
    again, _ = stored(config)
    places = ["satellite", "signal"]
    for _, series in again.sort_values("start").groupby(places):
        ends = series["end"].cummax()
        assert (series["start"].iloc[1:].to_numpy() > ends.iloc[:-1].to_numpy()).all()
    # Arcs that go on beyond the six hours have more points with the equipment of all files.
    assert len(again) == len(arcs)


def test_arcs_of_files_in_one_go_say_the_same(sample, tmp_path):
    for path in observations(sample)[4:]:
        rewritten(path, *CHANGES["antenna"])
    out = tmp_path / "arcs.csv"
    nav = itertools.chain.from_iterable(
        ("--nav", str(p)) for p in sorted((sample / "nav").iterdir())
    )
    paths = [str(path) for path in observations(sample)]
    done = CliRunner().invoke(app, ["arcs", *paths, *nav, "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "more than one receiver or antenna" in done.output
    arcs = read_arc_table(out)
    assert set(arcs["equipment"]) == {BEFORE, CHANGES["antenna"][-1]}
    run_once(config := load_config(sample / "soilglint.toml"))
    kept, _ = stored(config)
    both = arcs.merge(kept, on=["satellite", "signal", "start"], suffixes=("", "_kept"))
    assert len(both) == len(kept) <= len(arcs)
    assert np.array_equal(both["equipment"], both["equipment_kept"])
