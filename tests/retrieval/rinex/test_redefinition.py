"""Header records in a body: spliced files, lost records, other sites, other constellations."""

import pytest

from retrieval.gnss import satellite_name, signal_name
from retrieval.rinex import Text, parse_observations
from retrieval.rinex.records import ObservationFile

SITE = (3582105.291, 532589.7313, 5232754.8054)


def labelled(value: str, label: str) -> str:
    return f"{value:60}{label}\n"


def position(x: float, y: float, z: float) -> str:
    return labelled(f"{x:14.4f}{y:14.4f}{z:14.4f}", "APPROX POSITION XYZ")


def head(version: str, system: str, *records: str, time_system: str = "GPS") -> str:
    return (
        labelled(f"{version:>9}{'':11}{'OBSERVATION DATA':20}{system}", "RINEX VERSION / TYPE")
        + "".join(records)
        + labelled(f"{2021:6}{1:6}{2:6}{0:6}{0:6}{0:13.7f}     {time_system}", "TIME OF FIRST OBS")
        + labelled("", "END OF HEADER")
    )


def types2(*codes: str) -> str:
    return labelled(f"{len(codes):6}" + "".join(f"{c:>6}" for c in codes), "# / TYPES OF OBSERV")


def types3(letter: str, *codes: str) -> str:
    return labelled(
        f"{letter}  {len(codes):3}" + "".join(f" {code}" for code in codes), "SYS / # / OBS TYPES"
    )


def epoch2(minute: int, satellites: str, *lines: str) -> str:
    first = f" 21  1  2  0 {minute:2}{0:11.7f}  0{len(satellites) // 3:3}{satellites}\n"
    return first + "".join(f"{line}\n" for line in lines)


def epoch3(minute: int, *lines: str) -> str:
    first = f"> 2021 01 02 00 {minute:02}{0:11.7f}  0{len(lines):3}\n"
    return first + "".join(f"{line}\n" for line in lines)


def event2(*records: str) -> str:
    return f"{'':28}4{len(records):3}\n" + "".join(records)


def event3(*records: str) -> str:
    return f">{'':30}4{len(records):3}\n" + "".join(records)


def obs(*values: float) -> str:
    return "".join(f"{value:14.3f}  " for value in values)


def parse(text: str) -> ObservationFile:
    return parse_observations(Text("x", text.encode()))


def rows(file: ObservationFile) -> list[tuple[str, str, str, float]]:
    """Time of day, satellite, signal and value, in order of time."""
    table = file.snr
    return sorted(
        (str(time)[11:19], satellite_name(int(sat)), signal_name(int(sig)), float(value))
        for time, sat, sig, value in zip(
            table.time, table.satellite, table.signal, table.snr_dbhz, strict=True
        )
    )


def reasons(file: ObservationFile) -> list[tuple[int, str]]:
    return [(entry.line, entry.reason) for entry in file.report.damage]


COMMENT = labelled("a comment", "COMMENT")
# Four lines: the first epoch line of a text that begins with one of them is line 5.
HEAD2 = head("2.11", "G", types2("C1", "L1", "S1"))
HEAD3 = head("3.04", "M", types3("G", "C1C", "S1C"))


def three2(*between: str) -> str:
    """An epoch of three satellites, with something after its first lines."""
    lines = epoch2(0, "G01G02G03", *(obs(2e7, 1e8, 41.0 + k) for k in range(3))).splitlines(True)
    return "".join([*lines[: 4 - len(between)], *between, *lines[4 - len(between) :]])


@pytest.mark.parametrize(
    "first",
    [
        three2(COMMENT),
        three2(COMMENT, COMMENT),
        three2(COMMENT, COMMENT, COMMENT),
        three2(COMMENT).replace(obs(2e7, 1e8, 43.0) + "\n", ""),
        three2(COMMENT, COMMENT).replace(obs(2e7, 1e8, 42.0) + "\n", ""),
    ],
)
def test_header_record_inside_an_epoch_of_rinex2_costs_it(first: str) -> None:
    file = parse(HEAD2 + first + epoch2(1, "G01", obs(2e7, 1e8, 50.0)))
    assert rows(file) == [("00:01:00", "G01", "GS1", 50.0)]
    assert [line for line, _ in reasons(file)] == [5]


def test_header_records_after_an_epoch_of_rinex2_cost_nothing() -> None:
    file = parse(HEAD2 + three2() + COMMENT + COMMENT + epoch2(1, "G01", obs(2e7, 1e8, 50.0)))
    assert [row[3] for row in rows(file)] == [41.0, 42.0, 43.0, 50.0]
    assert not file.report.damage


def test_second_header_of_another_constellation_names_satellites_without_a_letter() -> None:
    second = head("2.11", "R", types2("S1"), time_system="   ")
    file = parse(
        head("2.11", "G", types2("S1"))
        + epoch2(0, "  1  2", obs(40.0), obs(41.0))
        + second
        + epoch2(1, "  1G02", obs(42.0), obs(43.0))
    )
    # Without a name of the time scale the times of GLONASS are UTC: 18 s behind GPS time.
    assert rows(file) == [
        ("00:00:00", "G01", "GS1", 40.0),
        ("00:00:00", "G02", "GS1", 41.0),
        ("00:01:18", "G02", "GS1", 43.0),
        ("00:01:18", "R01", "RS1", 42.0),
    ]


def test_satellite_with_and_without_its_letter_is_named_twice() -> None:
    text = head("2.11", "G", types2("S1")) + epoch2(0, "  1G01", obs(40.0), obs(41.0))
    file = parse(text + epoch2(1, "  1", obs(42.0)))
    assert [row[3] for row in rows(file)] == [42.0]
    assert reasons(file) == [(5, "epoch that names a satellite twice")]


def test_second_header_forgets_scale_factors_time_system_and_codes_of_the_first() -> None:
    scale = labelled("G   10   1 S1C", "SYS / SCALE FACTOR")
    first = head(
        "3.04", "M", types3("G", "C1C", "S1C"), types3("R", "S1C"), scale, time_system="BDT"
    )
    file = parse(
        first
        + epoch3(0, "G01" + obs(2e7, 400.0), "R01" + obs(30.0))
        + head("3.04", "M", types3("G", "S1C", "C1C"), time_system="   ")
        + epoch3(1, "G01" + obs(40.0, 2e7))
        + epoch3(2, "G01" + obs(40.0, 2e7), "R01" + obs(30.0))
    )
    assert rows(file) == [
        ("00:00:14", "G01", "GS1C", 40.0),
        ("00:00:14", "R01", "RS1C", 30.0),
        ("00:01:00", "G01", "GS1C", 40.0),
    ]
    assert len(file.report.damage) == 1


@pytest.mark.parametrize("what", ["types", "time"])
def test_second_header_that_lost_a_line(what: str) -> None:
    second = HEAD3.splitlines(keepends=True)
    del second[1 if what == "types" else 2]
    file = parse(
        HEAD3
        + epoch3(0, "G01" + obs(2e7, 40.0))
        + "".join(second)
        + epoch3(1, "G01" + obs(2e7, 41.0))
        + event3(types3("G", "S1C"))
        + epoch3(2, "G01" + obs(42.0))
    )
    values = [row[3] for row in rows(file)]
    if what == "types":
        assert values == [40.0, 42.0]
        assert [line for line, _ in reasons(file)] == [10]
    else:
        assert values == [40.0, 41.0, 42.0]
        assert any("TIME OF FIRST OBS is missing" in note for note in file.report.notes)


def test_header_of_another_generation_is_not_read() -> None:
    file = parse(
        HEAD3
        + epoch3(0, "G01" + obs(2e7, 40.0))
        + HEAD2
        + epoch3(1, "G01" + obs(2e7, 41.0))
        + HEAD3
        + epoch3(2, "G01" + obs(2e7, 42.0))
    )
    assert [row[3] for row in rows(file)] == [40.0, 42.0]
    assert [line for line, _ in reasons(file)] == [7, 11]


def test_event_that_lost_its_codes_drops_epochs_until_they_come_again() -> None:
    change = types3("G", "S1C", "C1C")
    file = parse(
        HEAD3
        + epoch3(0, "G01" + obs(2e7, 40.0))
        + event3(change).replace(change, "")
        + epoch3(1, "G01" + obs(41.0, 2e7))
        + event3(change)
        + epoch3(2, "G01" + obs(42.0, 2e7))
    )
    assert [row[3] for row in rows(file)] == [40.0, 42.0]
    assert [line for line, _ in reasons(file)] == [7, 8]


def test_event_of_rinex2_that_lost_its_codes_drops_epochs_until_they_come_again() -> None:
    change = types2("S1", "C1")
    file = parse(
        HEAD2
        + epoch2(0, "G01", obs(2e7, 1e8, 40.0))
        + event2(change).replace(change, "")
        + epoch2(1, "G01", obs(41.0, 2e7))
        + event2(change)
        + epoch2(2, "G01", obs(42.0, 2e7))
    )
    assert [row[3] for row in rows(file)] == [40.0, 42.0]
    assert [line for line, _ in reasons(file)] == [7, 8]


def test_codes_of_one_constellation_do_not_bring_back_those_of_the_others() -> None:
    gps, glonass = types3("G", "S1C", "C1C"), types3("R", "C1C", "S1C")
    file = parse(
        head("3.04", "M", types3("G", "C1C", "S1C"), types3("R", "S1C"))
        + event3(gps, glonass).replace(glonass, "")
        + epoch3(0, "G01" + obs(40.0, 2e7))
        + event3(gps)
        + epoch3(1, "G01" + obs(41.0, 2e7))
        + epoch3(2, "G01" + obs(42.0, 2e7), "R01" + obs(2e7, 30.0))
    )
    assert [row[3] for row in rows(file)] == [41.0]


def test_event_whose_codes_have_a_damaged_label_has_lost_them() -> None:
    change = types3("G", "S1C", "C1C").replace("OBS TYPES", "OBS TYPXS")
    file = parse(
        HEAD3
        + epoch3(0, "G01" + obs(2e7, 40.0))
        + event3(change)
        + epoch3(1, "G01" + obs(41.0, 2e7))
    )
    assert [row[3] for row in rows(file)] == [40.0]
    assert len(file.report.damage) == 2


def test_no_codes_at_all_in_a_body_drop_what_follows() -> None:
    file = parse(
        HEAD2
        + epoch2(0, "G01", obs(2e7, 1e8, 40.0))
        + event2(types2())
        + epoch2(1, "G01", obs(2e7, 1e8, 41.0), obs(0.0))
    )
    assert [row[3] for row in rows(file)] == [40.0]
    assert any("found none" in reason for _, reason in reasons(file))


@pytest.mark.parametrize("splice", ["header", "event"])
def test_epochs_of_another_site_are_dropped_until_the_first_comes_again(splice: str) -> None:
    def move(x: float, y: float, z: float) -> str:
        codes = types3("G", "C1C", "S1C")
        record = position(x, y, z)
        return head("3.04", "M", codes, record) if splice == "header" else event3(record)

    x, y, z = SITE
    file = parse(
        head("3.04", "M", types3("G", "C1C", "S1C"), position(*SITE))
        + epoch3(0, "G01" + obs(2e7, 40.0))
        + move(x + 99, y, z)
        + epoch3(1, "G01" + obs(2e7, 41.0))
        + move(x + 3000, y + 4000, z)
        + epoch3(2, "G01" + obs(2e7, 42.0))
        + epoch3(3, "G01" + obs(2e7, 43.0))
        + move(0, 0, 0)
        + epoch3(4, "G01" + obs(2e7, 44.0))
        + move(x + 5, y, z)
        + epoch3(5, "G01" + obs(2e7, 45.0))
    )
    assert [row[3] for row in rows(file)] == [40.0, 41.0, 45.0]
    assert [reason for _, reason in reasons(file)] == [
        "3 epochs dropped: another site, 5,000 m from the header's"
    ]
    assert sum("5,000 m away" in note for note in file.report.notes) == 1
    assert file.header.position_m == SITE


def test_constellation_without_codes_costs_its_own_rows_when_it_is_everywhere() -> None:
    epochs = [epoch3(k, "G01" + obs(2e7, 40.0 + k), "S23" + obs(1.0)) for k in range(12)]
    file = parse(HEAD3 + "".join(epochs))
    assert [row[1:] for row in rows(file)] == [("G01", "GS1C", 40.0 + k) for k in range(12)]
    assert not file.report.damage
    assert file.report.notes == (
        "satellites of S in 12 epochs left out: the header has no observation codes for them",
    )


def test_constellation_without_codes_in_one_epoch_is_damage() -> None:
    epochs = [epoch3(k, "G01" + obs(2e7, 40.0 + k), "G02" + obs(2e7, 30.0)) for k in range(4)]
    epochs[1] = epochs[1].replace("G02", "S02")
    file = parse(HEAD3 + "".join(epochs))
    assert [row[3] for row in rows(file) if row[1] == "G01"] == [40.0, 42.0, 43.0]
    assert len(file.report.damage) == 1
