import numpy as np
import pandas as pd
import pytest

from retrieval.arc_table import ARC_COLUMNS
from retrieval.arcs import ArcSettings
from retrieval.chain import arcs_from_files
from retrieval.simulation import arc_series, simulate_arcs, simulate_station

# P(Y) as strong as satellites that shift power to it send it: what is left of weaker ones in the
# window is below the amplitude that the chain accepts.
SIGNALS = (
    {"code": "GS2L"},
    {"code": "GS1W", "received_dbw": -151.5},
    {"code": "GS2W", "received_dbw": -154.5},
)
NO_NOISE = {"noise_factor": 0.0, "predetection_s": 1e-5, "step_db": 0.0, "codeless_lock_dbhz": 1.0}
NO_SCATTER = {"phase_deg": 0.0, "amplitude": 0.0}
TRACK = ["satellite", "signal", "direction"]
THREE_HOURS = pd.Timedelta("3h")


def wrapped(angle_deg):
    return 180 - np.mod(180 - angle_deg, 360)


def referred(arcs: pd.DataFrame, height_m) -> pd.Series:
    """Phases referred to another height, by the slope that the table gives with them."""
    return arcs.phase_deg - arcs.dphase_dheight_deg_per_mm * 1000 * (
        height_m - arcs.apriori_height_m
    )


def with_middle(arcs: pd.DataFrame) -> pd.DataFrame:
    return arcs.assign(middle=arcs.start + (arcs.end - arcs.start) / 2).sort_values("middle")


def paired(left: pd.DataFrame, right: pd.DataFrame) -> pd.DataFrame:
    """Arcs of the left table beside those of the right one, NaN where there is none."""
    return pd.merge_asof(
        with_middle(left),
        with_middle(right),
        on="middle",
        by=TRACK,
        tolerance=pd.Timedelta("5min"),
        direction="nearest",
        suffixes=("", "_other"),
    )


@pytest.fixture(scope="module")
def week(small, tmp_path_factory):
    """A week by both routes, without noise and with it: name -> (arcs of files, arc series)."""
    result = {}
    for name, receiver in (("quiet", NO_NOISE), ("noisy", {"codeless_lock_dbhz": 1.0})):
        scenario = small(
            time={"days": 7},
            signal=SIGNALS,
            scatter=NO_SCATTER,
            receiver=receiver,
            moisture={"start": 0.35},
            output={"gzip": False},
        )
        folder = tmp_path_factory.mktemp(name) / "out"
        simulate_station(scenario, folder)
        chain = arcs_from_files(
            sorted((folder / "inbox").iterdir()), nav=sorted((folder / "nav").iterdir())
        )
        result[name] = (chain.arcs[chain.arcs.accepted], simulate_arcs(scenario).arcs)
    return result


def test_both_routes_find_the_same_arcs(week):
    files, series = week["quiet"]
    first, last = files.start.min().floor("D"), files.end.max().ceil("D")
    for left, right in ((files, series), (series, files)):
        pairs = paired(left, right)
        lone = pairs[pairs.phase_deg_other.isna()]
        # Files begin and end at midnight, inside passes; the series has whole ones.
        inside = (lone.start > first + THREE_HOURS) & (lone.end < last - THREE_HOURS)
        assert lone[inside].empty, lone[inside][[*TRACK, "start", "end"]]
        assert len(pairs) > 1500
        assert len(lone) < 0.03 * len(pairs)


@pytest.mark.parametrize("signal", ["S2L", "S1W", "S2W"])
def test_both_routes_agree_without_noise(week, signal):
    pairs = paired(*week["quiet"]).dropna(subset=["phase_deg_other"])
    pairs = pairs[pairs.signal == signal]
    off = wrapped(referred(pairs, pairs.apriori_height_m_other) - pairs.phase_deg_other)
    # What taking out the trend costs an arc, up to 3 degrees (4 where P(Y) adds the fringes of the
    # other carrier), is nearly the same from day to day. Arcs that turn over soon above the window,
    # the slow ones, lose more: nothing there tells the trend from the wave.
    quick = pairs.end - pairs.start < pd.Timedelta("75min")
    assert quick.mean() > 0.7
    assert np.abs(off[quick]).quantile(0.95) < 4.0
    change = off - off.groupby([pairs.satellite, pairs.direction]).transform("median")
    assert np.abs(change).median() < 1.0
    height_mm = 1000 * (pairs.reflector_height_m - pairs.reflector_height_m_other)
    assert np.abs(height_mm[quick]).quantile(0.95) < 25.0
    assert 0.9 < (pairs.amplitude / pairs.amplitude_other).median() < 1.03
    slope = pairs.dphase_dheight_deg_per_mm / pairs.dphase_dheight_deg_per_mm_other
    assert 0.9 < slope.median() < 1.1
    assert np.abs(pairs.azimuth_deg - pairs.azimuth_deg_other).max() < 1.0
    assert np.abs(pairs.n_obs - pairs.n_obs_other).max() <= 6  # steps of 60 s at either end


@pytest.mark.parametrize("signal", ["S2L", "S1W", "S2W"])
def test_both_routes_have_the_same_noise(week, signal):
    files, series = (
        paired(noisy[noisy.signal == signal], quiet).dropna(subset=["phase_deg_other"])
        for noisy, quiet in zip(week["noisy"], week["quiet"], strict=True)
    )
    files_deg = wrapped(referred(files, files.apriori_height_m_other) - files.phase_deg_other)
    series_deg = wrapped(series.phase_deg - series.phase_deg_other)
    assert len(series) > 500
    # Medians, since a point that loses lock now and then moves an arc of the files. 550 arcs tell
    # either spread to 4 %.
    assert 0.75 < np.abs(series_deg).median() / np.abs(files_deg).median() < 1.25
    # The series says how large its noise is, and draws it as large.
    stated_deg = np.sqrt((series.phase_sigma_deg**2).mean())
    assert 0.85 < series_deg.std() / stated_deg < 1.15


def test_arcs_do_not_hang_on_how_many_days_are_made_at_once(small, monkeypatch):
    scenario = small(time={"days": 3}, sky={"constellations": "GC"}, signal=())
    together = simulate_arcs(scenario)
    monkeypatch.setattr(arc_series, "_AT_ONCE", np.timedelta64(1, "D"))
    one_by_one = simulate_arcs(scenario)
    assert len(together.arcs) > 300
    pd.testing.assert_frame_equal(together.arcs, one_by_one.arcs, atol=1e-3)
    pd.testing.assert_frame_equal(together.truth, one_by_one.truth, atol=1e-6)
    # And on the days that follow.
    first = simulate_arcs(small(time={"days": 1}, sky={"constellations": "GC"}, signal=()))
    shared = together.arcs.merge(first.arcs, on=[*TRACK, "start", "end"], suffixes=("", "_first"))
    assert len(shared) == len(first.arcs)
    np.testing.assert_allclose(shared.phase_deg, shared.phase_deg_first, atol=1e-3)


def test_same_seed_same_arcs_and_another_seed_others(small):
    first, again = simulate_arcs(small()), simulate_arcs(small())
    other = simulate_arcs(small(seed=4))
    pd.testing.assert_frame_equal(first.arcs, again.arcs)
    assert len(first.arcs) == len(other.arcs)  # the sky is the same
    assert (first.arcs.phase_deg != other.arcs.phase_deg).mean() > 0.9


def test_series_tells_its_days(small):
    told = []
    simulate_arcs(small(time={"days": 21}), on_day=told.append)
    assert told == [20, 21]


def test_truth_stands_beside_its_arc(small):
    scenario = small(
        time={"days": 2}, terrain=({"azimuths": ((90.0, 270.0),), "height_step_m": 1.0},)
    )
    simulated = simulate_arcs(scenario)
    arcs, truth = simulated.arcs, simulated.truth
    assert len(arcs) == len(truth)
    south = (arcs.azimuth_deg > 92) & (arcs.azimuth_deg < 268)
    north = (arcs.azimuth_deg < 88) | (arcs.azimuth_deg > 272)
    assert set(truth.sector[south]) == {1}
    assert set(truth.sector[north]) == {0}
    assert np.abs(arcs.apriori_height_m[south] - 2.8).max() < 1e-6
    assert np.abs(arcs.apriori_height_m[north] - 1.8).max() < 1e-6
    noise_deg = wrapped(arcs.phase_deg - truth.true_phase_deg)
    assert 0.8 < (noise_deg / arcs.phase_sigma_deg).std() < 1.2


def test_scatter_moves_the_phase_by_what_the_truth_says(small):
    plain = simulate_arcs(small(scatter=NO_SCATTER))
    moved = simulate_arcs(small(scatter={"phase_deg": 20.0, "amplitude": 0.0}))
    shift_deg = wrapped(moved.truth.true_phase_deg - plain.truth.true_phase_deg)
    assert moved.truth.scatter_deg.std() > 10
    # A turned reflection turns the interferogram; the constant in the fit and the reflection's own
    # power, which are second order in a ratio of 0.3, take or give a little.
    np.testing.assert_allclose(shift_deg, moved.truth.scatter_deg, atol=1.0, rtol=0.08)


def test_arcs_that_no_analysis_would_keep_are_left_out(small, monkeypatch):
    # BeiDou's and QZSS's inclined satellites rise slowly, in up to seven hours.
    scenario = small(
        station={"latitude_deg": 36.0, "longitude_deg": 60.0},
        sky={"constellations": "JC"},
        signal=({"code": "JS1C"}, {"code": "CS2I"}),
    )
    kept = simulate_arcs(scenario).arcs
    monkeypatch.setattr(arc_series, "_LONGEST_S", np.inf)
    every = simulate_arcs(scenario).arcs
    slow = every.end - every.start >= pd.Timedelta("2h")
    assert slow.sum() > 5
    pd.testing.assert_frame_equal(kept, every[~slow].reset_index(drop=True))


@pytest.mark.parametrize(("noise_factor", "too_high_dbhz"), [(2.0, 17.0), (5.7, 20.0)])
def test_arcs_too_weak_to_be_tracked_are_missing_by_both_routes(
    small, tmp_path, noise_factor, too_high_dbhz
):
    # P(Y) at 5 to 25 degrees, 15 dB-Hz and more as reported; noise of 5.7^2 Hz alone reads 15.1.
    arcs = {}
    for limit_dbhz in (12.0, too_high_dbhz):
        scenario = small(
            signal=({"code": "GS2W"},),
            receiver={"codeless_lock_dbhz": limit_dbhz, "noise_factor": noise_factor},
        )
        folder = tmp_path / str(limit_dbhz)
        simulate_station(scenario, folder)
        chain = arcs_from_files(
            sorted((folder / "inbox").iterdir()),
            nav=sorted((folder / "nav").iterdir()),
            settings=ArcSettings(min_amplitude=0.1, min_peak_to_noise=1.01),
        )
        arcs[limit_dbhz] = (int(chain.arcs.accepted.sum()), len(simulate_arcs(scenario).arcs))
    by_files, by_series = arcs[12.0]
    assert by_files > 60
    assert by_series == pytest.approx(by_files, rel=0.15)
    assert max(arcs[too_high_dbhz]) < 3


def test_satellites_that_the_receiver_leaves_out_have_no_arcs(small):
    every = simulate_arcs(small()).arcs
    some = simulate_arcs(small(receiver={"absent_satellites": ("G05", "G12")})).arcs
    left_out = every.satellite.isin(["G05", "G12"])
    assert left_out.sum() > 3
    pd.testing.assert_frame_equal(some, every[~left_out].reset_index(drop=True))


def test_no_arcs_make_an_empty_table(small):
    # With an epoch in a quarter of an hour an arc has five points.
    simulated = simulate_arcs(small(time={"interval_s": 900.0}))
    assert list(simulated.arcs.columns) == list(ARC_COLUMNS)
    assert len(simulated.arcs) == len(simulated.truth) == 0
    assert "vwc" in simulated.truth
