import re
import tomllib
from datetime import date
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from retrieval.errors import InputError, UnreadableFileError
from retrieval.simulation import SCENARIOS, load_scenario, scenario_names
from retrieval.simulation.ground.hourly import ground_series
from retrieval.simulation.scenario import Scenario
from retrieval.simulation.spots import sector_of
from retrieval.toml_files import Section

SHIPPED = (
    "frozen-winter",
    "lamasquere-like",
    "low-cost-patch",
    "p037-like",
    "p041-2012",
    "roof",
)
DOCUMENT = Path(__file__).parents[3] / "docs" / "simulate.md"

SHORTEST = """\
title = "simulated: a test"

[station]
name = "test"
latitude_deg = 48
longitude_deg = 16
height_m = 200
antenna_height_m = 2

[time]
start = 2024-05-14
days = 2
"""
OUTAGE = '[[sky.event]]\nkind = "outage"\nsatellite = "G03"\nstart = 2024-05-14T06:00:00\n'


@pytest.fixture
def written(tmp_path):
    """Factory of scenario files, each given as text."""

    def write(text=SHORTEST):
        path = tmp_path / "scenario.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def fault(path):
    """Return what is said of a file that must be refused, without its name."""
    with pytest.raises(InputError) as caught:
        load_scenario(path)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(f"{path}: ") for line in lines)
    return [line.removeprefix(f"{path}: ") for line in lines]


def sections(kind=Scenario, name=""):
    """Yield every section of a scenario with its name in TOML."""
    yield name, kind
    for key, field in kind.model_fields.items():
        kinds = (field.annotation, *get_args(field.annotation))
        inner = next((k for k in kinds if isinstance(k, type) and issubclass(k, Section)), None)
        if inner is not None:
            yield from sections(inner, f"{name}.{key}".lstrip("."))


def daily_moisture(scenario):
    """Return the daily means of the made moisture, days counted from the start."""
    ground = ground_series(scenario)
    inside = (ground.time >= scenario.start) & (ground.time < scenario.end)
    return ground.moisture[inside].reshape(-1, 24).mean(axis=1)


class TestShipped:
    def test_these_ship(self):
        assert scenario_names() == SHIPPED

    @pytest.mark.parametrize("name", SHIPPED)
    def test_every_one_loads_and_says_that_it_is_simulated(self, name):
        assert load_scenario(name).title.startswith("simulated: ")

    @pytest.mark.parametrize("name", SHIPPED)
    def test_every_one_can_be_simulated_without_other_files(self, name):
        scenario = load_scenario(name)
        assert scenario.sky.navigation == ()
        assert scenario.moisture.path is None
        assert scenario.weather.path is None
        assert np.isfinite(ground_series(scenario).moisture).all()

    def test_days_are_those_of_the_paper(self):
        # Jiang et al. (2024), section 3.1: days of year 57-359, 29-302 and 35-80.
        for name, year, first, last in (
            ("p041-2012", 2012, 57, 359),
            ("p037-like", 2017, 29, 302),
            ("lamasquere-like", 2014, 35, 80),
        ):
            time = load_scenario(name).time
            assert time.start.year == year
            assert time.start.timetuple().tm_yday == first
            assert time.days == last - first + 1
            assert time.interval_s == 15

    @pytest.mark.parametrize("name", ["p041-2012", "p037-like", "lamasquere-like"])
    def test_every_satellite_is_tracked_on_one_kind_of_s2(self, name):
        signals = {one.code: one.satellites for one in load_scenario(name).signal}
        both = (*signals["GS2X"], *signals["GS2W"])
        assert sorted(both) == [f"G{number:02d}" for number in range(1, 33)]
        assert signals["GS1C"] == ()

    def test_l2c_of_2012(self):
        signals = {one.code: one.satellites for one in load_scenario("p041-2012").signal}
        assert [int(name[1:]) for name in signals["GS2X"]] == [1, 5, 7, 12, 15, 17, 25, 29, 31]

    def test_ground_of_p041_is_that_of_table_4(self):
        terrain = load_scenario("p041-2012").terrain
        good = sector_of(terrain, np.arange(36.0, 52.0))
        poor = sector_of(terrain, np.array([*range(111, 156), *range(284, 326)], float))
        assert not good.any()
        assert poor.all()
        assert all(part.scatter_deg == 40 or part.response == 0 for part in terrain)
        # Figure 17: it rises to the southeast and falls to the northwest.
        tilt = [part.tilt_deg for part in terrain]
        assert tilt[sector_of(terrain, np.array([130.0]))[0] - 1] > 0
        assert tilt[sector_of(terrain, np.array([300.0]))[0] - 1] < 0

    def test_made_moisture_of_p041_resembles_the_product(self):
        # PBO H2O, days 57-359 of 2012, 280 values: mean .165, standard deviation .118; the first
        # 70 % have mean .204, the rest .074; the range is .002 to .481.
        moisture = daily_moisture(load_scenario("p041-2012"))
        early, late = np.split(moisture, [int(0.7 * len(moisture))])
        assert len(moisture) == 303
        assert moisture.mean() == pytest.approx(0.165, abs=0.01)
        assert moisture.std() == pytest.approx(0.118, abs=0.01)
        assert early.mean() == pytest.approx(0.204, abs=0.015)
        assert late.mean() == pytest.approx(0.074, abs=0.015)
        assert 0.02 <= moisture.min() < moisture.max() <= 0.48

    def test_made_moisture_of_lamasquere_varies_as_its_probes_did(self):
        moisture = daily_moisture(load_scenario("lamasquere-like"))
        assert moisture.std() == pytest.approx(0.017, abs=0.002)

    def test_frozen_winter_has_weeks_of_frost_and_of_snow(self):
        scenario = load_scenario("frozen-winter")
        ground = ground_series(scenario)
        frost = np.count_nonzero(ground.frozen > 0.5) / 24
        snow = np.count_nonzero(ground.snow_depth_m > 0.05) / 24
        assert 21 < frost < 0.6 * scenario.time.days
        assert 14 < snow < 0.6 * scenario.time.days
        assert ground.snow_depth_m.max() < 0.5 * scenario.station.antenna_height_m

    def test_nothing_answers_on_the_roof(self):
        scenario = load_scenario("roof")
        assert scenario.station.antenna_height_m >= 7
        sector = sector_of(scenario.terrain, np.arange(0.0, 360.0, 0.5))
        assert sector.all()
        assert {part.response for part in scenario.terrain} == {0.0}

    def test_a_series_may_be_given_in_the_place_of_the_made_one(self, tmp_path):
        path = tmp_path / "dry.csv"
        path.write_text("time,vwc\n2012-02-01T12:00:00Z,0.11\n2013-01-31T12:00:00Z,0.11\n")
        scenario = load_scenario("p041-2012", moisture={"path": path})
        assert daily_moisture(scenario) == pytest.approx(0.11)


class TestFiles:
    def test_shortest_file_gets_the_documented_defaults(self, written):
        scenario = load_scenario(written())
        assert (scenario.seed, scenario.time.interval_s) == (1, 30.0)
        assert scenario.time.start == date(2024, 5, 14)
        assert scenario.output.format == "3.04"
        assert scenario.response.mode == "empirical"
        assert [one.code for one in scenario.signals()[:3]] == ["GS1C", "GS2L", "GS5Q"]

    def test_version_2_11_gets_the_usual_signals_that_it_can_name(self, written):
        start = '[output]\nformat = "2.11"\n[sky]\nconstellations = "GR"\n[time]'
        scenario = load_scenario(written(SHORTEST.replace("[time]", start)))
        # RINEX 2.11, table A1: GLONASS has the bands 1 and 2 alone.
        codes = ["GS1C", "GS2L", "GS5Q", "RS1C", "RS2C"]
        assert [signal.code for signal in scenario.signals()] == codes

    def test_paths_count_from_the_folder_of_the_file(self, written, tmp_path):
        text = (
            '[sky]\nnavigation = ["a.rnx"]\n[moisture]\npath = "b.csv"\n[weather]\npath = "c.csv"'
        )
        scenario = load_scenario(written(SHORTEST + text))
        assert scenario.sky.navigation == (tmp_path / "a.rnx",)
        assert scenario.moisture.path == tmp_path / "b.csv"
        assert scenario.weather.path == tmp_path / "c.csv"

    def test_a_folder_of_its_name_does_not_hide_a_scenario(self, tmp_path, monkeypatch):
        # After `simulate station --scenario roof --out roof` there is one.
        monkeypatch.chdir(tmp_path)
        Path("roof").mkdir()
        assert load_scenario("roof").station.name == "ROOF"

    def test_an_unknown_name_lists_the_known_ones(self):
        with pytest.raises(UnreadableFileError) as caught:
            load_scenario("p041")
        assert all(name in str(caught.value) for name in SHIPPED)

    def test_broken_toml_names_the_line(self, written):
        with pytest.raises(UnreadableFileError, match=r"not valid TOML.*line 2"):
            load_scenario(written("title = 'x'\ndays = \n"))

    def test_other_bytes_than_utf8_are_named(self, tmp_path):
        path = tmp_path / "latin.toml"
        path.write_bytes(b'title = "M\xfcnchen"\n')
        with pytest.raises(UnreadableFileError, match="UTF-8"):
            load_scenario(path)

    def test_all_faults_are_told_at_once(self, written):
        text = SHORTEST.replace("48", "95").replace("days = 2", "days = 0")
        assert len(fault(written(text))) == 2

    def test_changes_are_checked_and_worded_as_a_file_is(self, written):
        with pytest.raises(InputError, match=r"^time.days = 0: should be greater than"):
            load_scenario(written(), time={"days": 0})

    @pytest.mark.parametrize("interval_s", [0.1, 0.2, 1, 2.5, 15, 30, 900])
    def test_intervals_that_fit_a_file(self, written, interval_s):
        text = SHORTEST + f"interval_s = {interval_s}\n"
        assert load_scenario(written(text)).time.interval_s == interval_s


# What is replaced, by what, and words of the one message.
FAULTS = {
    "title missing": ('title = "simulated: a test"\n', "", ["title is missing", "in a line"]),
    "section missing": (
        "[time]\nstart = 2024-05-14\ndays = 2\n",
        "",
        ["section [time] is missing", "start = 2024-05-14 and days = 10"],
    ),
    "key missing": ("days = 2\n", "", ["time.days is missing", "such as days = 10"]),
    "azimuths missing": (
        "[time]",
        "[[terrain]]\nresponse = 0.5\n[time]",
        ["terrain (table 1): azimuths is missing", "azimuths = [[111, 155]]"],
    ),
    "end of an outage missing": (
        "[time]",
        "[[receiver.outage]]\nstart = 2024-05-14T06:00:00\n[time]",
        ["receiver.outage (table 1): end is missing", "end = 2024-05-14T18:00:00"],
    ),
    "unknown section": ("[time]", "[soils]\n[time]", ["section [soils]", "did you mean soil?"]),
    "unknown key": (
        "days = 2",
        "days = 2\nintervall_s = 15",
        ["time.intervall_s is not known", "did you mean interval_s?"],
    ),
    "unknown key at the top": ("[station]", "sead = 5\n[station]", ["sead is", "seed?"]),
    "unknown key in one of several": (
        "[time]",
        "[[terrain]]\nazimuths = [[0, 9]]\n[[terrain]]\nazimuths = [[9, 18]]\nslope = 1\n[time]",
        ["terrain (table 2): slope is not known", "known here: azimuths, height_step_m"],
    ),
    "key below the wrong section": (
        "[time]",
        "seed = 5\n[time]",
        ["station.seed is not known; it stands at the top of the file"],
    ),
    "section as a key": ("[time]", 'soil = "loam"\n[time]', ["station.soil", "[soil] is a sect"]),
    "text for a number": ("= 48", '= "48"', ['latitude_deg = "48": expected a number, without']),
    "number for text": ('"test"', "5", ["station.name = 5: expected text in quotes"]),
    "fraction of a day": ("days = 2", "days = 2.5", ["time.days = 2.5: expected a whole number"]),
    "time for a date": ("05-14", "05-14T06:00:00", ["time.start", "a date alone, such as 2024-"]),
    "no date": ("2024-05-14", '"14.5.2024"', ["time.start", "such as 2024-05-14"]),
    "date before GPS was whole": ("2024-05-14", "1980-05-14", ["time.start", "1994 to 2100"]),
    "date for a time": (
        "[time]",
        OUTAGE + "end = 5\n[time]",
        ["sky.event (table 1): end = 5: expected date and time, such as 2024-05-14T06:00:00"],
    ),
    "word for true": ("[time]", "[output]\ngzip = 'yes'\n[time]", ["output.gzip", "true or false"]),
    "one of some words": (
        "[time]",
        "[response]\nmode = 'emprical'\n[time]",
        ['response.mode = "emprical": expected "empirical" or "physical"'],
    ),
    "one pair of brackets": (
        "[time]",
        "[terrain]\nazimuths = [[0, 90]]\n[time]",
        ["section [terrain]: expected [[terrain]] on a line of its own, with two brackets"],
    ),
    "one pair of brackets further in": (
        "[time]",
        "[sky.event]\nkind = 'outage'\n[time]",
        ["sky.event: expected [[sky.event]]", "kind, satellite and start"],
    ),
    "signals as in a configuration": (
        "[time]",
        "[signal]\nuse = ['GS2L']\n[time]",
        ["[[signal]]", 'code = "GS2L"'],
    ),
    "not finite": ("= 48", "= nan", ["station.latitude_deg", "a finite number"]),
    "out of range": ("= 48", "= 95", ["station.latitude_deg = 95: should be", "90"]),
    "percent": ("[time]", "[moisture]\nstart = 20\n[time]", ["moisture.start = 20", "0.6"]),
    "azimuth out of range": (
        "[time]",
        "[[terrain]]\nazimuths = [[1, 400]]\n[time]",
        ["terrain (table 1): azimuths.0.1 = 400", "360"],
    ),
    "sectors not in pairs": (
        "[time]",
        "[[terrain]]\nazimuths = [0, 90]\n[time]",
        ["terrain (table 1): azimuths = [0, 90]: expected a list such as [[111, 155]"],
    ),
    "no sector": (
        "[time]",
        "[[terrain]]\nazimuths = []\n[time]",
        ["terrain (table 1): azimuths = []: expected at least one sector"],
    ),
    "name too long": ('"test"', '"tester"', ["station.name", "four letters or digits"]),
    "interval": ("days = 2", "days = 2\ninterval_s = 7", ["time.interval_s = 7", "1, 15 or 30"]),
    "texture": ("[time]", "[soil]\ntexture = 'lome'\n[time]", ["soil.texture", "sandy loam"]),
    "a slope that is no range": (
        "[time]",
        "[response]\nslope_deg = 60\n[time]",
        ["response.slope_deg = 60: expected a list such as [50, 90]"],
    ),
    "a range upside down": (
        "[time]",
        "[response]\nslope_deg = [90, 50]\n[time]",
        ["response.slope_deg = [90, 50]", "low <= high"],
    ),
    "season too short": (
        "[time]",
        "[vegetation]\nseason = [90, 170]\n[time]",
        ["vegetation.season = [90, 170]", "green-up, fullest, withered"],
    ),
    "vegetation over the antenna": (
        "[time]",
        "[vegetation]\nwater_content_kg_m2 = 1\nheight_m = 3\n[time]",
        ["vegetation.height_m = 3", "station.antenna_height_m = 2"],
    ),
    "ground over the antenna": (
        "[time]",
        "[[terrain]]\nazimuths = [[0, 9]]\nheight_step_m = -3\n[time]",
        ["terrain.height_step_m = -3", "positive is lower ground"],
    ),
    "constellation twice": (
        "[time]",
        "[sky]\nconstellations = 'GEG'\n[time]",
        ['sky.constellations = "GEG": expected every letter once'],
    ),
    "BeiDou in 2.11": (
        "[time]",
        "[output]\nformat = '2.11'\n[sky]\nconstellations = 'GC'\n[time]",
        ['output.format = "2.11" knows no satellites of C', 'format = "3.04"'],
    ),
    "two signals of a band in 2.11": (
        "[time]",
        "[output]\nformat = '2.11'\n[sky]\nconstellations = 'G'\n"
        "[[signal]]\ncode = 'GS2L'\n[[signal]]\ncode = 'GS2W'\n[time]",
        ["GS2L and GS2W are both S2", "give each its own satellites"],
    ),
    "signal without a name in 2.11": (
        "[time]",
        "[output]\nformat = '2.11'\n[sky]\nconstellations = 'R'\n[[signal]]\ncode = 'RS3Q'\n[time]",
        ["signal RS3Q: version 2.11 has no name for it", "the bands 1, 2", "take the signal out"],
    ),
    "satellite that does not send": (
        "[time]",
        "[[signal]]\ncode = 'GS2L'\nsatellites = ['E01']\n[time]",
        ["signal (table 1): E01 does not send GS2L"],
    ),
    "signal of no constellation": (
        "[time]",
        "[sky]\nconstellations = 'G'\n[[signal]]\ncode = 'ES1C'\n[time]",
        ["signal ES1C", "sky.constellations = 'G'", "take the signal out"],
    ),
    "signal named in the old way": (
        "[time]",
        "[[signal]]\ncode = 'GS2'\n[time]",
        ['signal (table 1): code = "GS2"', "'GS2X' or 'GS2W'"],
    ),
    "signal of no band": ("[time]", "[[signal]]\ncode = 'GS9X'\n[time]", ["no band 9", "1, 2, 5"]),
    "signal twice": (
        "[time]",
        "[[signal]]\ncode = 'GS2L'\n[[signal]]\ncode = 'GS2L'\nsatellites = ['G01']\n[time]",
        ["signal GS2L: stands twice for the same satellites"],
    ),
    "no satellite": (
        "[time]",
        "[receiver]\nabsent_satellites = ['03']\n[time]",
        ['receiver.absent_satellites.0 = "03"', "'G27'"],
    ),
    "field capacity above saturation": (
        "[time]",
        "[moisture]\nfield_capacity = 0.5\n[time]",
        ["moisture.field_capacity 0.5", "residual 0.078 and saturation 0.43", "correct one"],
    ),
    "residual above saturation": (
        "[time]",
        "[moisture]\nresidual = 0.5\n[time]",
        ["moisture.residual 0.5", "moisture.saturation 0.43", "of loam where not stated"],
    ),
    "averaging shorter than integration": (
        "[time]",
        "[receiver]\npredetection_s = 0.01\naveraging_s = 0.001\n[time]",
        ["predetection_s 0.01", "the averaging time of 0.001 s"],
    ),
    "event without end": (
        "[time]",
        OUTAGE + "[time]",
        ['sky.event (table 1): kind = "outage" needs an end, such as end = 2024-'],
    ),
    "event that ends before it starts": (
        "[time]",
        OUTAGE + "end = 2024-05-14T05:00:00\n[time]",
        ["sky.event (table 1): expected an end after the start"],
    ),
    "replaced by nothing": (
        "[time]",
        OUTAGE.replace('"outage"', '"replaced"') + "[time]",
        ['sky.event (table 1): kind = "replaced" needs by = "G04"'],
    ),
    "outage with half a time zone": (
        "[time]",
        "[[receiver.outage]]\nstart = 2024-05-14T06:00:00Z\nend = 2024-05-14T07:00:00\n[time]",
        ["receiver.outage (table 1): expected start and end both with a time zone"],
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_names_the_key_and_what_would_be_right(written, name):
    old, new, words = FAULTS[name]
    assert old in SHORTEST
    (message, *others) = fault(written(SHORTEST.replace(old, new, 1)))
    assert not [one for one in others if "is missing" not in one]
    for jargon in ("array", "tuple", "object", "valid ", "validation", "Section", "{"):
        assert jargon not in message
    for word in words:
        assert word in message


def documented():
    """Return the rows of docs/simulate.md by section: key -> what stands as its default."""
    page = DOCUMENT.read_text(encoding="utf-8")
    _, *parts = page.partition("## Every key")[2].partition("\n## ")[0].split("\n### ")
    tables = {}
    for part in parts:
        heading, _, text = part.partition("\n")
        name = "" if heading == "The top of the file" else heading.strip("`[]")
        tables[name] = dict(re.findall(r"^\| `(\w+)` \| ([^|]+?) \|", text, re.M))
    return tables


def test_every_key_of_every_section_is_explained_in_the_document():
    tables = documented()
    kinds = dict(sections())
    assert set(tables) == set(kinds)
    for name, kind in kinds.items():
        # Sections are explained under their own headings, and some are named before as well.
        keys = {key for key in kind.model_fields if f"{name}.{key}".lstrip(".") not in kinds}
        assert keys <= set(tables[name]) <= set(kind.model_fields), name


def test_defaults_in_the_document_are_those_of_the_sections():
    tables = documented()
    for name, kind in sections():
        for key, stated in tables[name].items():
            field = kind.model_fields[key]
            if field.is_required():
                assert stated == "needed", f"{name}.{key}"
            elif field.default is None:
                assert stated == "none", f"{name}.{key}"
            else:
                value = tomllib.loads(f"x = {stated.strip('`')}")["x"]
                expected = field.default
                if isinstance(expected, tuple):
                    value = tuple(value)
                assert value == expected, f"{name}.{key}"


def test_scenarios_in_the_document_load(written):
    page = DOCUMENT.read_text(encoding="utf-8")
    blocks = [block.partition("```")[0] for block in page.split("```toml\n")[1:]]
    whole = [block for block in blocks if "title" in tomllib.loads(block)]
    assert whole
    for block in blocks:
        text = block if block in whole else SHORTEST + block
        assert load_scenario(written(text)).station.name


def test_shipped_files_lie_where_they_are_said_to():
    assert all((SCENARIOS / f"{name}.toml").is_file() for name in SHIPPED)
