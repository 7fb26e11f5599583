"""Navigation files and precise orbits of real archives, beside georinex."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from retrieval import gnss
from retrieval.rinex.navigation import parse_navigation, read_navigation
from retrieval.rinex.sp3 import read_sp3

ESBC = "ground/rinex3/ESBC00DNK_R_20201770000_01D_MN.rnx.gz"

# georinex's names of the orbit parameters.
NAMES = {
    "sqrt_a": "sqrtA", "eccentricity": "Eccentricity", "m0": "M0", "delta_n": "DeltaN",
    "omega0": "Omega0", "i0": "Io", "omega": "omega", "omega_dot": "OmegaDot", "idot": "IDOT",
    "cuc": "Cuc", "cus": "Cus", "crc": "Crc", "crs": "Crs", "cic": "Cic", "cis": "Cis",
    "toe_s": "Toe", "af0": "SVclockBias", "af1": "SVclockDrift", "af2": "SVclockDriftRate",
}  # fmt: skip


def test_every_record_of_a_mixed_file_is_read(shared_data: Path) -> None:
    navigation = read_navigation(shared_data / ESBC)
    with gzip.open(shared_data / ESBC, "rt") as text:
        lines = text.read().split("END OF HEADER", 1)[1].splitlines()
    openings = [line for line in lines if line[:1].isalpha()]
    letters = gnss.constellation_letters(navigation.kepler.satellite)
    for letter in "GECJ":
        expected = sum(line[0] == letter for line in openings)
        assert (letters == ord(letter)).sum() == expected > 0
    assert len(navigation.glonass) == sum(line[0] == "R" for line in openings)
    assert navigation.skipped == {"SBAS": sum(line[0] == "S" for line in openings)}
    assert not navigation.damage
    channels = navigation.glonass_channels
    assert channels == {slot: gnss.GLONASS_CHANNELS[slot] for slot in channels}


@pytest.mark.filterwarnings("ignore")
def test_rinex_2_file_equals_georinex(shared_data: Path) -> None:
    import georinex

    path = shared_data / "ground/rinex2/brdc0010.21n.gz"
    kepler = read_navigation(path).kepler
    oracle = georinex.load(path)
    times = oracle.time.values.astype("datetime64[ns]")
    compared = 0
    for satellite in np.unique(kepler.satellite):
        rows = np.flatnonzero(kepler.satellite == satellite)
        # georinex merges records of one epoch; those are compared that it keeps apart.
        epochs, first, count = np.unique(kepler.toc[rows], return_index=True, return_counts=True)
        single = rows[first[count == 1]]
        there = oracle.sel(sv=gnss.satellite_name(int(satellite)))
        place = np.searchsorted(times, kepler.toc[single])
        for name, their_name in NAMES.items():
            np.testing.assert_array_equal(
                getattr(kepler, name)[single], there[their_name].values[place]
            )
        compared += len(single)
        assert set(epochs) <= set(times)
    assert compared > 400


@pytest.mark.parametrize(
    "names", [("rinex2/brdc0010.21n.gz", "rinex2/brdc0020.21n.gz"), (ESBC[7:], ESBC[7:])]
)
def test_files_put_one_after_the_other_lose_nothing(
    shared_data: Path, names: tuple[str, str]
) -> None:
    texts = [gzip.decompress((shared_data / "ground" / name).read_bytes()) for name in names]
    apart = [parse_navigation("x", text) for text in texts]
    joined = parse_navigation("x", b"".join(texts))
    assert not joined.damage
    for name in ("kepler", "glonass"):
        expected = [getattr(each, name).satellite for each in apart]
        np.testing.assert_array_equal(getattr(joined, name).satellite, np.concatenate(expected))


@pytest.mark.filterwarnings("ignore")
def test_precise_positions_equal_georinex(shared_data: Path) -> None:
    import georinex

    path = shared_data / "ground/rinex3/GRG0MGXFIN_20201770000_01D_15M_ORB.SP3.gz"
    ephemeris = read_sp3(path)
    oracle = georinex.load(path)
    names = gnss.satellite_names(ephemeris.satellite)
    assert set(names) == set(oracle.sv.values.tolist())
    for name in set(names):
        rows = names == name
        there = oracle.sel(sv=name)
        np.testing.assert_array_equal(
            ephemeris.time[rows], there.time.values.astype("datetime64[ns]")
        )
        np.testing.assert_allclose(
            ephemeris.position_m[rows], there.position.values * 1e3, rtol=0, atol=1e-6
        )


def test_record_broken_in_a_real_file_costs_only_itself(shared_data: Path) -> None:
    content = gzip.decompress((shared_data / ESBC).read_bytes())
    whole = parse_navigation("whole", content)
    lines = content.splitlines(keepends=True)
    victim = int(whole.kepler.line[1000])
    for broken in (
        [*lines[: victim + 2], *lines[victim + 3 :]],
        [*lines[: victim + 2], *lines[victim + 1 :]],
        [*lines[: victim - 1], *lines[victim:]],
    ):
        navigation = parse_navigation("broken", b"".join(broken))
        assert len(navigation.damage["broken"]) == 1
        assert len(navigation) == len(whole) - 1
        others = np.delete(np.arange(len(whole.kepler)), 1000)
        np.testing.assert_array_equal(navigation.kepler.m0, whole.kepler.m0[others])
        np.testing.assert_array_equal(navigation.glonass.position_m, whole.glonass.position_m)
