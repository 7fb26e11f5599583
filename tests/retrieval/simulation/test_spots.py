import numpy as np
import pytest
from scipy.stats import kstest

from retrieval.gnss import satellite_code
from retrieval.simulation.sky.passes import HalfPasses
from retrieval.simulation.spots import sector_of, spots


def passes_at(azimuth_deg, names=("G01",), first="2024-05-14", every_min: int = 60) -> HalfPasses:
    """Rises of satellites at azimuths, an hour between them."""
    azimuth_deg = np.atleast_1d(np.asarray(azimuth_deg, float))
    count = len(azimuth_deg)
    top = np.datetime64(first, "ns") + np.arange(count) * np.timedelta64(every_min, "m")
    half = np.timedelta64(30, "m")
    codes = np.resize([satellite_code(name) for name in names], count).astype(np.int32)
    return HalfPasses(codes, np.ones(count, bool), top - half, top, top, azimuth_deg)


AROUND = np.arange(0, 360, 0.25)


def test_slopes_lie_evenly_between_their_limits(small):
    # Over seeds, at one azimuth: uniform between 50 and 90. 300 draws tell a uniform distribution
    # with a Kolmogorov-Smirnov distance of .094 in 99 of 100 cases.
    for azimuth_deg in (0.0, 137.0):
        slopes = [
            float(
                spots(
                    small(seed=seed, response={"slope_deg": (50.0, 90.0)}),
                    "GS2L",
                    passes_at(azimuth_deg),
                ).slope_deg[0]
            )
            for seed in range(300)
        ]
        assert kstest(slopes, "uniform", (50, 40)).statistic < 0.094
    one = spots(small(response={"slope_deg": (50.0, 90.0)}), "GS2L", passes_at(AROUND)).slope_deg
    assert 50 < one.min() < 56
    assert 84 < one.max() < 90


def test_curvatures_lie_between_their_limits_and_are_not_those_of_the_slope(small):
    scenario = small(response={"slope_deg": (50.0, 90.0), "curvature": (-0.2, 0.8)})
    met = spots(scenario, "GS2L", passes_at(AROUND))
    assert -0.2 < met.curvature.min() < met.curvature.max() < 0.8
    assert abs(np.corrcoef(met.slope_deg, met.curvature)[0, 1]) < 0.4


def test_ground_changes_smoothly_and_over_some_degrees(small):
    scenario = small(response={"slope_deg": (0.0, 1.0)})
    slope = spots(scenario, "GS2L", passes_at(AROUND)).slope_deg
    # A quarter of a degree on it is the same ground, also through north: waves up to the 24th have
    # a slope of sqrt(mean k^2) = 14.3 per radian, which is .025 of the range in a quarter of a
    # degree where the distribution is densest, and three times that at most.
    assert np.abs(np.diff(np.append(slope, slope[0]))).max() < 0.08
    pairs = [
        np.corrcoef(slope, np.roll(slope, 4 * shift))[0, 1] for shift in (1, 2, 8, 20, 60, 170)
    ]
    assert pairs[0] > 0.9
    assert pairs[1] > 0.7
    assert max(np.abs(pairs[2:])) < 0.35


def test_a_track_keeps_its_slope_while_it_drifts(small):
    # A GPS track wanders by some tenths of a degree in a month.
    scenario = small(response={"slope_deg": (50.0, 90.0)})
    slope = spots(scenario, "GS2L", passes_at(203.0 + np.linspace(0, 0.5, 30))).slope_deg
    assert np.ptp(slope) < 4.0


def test_signals_and_satellites_see_related_ground(small):
    def both(seed: int) -> tuple[np.ndarray, np.ndarray]:
        scenario = small(seed=seed, response={"slope_deg": (50.0, 90.0)})
        return tuple(
            spots(scenario, signal, passes_at(AROUND[::8])).slope_deg for signal in ("GS1C", "GS2L")
        )

    # 0.7 of the variance of the normal numbers is shared; of uniform ones 6 / pi asin(.7 / 2).
    pairs = [np.corrcoef(*both(seed))[0, 1] for seed in range(60)]
    assert np.mean(pairs) == pytest.approx(0.683, abs=0.06)
    scenario = small(response={"slope_deg": (50.0, 90.0)})
    passes = passes_at(AROUND, names=("G01", "G30"))
    first = spots(scenario, "GS1C", passes).slope_deg
    # A satellite that takes the place of another finds its ground.
    other = spots(scenario, "GS1C", passes_at(AROUND, names=("G07",)))
    np.testing.assert_array_equal(first, other.slope_deg)
    assert (spots(scenario, "GS1C", passes).scatter_deg != other.scatter_deg)[1::2].all()


def test_sectors_rule_over_response_and_scatter(small):
    scenario = small(
        terrain=(
            {"azimuths": ((300.0, 60.0),), "response": 0.0, "scatter_deg": 40.0},
            {"azimuths": ((100.0, 120.0), (200.0, 220.0)), "response": 0.5},
        ),
        response={"slope_deg": (60.0, 60.0)},
        scatter={"phase_deg": 3.0, "amplitude": 0.0},
    )
    azimuth_deg = np.tile([330.0, 0.0, 59.0, 61.0, 110.0, 210.0, 160.0], 400)
    met = spots(scenario, "GS2L", passes_at(azimuth_deg))
    assert met.sector[:7].tolist() == [1, 1, 1, 0, 2, 2, 0]
    assert met.slope_deg[:7].tolist() == [0, 0, 0, 60, 30, 30, 60]
    assert met.response[:7].tolist() == [0, 0, 0, 1, 0.5, 0.5, 1]
    assert (met.amplitude == 1).all()
    # sqrt(40^2 + 3^2) = 40.1 and 3; 1,200 and 1,600 draws tell them to 2 %.
    assert met.scatter_deg[met.sector == 1].std() == pytest.approx(40.1, rel=0.08)
    assert met.scatter_deg[met.sector != 1].std() == pytest.approx(3.0, rel=0.08)


def test_scatter_of_days_satellites_and_signals_is_independent(small):
    scenario = small(scatter={"phase_deg": 2.5, "amplitude": 0.05})
    month = passes_at(np.full(4000, 100.0))
    here = spots(scenario, "GS2L", month)
    assert here.scatter_deg.std() == pytest.approx(2.5, rel=0.05)
    assert here.scatter_deg.mean() == pytest.approx(0.0, abs=0.16)  # four standard errors
    assert np.log(here.amplitude).std() == pytest.approx(0.05, rel=0.05)
    others = (
        spots(scenario, "GS1C", month),
        spots(scenario, "GS2L", passes_at(np.full(4000, 100.0), names=("G02",))),
        spots(small(seed=4), "GS2L", month),
    )
    pairs = [np.corrcoef(here.scatter_deg, other.scatter_deg)[0, 1] for other in others]
    pairs.append(np.corrcoef(here.scatter_deg[1:], here.scatter_deg[:-1])[0, 1])
    pairs.append(np.corrcoef(here.scatter_deg, here.amplitude)[0, 1])
    assert max(np.abs(pairs)) < 0.065  # four of 1 / sqrt(4000)
    setting = HalfPasses(
        month.satellite, ~month.rising, month.start, month.end, month.highest, month.azimuth_deg
    )
    assert (spots(scenario, "GS2L", setting).scatter_deg != here.scatter_deg).all()


def test_an_arc_meets_the_same_whatever_stands_beside_it(small):
    scenario = small()
    many, few = passes_at(np.linspace(0, 350, 40)), passes_at(np.linspace(0, 350, 40)[:3])
    every, some = spots(scenario, "GS2L", many), spots(scenario, "GS2L", few)
    np.testing.assert_array_equal(every.scatter_deg[:3], some.scatter_deg)
    np.testing.assert_allclose(every.slope_deg[:3], some.slope_deg, rtol=1e-12)


def test_no_arcs_meet_nothing(small):
    met = spots(small(), "GS2L", passes_at([]))
    assert all(len(getattr(met, name)) == 0 for name in met.__annotations__)


@pytest.mark.parametrize(
    ("azimuths", "inside", "outside"),
    [
        ((350.0, 20.0), [350, 359.9, 0, 20], [20.1, 349.9, 180]),
        ((0.0, 360.0), [0, 90, 359.9], []),
        ((90.0, 180.0), [90, 135, 180], [89.9, 180.1, 0]),
    ],
)
def test_sectors_run_clockwise(small, azimuths, inside, outside):
    terrain = small(terrain=({"azimuths": (azimuths,)},)).terrain
    found = sector_of(terrain, np.array([*inside, *outside], float))
    assert found.tolist() == [1] * len(inside) + [0] * len(outside)


def test_the_first_of_two_sectors_holds(small):
    terrain = small(
        terrain=({"azimuths": ((90.0, 180.0),)}, {"azimuths": ((100.0, 270.0),)})
    ).terrain
    assert sector_of(terrain, np.array([95.0, 150.0, 200.0, 300.0])).tolist() == [1, 1, 2, 0]
