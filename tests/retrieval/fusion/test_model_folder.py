"""A model in its folder: the same to the last bit, and nothing else is let in."""

import dataclasses
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from retrieval.errors import InputError, UnreadableFileError
from retrieval.fusion import model_folder
from retrieval.fusion.model_folder import FORMAT, load_model, save_model
from retrieval.fusion.model_kinds import forests
from retrieval.fusion.trained import train
from retrieval.fusion.weather_features import Weather

FOREST = {"trees": 20, "min_leaf": 2}
SIZES = {
    "auto": {"preset": "lm"},
    "fusion": {},
    "rf-mdi": FOREST,
    "rf-mda": FOREST,
    "svm": {"grid_cost": (1.0, 10.0), "grid_reach": (0.03,), "grid_epsilon": (0.1,)},
    "rbf": {"grid_units": (5, 20), "grid_ridge": (1e-3,)},
    "cnn": {"networks": 2, "max_epochs": 4},
    "linear": {},
    "mean-phase": {},
}
NAMES = tuple(SIZES)
FORESTS = ("rf-mdi", "rf-mda")
FILES = ("manifest.json", "tracks.csv", "arrays.npz", "forest.skops")
N_TRAIN = 45


def trained_on(station, name, **others):
    days, vwc = station.days[:N_TRAIN], station.vwc[:N_TRAIN]
    return train(station.arcs, days, vwc, name, **SIZES[name], **others)


@pytest.fixture(scope="module")
def models(station):
    return {name: trained_on(station, name) for name in NAMES}


@pytest.fixture(scope="module")
def saved(models, tmp_path_factory):
    """A folder of each model; not to be written to."""
    root = tmp_path_factory.mktemp("saved")
    for name, model in models.items():
        save_model(model, root / name)
    return root


@pytest.fixture
def folder(saved, tmp_path):
    """A forest's folder that may be spoilt."""
    return Path(shutil.copytree(saved / "rf-mdi", tmp_path / "model"))


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def write(folder, files=None, **changes):
    """Change files and the manifest, and make all hashes right again, as a forger would."""
    for name, content in (files or {}).items():
        (folder / name).write_bytes(content)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest |= changes
    for name in set(manifest["sha256"]) & set(FILES) - {"manifest.json"}:
        digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        manifest["sha256"][name] = digest
    manifest["sha256"]["manifest.json"] = model_folder._own_hash(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest))


def npz(folder, **changes):
    """Return the bytes of a folder's arrays with some changed, None for left out."""
    with np.load(folder / "arrays.npz") as file:
        arrays = {name: file[name] for name in file.files}
    arrays |= changes
    stream = io.BytesIO()
    np.savez(stream, **{name: one for name, one in arrays.items() if one is not None})
    return stream.getvalue()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("with_weather", [False, True])
def test_a_loaded_model_says_the_same_to_the_last_bit(
    station, models, tmp_path, name, with_weather
):
    weather, model = None, models[name]
    if with_weather:
        time = np.arange(station.days[0] - 40, station.days[-1] + 2).astype("datetime64[ns]")
        draws = np.random.default_rng(2)
        rain, temperature = draws.gamma(0.3, 8.0, len(time)), draws.normal(12, 4, len(time))
        weather = Weather(time, rain, temperature, np.timedelta64(1, "D"))
        model = trained_on(station, name, weather=weather)
    model = dataclasses.replace(model, station="fild")
    save_model(model, tmp_path / "deep" / "model", {"arcs": "12ab"})
    found = load_model(tmp_path / "deep" / "model")
    assert (found.model_id, found.record, found.rules, found.station) == (
        model.model_id,
        model.record,
        model.rules,
        "fild",
    )
    times = pd.date_range("2024-05-20", "2024-06-09", freq="5h", tz="UTC")
    for one in ("estimate", "estimate_days"):
        at = times if one == "estimate" else station.days[N_TRAIN:]
        expected = getattr(model, one)(station.arcs, at, weather=weather)
        said = getattr(found, one)(station.arcs, at, weather=weather)
        pd.testing.assert_frame_equal(said, expected, check_exact=True)
    # Estimates are rounded; what the models say is not.
    columns = np.random.default_rng(3).normal(0, 10, (50, len(model.features.names)))
    for bound in ("vwc", "lower", "upper"):
        np.testing.assert_array_equal(
            getattr(found.model.predict(columns), bound),
            getattr(model.model.predict(columns), bound),
        )
    manifest = json.loads((tmp_path / "deep" / "model" / "manifest.json").read_text())
    assert manifest["sources"] == {"arcs": "12ab"}
    assert manifest["format"] == FORMAT


@pytest.mark.parametrize("name", NAMES)
def test_equal_trainings_write_equal_files(station, models, saved, tmp_path, name):
    others = {"n_jobs": 2} if name in (*FORESTS, "auto", "fusion") else {}
    save_model(trained_on(station, name, **others), tmp_path / "again")
    expected = contents(saved / name)
    assert contents(tmp_path / "again") == expected
    assert set(expected) == {*FILES[:3], *forests(models[name].model)}


def test_what_has_no_number_is_null_in_the_manifest(station, tmp_path):
    flat = np.full(N_TRAIN, 0.2)
    model = train(station.arcs, station.days[:N_TRAIN], flat, "mean-phase")
    assert np.isnan(model.record.skill)
    save_model(model, tmp_path / "model")

    def refuse(text):
        raise AssertionError(f"{text} is no JSON")

    text = (tmp_path / "model" / "manifest.json").read_text()
    assert json.loads(text, parse_constant=refuse)["record"]["skill"] is None
    found = load_model(tmp_path / "model")
    assert np.isnan(found.record.skill)
    assert found.model_id == model.model_id


def test_a_model_replaces_the_one_before(models, folder):
    save_model(models["linear"], folder)
    assert load_model(folder).name == "linear"
    assert {path.name for path in folder.iterdir()} == set(FILES[:3])
    assert [path.name for path in folder.parent.iterdir()] == ["model"]


def test_a_link_to_a_folder_stays_one(models, folder, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(folder, target_is_directory=True)
    save_model(models["linear"], link)
    assert link.is_symlink()
    assert load_model(link).name == load_model(folder).name == "linear"


@pytest.mark.parametrize("failing", ["write_bytes", "replace"])
def test_an_interrupted_save_leaves_the_model_before(models, folder, monkeypatch, failing):
    before = contents(folder)
    real = getattr(Path, failing)

    def fail(path, *arguments):
        if path.suffix in (".part", ".npz"):
            raise OSError(28, "No space left on device")
        return real(path, *arguments)

    monkeypatch.setattr(Path, failing, fail)
    with pytest.raises(OSError, match="No space left"):
        save_model(models["linear"], folder)
    monkeypatch.undo()
    assert contents(folder) == before
    assert load_model(folder).name == "rf-mdi"
    save_model(models["linear"], folder)
    assert load_model(folder).name == "linear"


def test_a_folder_of_other_things_is_left_alone(models, folder, tmp_path):
    (folder / "notes.txt").write_text("mine")
    app = tmp_path / "app"
    app.mkdir()
    (app / "manifest.json").write_text('{"name": "a web page"}')
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "tracks.csv").write_text("mine")
    file = tmp_path / "file"
    file.write_text("mine")
    inside = tmp_path / "inside"
    (inside / "arrays.npz").mkdir(parents=True)
    (inside / "manifest.json").write_bytes((folder / "manifest.json").read_bytes())
    for one in (folder, app, broken, inside):
        before = sorted(one.iterdir())
        with pytest.raises(InputError, match="other things; name a new folder"):
            save_model(models["linear"], one)
        assert sorted(one.iterdir()) == before
    with pytest.raises(InputError, match="other things"):
        save_model(models["linear"], file)
    assert file.read_text() == "mine"


def test_a_model_that_is_not_kept_is_refused(station, tmp_path):
    model = train(station.arcs, station.days, station.vwc, "climatology")
    with pytest.raises(InputError, match="climatology: cannot be kept; use rf-mdi"):
        save_model(model, tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_there_must_be_a_folder(tmp_path):
    with pytest.raises(UnreadableFileError, match=r"no such file; .*soilglint train"):
        load_model(tmp_path / "none")
    (tmp_path / "file").write_text("x")
    with pytest.raises(UnreadableFileError, match="no such file"):
        load_model(tmp_path / "file")


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(UnreadableFileError, match=f"{name}: (there is no|cannot be read)"):
        load_model(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_pipe_is_not_waited_for(folder, name):
    (folder / name).unlink()
    os.mkfifo(folder / name)
    with pytest.raises(UnreadableFileError, match=f"{name}: is a pipe"):
        load_model(folder)


@pytest.mark.parametrize("name", FILES[1:])
def test_a_changed_or_cut_file_is_refused(folder, name):
    whole = (folder / name).read_bytes()
    place = len(whole) // 2
    flipped = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
    for content in (flipped, whole[:-1], b"", whole + b"\n"):
        (folder / name).write_bytes(content)
        with pytest.raises(UnreadableFileError, match=f"{name}: was changed since"):
            load_model(folder)


def test_no_number_of_the_manifest_can_be_changed(folder):
    path = folder / "manifest.json"
    whole = json.loads(path.read_text())

    def leaves(part, place=()):
        for key, value in part.items() if isinstance(part, dict) else enumerate(part):
            if isinstance(value, dict | list):
                yield from leaves(value, (*place, key))
            else:
                yield (*place, key)

    places = list(leaves(whole))
    assert ("learnt", "interval", "above_") in places
    for place in places:
        manifest = json.loads(path.read_text())
        part = manifest
        for key in place[:-1]:
            part = part[key]
        value = part[place[-1]]
        part[place[-1]] = value + 1 if isinstance(value, int | float) else f"{value}x"
        path.write_text(json.dumps(manifest))
        with pytest.raises(UnreadableFileError):
            load_model(folder)
        path.write_text(json.dumps(whole))
    load_model(folder)  # spaces are not what it says


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "is no JSON"),
        (b"", "is no JSON"),
        (b"\xff\xfe\x00", "is no JSON"),
        (b"[" * 200_000, "is no JSON"),
        (b"[]", "is no manifest"),
        (b'"text"', "is no manifest"),
        (b"{}", "is no manifest"),
        (b'{"format": "1"}', "is no manifest"),
        (b'{"format": 2}', "does not name the files"),
        (b'{"format": 2, "sha256": []}', "does not name the files"),
        (b'{"format": 1}', "is of format 1, and this soilglint reads 2; train the model again"),
        (b'{"format": 3}', "is of format 3, and this soilglint knows up to 2; update"),
    ],
)
def test_what_is_no_manifest_is_refused(folder, content, message):
    (folder / "manifest.json").write_bytes(content)
    with pytest.raises(UnreadableFileError, match=rf"manifest\.json: {message}"):
        load_model(folder)


def test_missing_keys_are_refused(folder):
    whole = json.loads((folder / "manifest.json").read_text())
    free = {"format", "sha256", "sources", "versions"}
    for key in set(whole) - free:
        manifest = {name: one for name, one in whole.items() if name != key}
        (folder / "manifest.json").write_text(json.dumps(manifest))
        write(folder)
        with pytest.raises(UnreadableFileError, match=f"model that can be used .*{key}"):
            load_model(folder)


@pytest.mark.parametrize("value", [None, 5, "text", [], {}, [[1, 2]], -1, float("inf")])
def test_keys_of_other_types_are_refused(saved, tmp_path, value):
    for name in NAMES:
        for key in ("record", "settings", "learnt", "features", "columns", "rules"):
            if value == {} and key in ("settings", "rules"):
                continue  # those that go without saying
            folder = Path(shutil.copytree(saved / name, tmp_path / f"{name}-{key}"))
            write(folder, **{key: value})
            with pytest.raises(UnreadableFileError):
                load_model(folder)


@pytest.mark.parametrize(
    "name", ["../x", "/etc/hostname", "..", ".", "", "a\0b", "sub/tracks.csv", "more.bin"]
)
def test_names_that_lead_elsewhere_are_not_followed(folder, name):
    (folder.parent / "x").write_bytes(b"secret")
    hashes = json.loads((folder / "manifest.json").read_text())["sha256"]
    for sha256 in ({**hashes, name: "0"}, {name: "0", "manifest.json": "0"}):
        write(folder, sha256=sha256)
        with pytest.raises(UnreadableFileError, match="does not name the files of a model"):
            load_model(folder)


def test_pickled_objects_are_not_run(folder, tmp_path):
    mark = tmp_path / "was-run"

    class Harm:
        def __reduce__(self):
            return (Path.touch, (mark,))

    harm = np.array([Harm()], dtype=object)
    write(folder, {"arrays.npz": npz(folder, **{"model.mdi_": harm})})
    with pytest.raises(UnreadableFileError, match="allow_pickle"):
        load_model(folder)
    assert not mark.exists()


def test_arrays_of_other_shapes_or_types_are_refused(folder):
    whole = contents(folder)
    with np.load(folder / "arrays.npz") as file:
        arrays = {name: file[name] for name in file.files}
    assert len(arrays) == 15
    for name, values in arrays.items():
        for other in (values[:-1], values[:, None], values.astype(np.float32), None):
            write(folder, {"arrays.npz": npz(folder, **{name: other})})
            with pytest.raises(UnreadableFileError):
                load_model(folder)
            (folder / "arrays.npz").write_bytes(whole["arrays.npz"])
    for content in (b"", b"PK", whole["arrays.npz"][:-30], b"\x93NUMPY"):
        write(folder, {"arrays.npz": content})
        with pytest.raises(UnreadableFileError, match="model that can be used"):
            load_model(folder)


@pytest.mark.parametrize("leaf", [-1, -(10**6), 10**6])
def test_leaves_that_are_in_no_tree_are_refused(folder, models, leaf):
    leaves = models["rf-mdi"].model.training_leaves_.copy()
    leaves[3, 5] = leaf
    write(folder, {"arrays.npz": npz(folder, **{"model.training_leaves_": leaves})})
    with pytest.raises(UnreadableFileError, match=r"skops: has a tree without the leaves"):
        load_model(folder)


def test_tracks_that_are_not_those_of_the_columns_are_refused(folder):
    lines = (folder / "tracks.csv").read_text().splitlines(keepends=True)
    for text in (
        "".join(lines[:-1]),
        lines[0],
        "".join([lines[0], *lines[2:]]),
        "".join(lines).replace("rising", "sideways"),
        "a,b\n1,2\n",
        "",
        "".join(lines).replace("1.8", "x"),
    ):
        write(folder, {"tracks.csv": text.encode()})
        with pytest.raises(UnreadableFileError, match="model that can be used"):
            load_model(folder)


def forged(folder, change):
    """Return a forest file in which a change was made to the nodes of every tree."""
    stream = io.BytesIO()
    with zipfile.ZipFile(folder / "forest.skops") as file, zipfile.ZipFile(stream, "w") as new:
        changed = 0
        for name in file.namelist():
            content = file.read(name)
            if name.endswith(".npy"):
                values = np.load(io.BytesIO(content))
                if values.dtype.names and "left_child" in values.dtype.names:
                    change(values)
                    changed += 1
                    part = io.BytesIO()
                    np.save(part, values)
                    content = part.getvalue()
            new.writestr(name, content)
    assert changed == 20
    return stream.getvalue()


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("left_child", 10**6, "points outside of itself"),
        ("right_child", 10**6, "points outside of itself"),
        ("left_child", -5, "points outside of itself"),
        ("right_child", 0, "points outside of itself"),  # round and round
        ("left_child", -1, "points outside of itself"),
        ("feature", 10**6, "a column that is not there"),
        ("feature", -2, "a column that is not there"),
    ],
)
def test_trees_that_lead_out_of_their_memory_are_refused(folder, field, value, message):
    def change(nodes):
        nodes[field][0] = value

    write(folder, {"forest.skops": forged(folder, change)})
    with pytest.raises(UnreadableFileError, match=rf"forest\.skops: has a tree .*{message}"):
        load_model(folder)


@pytest.mark.parametrize(
    ("count", "message"), [(0, "other nodes than it says"), (3, "points outside of itself")]
)
def test_trees_of_other_nodes_than_they_say_are_refused(folder, count, message):
    with zipfile.ZipFile(folder / "forest.skops") as file:
        parts = {name: file.read(name) for name in file.namelist()}
    schema = parts["schema.json"].decode()
    state = json.loads(schema)

    def recount(part):
        if isinstance(part, dict):
            for key, value in part.items():
                if key == "node_count" and isinstance(value, dict) and "content" in value:
                    value["content"] = str(count)
                else:
                    recount(value)
        elif isinstance(part, list):
            for value in part:
                recount(value)

    recount(state)
    assert state != json.loads(schema)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for name, content in (parts | {"schema.json": json.dumps(state).encode()}).items():
            file.writestr(name, content)
    write(folder, {"forest.skops": stream.getvalue()})
    with pytest.raises(UnreadableFileError, match=message):
        load_model(folder)


def test_only_the_forest_of_these_columns_is_taken(folder, station):
    from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor
    from sklearn.linear_model import LinearRegression
    from skops.io import dumps

    columns, vwc = np.zeros((20, 3)), np.arange(20.0)
    for other, message in (
        (RandomForestRegressor(20).fit(columns, vwc), "forest of 3 columns, expected"),
        (RandomForestRegressor(5).fit(columns, vwc), "not a forest of 20 trees"),
        (ExtraTreesRegressor(20).fit(columns, vwc), "is not a forest"),
        (LinearRegression().fit(columns, vwc), "is not a forest"),
        ({"a": 1}, "is not a forest"),
    ):
        write(folder, {"forest.skops": dumps(other)})
        with pytest.raises(UnreadableFileError, match=rf"forest\.skops: {message}|{message}"):
            load_model(folder)


def test_types_that_a_forest_has_no_need_of_are_refused(folder):
    from skops.io import dumps

    write(folder, {"forest.skops": dumps({"path": Path.touch, "of": os.getcwd})})
    with pytest.raises(UnreadableFileError, match=r"forest\.skops: holds .*do not use it"):
        load_model(folder)
    for content in (b"", b"PK\x03\x04", (folder / "arrays.npz").read_bytes()):
        write(folder, {"forest.skops": content})
        with pytest.raises(UnreadableFileError):
            load_model(folder)


@pytest.mark.parametrize("name", ["rf-mda", "svm", "rbf", "cnn"])
def test_what_a_rival_has_learnt_comes_back_whole(models, saved, name):
    model, found = models[name].model, load_model(saved / name).model
    assert type(found) is type(model)
    for attribute in ("size_", "choice_", "grid_rmse_", "epochs_"):
        assert getattr(found, attribute, None) == getattr(model, attribute, None)
    for attribute in ("weights_", "mda_", "mdi_"):
        np.testing.assert_array_equal(
            getattr(found, attribute, None), getattr(model, attribute, None)
        )
    for bound in ("vwc", "lower", "upper"):
        np.testing.assert_array_equal(
            getattr(found.out_of_fold_, bound), getattr(model.out_of_fold_, bound)
        )


@pytest.mark.parametrize("name", ["svm", "rbf", "cnn"])
def test_arrays_of_rivals_that_do_not_fit_are_refused(saved, tmp_path, name):
    folder = Path(shutil.copytree(saved / name, tmp_path / "model"))
    whole = contents(folder)["arrays.npz"]
    with np.load(folder / "arrays.npz") as file:
        arrays = {key: file[key] for key in file.files}
    own = [key for key in arrays if key.startswith(("units.", "networks."))]
    assert len(own) == (12 if name == "cnn" else 6)
    for key in own:
        values = arrays[key]
        spoilt = values.copy()
        spoilt.reshape(-1)[0] = np.nan
        for other in (values[None], values.astype(np.float32), spoilt, None):
            write(folder, {"arrays.npz": npz(folder, **{key: other})})
            with pytest.raises(UnreadableFileError):
                load_model(folder)
            (folder / "arrays.npz").write_bytes(whole)


@pytest.mark.parametrize(
    "change",
    [
        {"channels": 4},
        {"networks": 3},
        {"order": [0, 0, 1]},
        {"order": [0, 1]},
        {"kernel": 7},
        {"hidden": 10**9},
    ],
)
def test_networks_that_are_not_those_of_the_settings_are_refused(saved, tmp_path, change):
    folder = Path(shutil.copytree(saved / "cnn", tmp_path / "model"))
    settings = json.loads((folder / "manifest.json").read_text())["settings"]
    write(folder, settings=settings | change)
    with pytest.raises(UnreadableFileError, match="model that can be used"):
        load_model(folder)


def test_a_network_is_loaded_without_torch(saved):
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from retrieval.fusion.model_folder import load_model\n"
        "print(load_model(Path(sys.argv[1])).name, 'torch' in sys.modules)\n"
    )
    command = [sys.executable, "-c", code, str(saved / "cnn")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["cnn", "False"]


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        *((name, {"n_tracks": k}) for name in ("auto", "fusion", "rf-mdi") for k in (1, 5)),
        *((name, {"n_evidence": 0}) for name in ("auto", "fusion")),
    ],
)
def test_settings_of_other_columns_are_refused(saved, tmp_path, name, changed):
    folder = Path(shutil.copytree(saved / name, tmp_path / name))
    settings = json.loads((folder / "manifest.json").read_text())["settings"]
    write(folder, settings={**settings, **changed})
    with pytest.raises(UnreadableFileError, match=r"settings: n_|index.spread is"):
        load_model(folder)


@pytest.mark.parametrize("value", ["x", float("nan"), 1e300, [1.0, 2.0]])
def test_numbers_that_are_none_are_refused(saved, tmp_path, value):
    folder = Path(shutil.copytree(saved / "linear", tmp_path / "linear"))
    learnt = json.loads((folder / "manifest.json").read_text())["learnt"]
    write(folder, learnt={**learnt, "level_": value})
    with pytest.raises(UnreadableFileError, match="model that can be used"):
        load_model(folder)


@pytest.mark.parametrize("share", [float("nan"), 5.0, -1.0, 0.0])
def test_shares_that_are_none_are_refused(saved, tmp_path, share):
    folder = Path(shutil.copytree(saved / "auto", tmp_path / "auto"))
    learnt = json.loads((folder / "manifest.json").read_text())["learnt"]
    first = next(iter(learnt["share_"]))
    write(folder, learnt={**learnt, "share_": {**learnt["share_"], first: share}})
    with pytest.raises(UnreadableFileError, match="model that can be used"):
        load_model(folder)
