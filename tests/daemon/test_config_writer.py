import dataclasses
import re
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.config import Config, load_config
from daemon.config_keys import EXPLANATIONS, configuration_keys
from daemon.config_writer import (
    Answers,
    chosen_signals,
    configuration_text,
    is_station_name,
    write_configuration,
)
from daemon.errors import UsageError
from daemon.station_facts import SignalFacts, StationFacts
from retrieval.errors import UnknownSignalError

FACTS = StationFacts(
    files=("farm1350.24o",),
    orbit_files=(),
    marker="FARM",
    name="farm",
    position=(48.25, 16.75, 200.0),
    position_of_fixes=False,
    marker_to_antenna_m=0.216,
    interval_s=30.0,
    receiver="17 MAKER MODEL 1.0",
    antenna="4 DISH NONE",
    first="2024-05-14T00:00:00Z",
    last="2024-05-14T23:59:30Z",
    signals=(
        SignalFacts("GS1C", 30000, 31),
        SignalFacts("GS2L", 20000, 24),
        SignalFacts("GS2W", 29000, 31, "tracked without the code"),
    ),
    needs_orbits=True,
    notes=(),
)
ANSWERS = Answers(name="farm", position=(48.25, 16.75, 200.0), texture="clay loam")
# A key that keeps its default, or a section that is absent: the mark, and no blank after it.
DEFAULT = re.compile(r"^#(?=\w+ = |\[)", re.M)


def loaded(text, folder):
    path = folder / "farm.toml"
    path.write_text(text, encoding="utf-8")
    return load_config(path)


def keys_by_section(text):
    found, section = {}, None
    for line in text.splitlines():
        if header := re.fullmatch(r"#?\[(\w+)\]", line):
            section = found.setdefault(header[1], [])
        elif key := re.match(r"#?(\w+) =", line):
            section.append(key[1])
    return found


def test_every_key_of_every_section_is_there_once():
    sections = {}
    for name, field in Config.model_fields.items():
        # A section that may be absent is written `Section | None`.
        kinds = (field.annotation, *get_args(field.annotation))
        sections[name] = list(next(k for k in kinds if hasattr(k, "model_fields")).model_fields)
    assert keys_by_section(configuration_text(FACTS, ANSWERS)) == sections


@pytest.mark.parametrize(("interval_s", "gap_s"), [(None, None), (30.0, None), (240.0, 720.0)])
def test_a_slow_receiver_gets_its_longest_pause(tmp_path, interval_s, gap_s):
    facts = dataclasses.replace(FACTS, interval_s=interval_s)
    assert loaded(configuration_text(facts, ANSWERS), tmp_path).qc.max_gap_s == gap_s


def test_every_section_and_key_is_explained():
    names = {
        name
        for section in configuration_keys()
        for name in (section.name, *(f"{section.name}.{key.name}" for key in section.keys))
    }
    assert set(EXPLANATIONS) == names


def test_answers_and_facts_arrive_in_the_configuration(tmp_path):
    answers = replace(
        ANSWERS, antenna_height_m=1.8, inbox="in box", store="s.sqlite", nav=("nav/*.n", "x.n")
    )
    config = loaded(configuration_text(FACTS, answers), tmp_path)
    station = config.station
    assert (station.name, station.antenna_height_m) == ("farm", 1.8)
    assert (station.latitude_deg, station.longitude_deg, station.height_m) == (48.25, 16.75, 200.0)
    assert config.inbox.path == tmp_path / "in box"
    assert config.store.path == tmp_path / "s.sqlite"
    assert config.orbits.nav == (f"{tmp_path}/nav/*.n", f"{tmp_path}/x.n")
    assert config.soil.texture == "clay loam"
    assert config.signals.use == ("GS1C", "GS2L")


def test_the_mark_taken_away_from_every_line_changes_nothing(tmp_path):
    text = configuration_text(FACTS, ANSWERS)
    assert len(DEFAULT.findall(text)) > 25
    before = loaded(text, tmp_path)
    after = loaded(DEFAULT.sub("", text), tmp_path)
    for name, section in before:
        for key, value in section or ():
            if value is not None:
                assert getattr(getattr(after, name), key) == value, f"{name}.{key}"
    # Keys that are absent by default show the value that holds without them.
    assert after.arc_settings().start_below_deg == before.arc_settings().start_below_deg
    assert after.arc_settings().end_above_deg == before.arc_settings().end_above_deg
    assert after.soil.limits == before.soil.limits
    assert after.model_settings() == before.model_settings()


def test_signals_left_out_are_comments_with_their_reason():
    text = configuration_text(FACTS, ANSWERS)
    assert '    "GS1C",  # 30000 values of 31 satellites\n' in text
    assert '    # "GS2W",  # 29000 values of 31 satellites: tracked without the code\n' in text


def test_a_selection_wins_over_the_recommendation(tmp_path):
    text = configuration_text(FACTS, replace(ANSWERS, signals=("GS2W", "ES1C")))
    assert loaded(text, tmp_path).signals.use == ("GS2W", "ES1C")
    assert '# "GS1C",  # 30000 values of 31 satellites: not selected' in text
    assert '"ES1C",  # not in the file' in text
    with pytest.raises(UnknownSignalError, match="GS1C, GS2L, GS2W"):
        chosen_signals(FACTS, ("ES1C",))


def test_where_something_speaks_against_all_signals_all_are_used():
    facts = replace(FACTS, signals=(SignalFacts("GS2W", 10, 1, "why not"),))
    assert chosen_signals(facts, ()) == ("GS2W",)


def test_the_header_tells_where_things_come_from():
    text = configuration_text(FACTS, ANSWERS)
    for words in ("farm1350.24o", "marker FARM", "every 30 s", "17 MAKER MODEL 1.0", "4 DISH NONE"):
        assert words in text.split("[station]")[0]
    assert "0.216 m are above the marker, not the ground" in " ".join(text.split())
    assert "The observations need it" in text
    assert "The observations need it" not in configuration_text(
        replace(FACTS, needs_orbits=False), ANSWERS
    )


def test_the_position_says_where_it_comes_from():
    def comment(facts, answers=ANSWERS):
        return " ".join(configuration_text(facts, answers).split("latitude_deg =")[0].split())

    assert "header (APPROX POSITION XYZ)" in comment(FACTS)
    fixes = comment(replace(FACTS, position_of_fixes=True))
    assert "Position: the median of the fixes in the NMEA text" in fixes
    assert "APPROX" not in fixes
    assert "Position:" not in comment(FACTS, replace(ANSWERS, position=(48.0, 16.0, 1.0)))


def test_lines_are_short_enough_to_read():
    assert max(map(len, configuration_text(FACTS, ANSWERS).splitlines())) <= 100


@given(st.text(), st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_text_of_header_or_user_makes_a_configuration_that_loads(tmp_path_factory, odd, name):
    facts = replace(FACTS, marker=odd, receiver=odd, antenna=odd, files=(odd,))
    answers = replace(ANSWERS, inbox=name, nav=(name,))
    folder = tmp_path_factory.getbasetemp()
    config = loaded(configuration_text(facts, answers), folder)
    assert config.inbox.path == folder / name


@given(st.floats(-90, 90), st.floats(-180, 360), st.floats(-1000, 10000))
def test_any_position_arrives_unchanged(tmp_path_factory, latitude, longitude, height):
    answers = replace(ANSWERS, position=(latitude, longitude, height))
    folder = tmp_path_factory.getbasetemp()
    station = loaded(configuration_text(FACTS, answers), folder).station
    assert (station.latitude_deg, station.longitude_deg) == (latitude, longitude)
    assert station.height_m == height


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (replace(ANSWERS, name="a/b"), "station.name"),
        (replace(ANSWERS, antenna_height_m=30.0), "antenna_height_m = 30"),
        (replace(ANSWERS, inbox="in\udcff"), "UTF-8"),
    ],
)
def test_nothing_invalid_is_left_behind(tmp_path, answers, words):
    path = tmp_path / "farm.toml"
    path.write_text("before")
    with pytest.raises(UsageError) as caught:
        write_configuration(path, configuration_text(FACTS, answers))
    assert words in str(caught.value)
    assert str(path) in str(caught.value)
    assert ".soilglint-" not in str(caught.value)
    assert [p.name for p in tmp_path.iterdir()] == ["farm.toml"]
    assert path.read_text() == "before"


@pytest.mark.parametrize(
    ("name", "fits"), [("esbc", True), ("Farm_2-x", True), ("a b", False), ("", False)]
)
def test_names_are_judged_as_the_configuration_does(name, fits):
    assert is_station_name(name) is fits
