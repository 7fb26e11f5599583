"""The account of a shelf: what becomes of models in their places, and of a damaged file."""

import json

import pytest

from daemon.errors import ModelError, UsageError
from daemon.shelf import Placed, Shelf, Source, State
from daemon.shelf_file import change_shelf, drop_partials, read_shelf, shelf_stamp

FIRST = Placed(model_id="linear-0", source=Source.CONFIGURATION, since="", why="configured")


def model(number):
    return Placed(model_id=f"fusion-{number}", since=f"2024-06-0{number}T00:00:00Z", why="better")


def states(shelf):
    return [(state.value, placed.model_id) for state, placed in shelf]


def test_the_first_one_follows_that_of_the_configuration():
    shelf = Shelf().put_in_shadow(model(1))
    assert shelf.in_use is None
    shelf = shelf.put_in_use(model(1), FIRST)
    assert states(shelf) == [("in_use", "fusion-1"), ("before", "linear-0")]
    back = shelf.roll_back("2024-06-09T00:00:00Z", "by hand")
    assert states(back) == [("in_use", "linear-0"), ("refused", "fusion-1")]
    assert back.in_use.source is Source.CONFIGURATION
    assert (back.in_use.since, back.refused[0].why) == ("2024-06-09T00:00:00Z", "by hand")
    with pytest.raises(UsageError, match="no model was in use before"):
        back.roll_back("", "")


def test_each_rollback_goes_one_further_back():
    shelf = Shelf()
    for number in (1, 2, 3):
        shelf = shelf.put_in_use(model(number), FIRST)
    for expected in ("fusion-2", "fusion-1", "linear-0"):
        shelf = shelf.roll_back("", "by hand")
        assert shelf.in_use.model_id == expected
    # What came back may be put in use again, and stands in one place alone.
    shelf = shelf.put_in_use(shelf.find("fusion-3"), FIRST)
    assert sorted(states(shelf)) == [
        ("before", "linear-0"),
        ("in_use", "fusion-3"),
        ("refused", "fusion-1"),
        ("refused", "fusion-2"),
    ]


def test_a_newer_one_takes_the_place_in_shadow():
    shelf = Shelf().put_in_shadow(model(1)).put_in_shadow(model(2))
    assert states(shelf) == [("shadow", "fusion-2"), ("refused", "fusion-1")]
    assert "fusion-2 took its place" in shelf.refused[0].why


def test_old_models_are_discarded_and_those_of_the_configuration_never():
    shelf = Shelf()
    for number in range(1, 9):
        shelf = shelf.put_in_use(model(number), FIRST)
    assert [placed.model_id for placed in shelf.before] == [f"fusion-{n}" for n in (7, 6, 5, 4, 3)]
    assert shelf.discarded == ("fusion-1", "fusion-2")
    shelf = Shelf()
    for number in range(1, 6):
        shelf = shelf.refuse(model(number))
    assert [state for state, _ in shelf] == [State.REFUSED] * 3
    assert shelf.discarded == ("fusion-1", "fusion-2")
    # One that is trained again is not thrown away.
    assert "fusion-1" not in shelf.put_in_shadow(model(1)).discarded


def test_what_is_written_is_read_and_folders_without_a_place_are_taken_away(tmp_path):
    folder = tmp_path / "models"
    assert read_shelf(folder, "fild") == Shelf()
    assert shelf_stamp(folder) is None
    told = Placed(**{**vars(model(1)), "training": {"days": 50}, "comparison": {"days": 9}})
    written = change_shelf(folder, "fild", lambda shelf: shelf.put_in_use(told, FIRST))
    assert read_shelf(folder, "fild") == written
    stamp = shelf_stamp(folder)
    change_shelf(folder, "fild", lambda shelf: shelf)
    assert shelf_stamp(folder) == stamp
    for number in range(1, 6):
        (folder / f"fusion-{number}").mkdir()
    for number in range(2, 6):
        change_shelf(folder, "fild", lambda shelf, n=number: shelf.refuse(model(n)))
    assert shelf_stamp(folder) != stamp
    kept = {path.name for path in folder.iterdir() if path.is_dir()}
    assert kept == {"fusion-1", "fusion-3", "fusion-4", "fusion-5"}


def test_a_change_that_fails_leaves_the_account_as_it_was(tmp_path):
    change_shelf(tmp_path, "fild", lambda shelf: shelf.refuse(model(1)))
    before = (tmp_path / "shelf.json").read_bytes()
    with pytest.raises(UsageError):
        change_shelf(tmp_path, "fild", lambda shelf: shelf.roll_back("", ""))
    assert (tmp_path / "shelf.json").read_bytes() == before
    (tmp_path / ".soilglint-abc.json").write_text("{")
    drop_partials(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["shelf.json", "shelf.lock"]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda told: "{", "is no account of a shelf"),
        (lambda told: json.dumps([told]), "is no account of a shelf"),
        (lambda told: json.dumps({**told, "station": "othr"}), "is of station othr, this one is"),
        (lambda told: json.dumps({**told, "format": 2}), "update soilglint"),
        (
            lambda told: json.dumps(told).replace("fusion-1", "../fusion-1"),
            "'../fusion-1' is no name of a model",
        ),
        (lambda told: json.dumps(told).replace('"why"', '"wy"'), "is no account"),
        (lambda told: json.dumps({**told, "discarded": [".."]}), "is no name of a model"),
    ],
)
def test_an_account_that_cannot_be_used_is_refused_with_its_key(tmp_path, damage, words):
    change_shelf(tmp_path, "fild", lambda shelf: shelf.put_in_use(model(1), FIRST))
    path = tmp_path / "shelf.json"
    path.write_text(damage(json.loads(path.read_text())))
    with pytest.raises(ModelError) as caught:
        read_shelf(tmp_path, "fild")
    assert words in str(caught.value)
    assert str(path) in str(caught.value)
    assert caught.value.key == "model.shelf"
