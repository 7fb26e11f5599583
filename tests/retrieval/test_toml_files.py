"""Faults of a file that people write, worded so that they can mend it."""

import os
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field, model_validator

from retrieval.errors import InputError, UnreadableFileError
from retrieval.toml_files import Section, Wording, check_sections, load_sections


class Lamp(Section):
    """``[[lamp]]``."""

    watts: float = Field(gt=0, le=100)
    colour: Literal["red", "green"] = "red"
    rooms: tuple[str, ...] = ()


class Switch(Section):
    """``[switch]``."""

    count: int = Field(default=1, ge=1)
    lit: bool = False
    path: Path | None = None
    since: date | None = None
    at: datetime | None = None
    names: tuple[Annotated[str, Field(pattern=r"^[a-z]+$")], ...] = ()

    @model_validator(mode="after")
    def _not_thirteen(self) -> "Switch":
        if self.count == 13:
            raise ValueError("thirteen switches are one too many")
        return self


class House(Section):
    """The whole file."""

    title: str
    switch: Switch = Switch()
    lamp: tuple[Lamp, ...] = ()


WORDING = Wording(
    what="give a house",
    lists={"switch.names": '["a", "b"]'},
    tables={"lamp": "its watts"},
    hints={"title": '; such as title = "home"', "lamp.watts": "; how bright"},
    texts={"switch.names": "expected small letters"},
)


@pytest.fixture
def house(tmp_path):
    def load(text: str | bytes) -> House:
        path = tmp_path / "house.toml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return load_sections(House, path, WORDING)

    return load


def test_a_file_becomes_its_sections(house):
    found = house(
        'title = "home"\n[switch]\ncount = 2\nlit = true\npath = "x/y"\nsince = 2024-05-14\n'
        'at = 2024-05-14T06:00:00\nnames = ["a"]\n[[lamp]]\nwatts = 5\n[[lamp]]\nwatts = 7.5\n'
    )
    assert found.switch.path == Path("x/y")
    assert found.switch.since == date(2024, 5, 14)
    assert found.switch.at == datetime(2024, 5, 14, 6)
    assert [lamp.watts for lamp in found.lamp] == [5.0, 7.5]
    assert house('title = "bare"\n').switch == Switch()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", 'title is missing; such as title = "home"'),
        ('titel = "x"\n', "titel is not known; did you mean title?"),
        (
            'title = "x"\n[switsh]\ncount = 1\n',
            "section [switsh] is not known; did you mean switch",
        ),
        ('title = "x"\n[switch]\ncuont = 1\n', "switch.cuont is not known; did you mean count?"),
        ('title = "x"\n[switch]\nzebra = 1\n', "switch.zebra is not known; known here: count, lit"),
        ('[switch]\ntitle = "x"\n', "it stands at the top of the file, above the first section"),
        ("title = 3\n", "title = 3: expected text in quotes"),
        ('title = "x"\nswitch = 3\n', "switch = 3: expected a section, [switch] on a line of its"),
        ('title = "x"\n[switch]\ncount = 1.5\n', "switch.count = 1.5: expected a whole number"),
        (
            'title = "x"\n[switch]\ncount = "2"\n',
            'count = "2": expected a whole number, without quo',
        ),
        (
            'title = "x"\n[switch]\ncount = 0\n',
            "switch.count = 0: should be greater than or equal to",
        ),
        (
            'title = "x"\n[switch]\nlit = "yes"\n',
            'lit = "yes": expected true or false, without quotes',
        ),
        ('title = "x"\n[switch]\nlit = 1\n', "switch.lit = 1: expected true or false"),
        ('title = "x"\n[switch]\nsince = 2024-05-14T06:00:00\n', "expected a date alone, such as"),
        ('title = "x"\n[switch]\nnames = "a"\n', 'names = "a": expected a list such as ["a", "b"]'),
        ('title = "x"\n[switch]\nnames = ["a", "B"]\n', 'names.1 = "B": expected small letters'),
        ('title = "x"\n[switch]\ncount = 13\n', "thirteen switches are one too many"),
        (
            'title = "x"\n[lamp]\nwatts = 3\n',
            "expected [[lamp]] on a line of its own, with two brac",
        ),
        ('title = "x"\n[[lamp]]\n', "watts is missing; how bright"),
        ('title = "x"\n[[lamp]]\nwatts = nan\n', "watts = NaN: expected a finite number"),
        ('title = "x"\n[[lamp]]\nwatts = inf\n', "watts = Infinity: "),
        ('title = "x"\n[[lamp]]\nwatts = 3\ncolour = "blue"\n', 'expected "red" or "green"'),
    ],
)
def test_a_fault_names_its_key_the_value_and_the_remedy(house, tmp_path, text, says):
    with pytest.raises(InputError) as caught:
        house(text)
    assert says in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path}/house.toml: ")


def test_every_fault_has_its_line_and_stands_once(house):
    with pytest.raises(InputError) as caught:
        house("[switch]\ncount = 0\nlit = 2\n[[lamp]]\nwatts = 3\n[[lamp]]\nwatts = 300\n")
    lines = str(caught.value).split("\n")
    assert len(lines) == len(set(lines)) == 4
    # People count the second table as the second.
    assert any("lamp (table 2): watts = 300: " in line for line in lines)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"title = \xff\n", r"expected UTF-8 text, found byte 0xff at position 8; save the file"),
        ("\ufefftitle = 'x'\n".encode(), r"begins with a byte order mark"),
        ("title = 'ü'\n".encode("utf-16"), r"expected UTF-8 text"),
        (b"title = \n", r"not valid TOML: .*line 1"),
        (b"title = 'x'\ntitle = 'y'\n", r"not valid TOML: "),
    ],
)
def test_what_is_no_toml_is_refused(house, content, says):
    with pytest.raises(UnreadableFileError, match=says):
        house(content)


def test_what_is_no_file_is_refused(tmp_path):
    with pytest.raises(UnreadableFileError, match=r"there is no such file; give a house"):
        load_sections(House, tmp_path / "absent.toml", WORDING)
    with pytest.raises(UnreadableFileError, match=r"house|directory"):
        load_sections(House, tmp_path, WORDING)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnreadableFileError, match=r"give a house"):
        load_sections(House, tmp_path / "pipe", WORDING)


def test_a_kind_of_file_may_speak_in_its_own_words(tmp_path):
    def of_own(fault: str, key: str, value: object) -> str | None:
        return f"{value} watts glow" if key == "lamp.watts" else None

    path = tmp_path / "house.toml"
    path.write_text('title = "x"\n[[lamp]]\nwatts = 300\n')
    with pytest.raises(InputError, match="300 watts glow"):
        load_sections(House, path, Wording(what="", of_own=of_own))


def test_changes_that_come_from_a_program_are_judged_alike():
    found = check_sections(House, {"title": "x", "lamp": ({"watts": 3.0},)}, WORDING)
    assert found.lamp[0].watts == 3
    with pytest.raises(InputError, match=r"^switch\.count = 0: should be greater"):
        check_sections(House, {"title": "x", "switch": {"count": 0}}, WORDING)


def test_sections_cannot_be_changed_in_place(house):
    with pytest.raises(ValueError, match="frozen"):
        house('title = "x"\n').title = "y"
