"""Each reason for rejecting an arc, on arcs that have just that fault."""

import numpy as np
import pytest

from retrieval.arc_quality import REJECT_REASONS, ArcShape, reject_reasons
from retrieval.arcs import ArcSettings
from retrieval.periodogram import PeakTable

START = np.datetime64("2025-01-10T23:30", "ns")


def _judge(settings=None, fitted=True, **faults):
    shape = {
        "azimuth_deg": 100.0,
        "elevation_min_deg": 5.1,
        "elevation_max_deg": 24.9,
        "n_obs": 100,
        "interval_s": 30.0,
        "duration_min": 55.0,
    }
    peaks = {
        "height_m": 1.8,
        "amplitude": 9.0,
        "peak_to_noise": 4.0,
        "second_peak_ratio": 0.4,
        "at_edge": False,
    }
    shape.update({k: v for k, v in faults.items() if k in shape})
    peaks.update({k: v for k, v in faults.items() if k in peaks})
    duration = np.array([int(shape.pop("duration_min") * 60e9)], "m8[ns]")
    table = ArcShape(
        start=np.array([START]),
        end=START + duration,
        **{k: np.array([v]) for k, v in shape.items()},
    )
    return reject_reasons(
        table,
        PeakTable(**{k: np.array([v]) for k, v in peaks.items()}),
        np.array([fitted]),
        settings or ArcSettings(),
    )[0]


def test_good_arc_has_no_reason():
    assert _judge() == ""


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"n_obs": 19}, "too few points"),
        ({"elevation_min_deg": 7.1}, "starts too high"),
        ({"elevation_max_deg": 19.9}, "ends too low"),
        ({"duration_min": 120.0}, "too long"),
        ({"height_m": np.nan, "amplitude": np.nan}, "not enough points for the trend"),
        ({"at_edge": True}, "no peak in the height range"),
        ({"amplitude": 1.0}, "peak amplitude low"),
        ({"peak_to_noise": 2.8}, "peak to noise low"),
        ({"peak_to_noise": np.nan}, "peak to noise low"),
        ({"fitted": False}, "fit did not converge"),
    ],
)
def test_each_fault_has_its_reason(fault, reason):
    assert _judge(**fault) == reason
    assert reason in REJECT_REASONS


def test_second_peak_is_asked_only_when_told():
    assert _judge(second_peak_ratio=0.9) == ""
    assert (
        _judge(ArcSettings(max_second_peak_ratio=0.8), second_peak_ratio=0.9) == "second peak high"
    )


@pytest.mark.parametrize(
    ("azimuth", "sectors", "inside"),
    [
        (10.0, ((350.0, 20.0),), True),
        (355.0, ((350.0, 20.0),), True),
        (180.0, ((350.0, 20.0),), False),
        (180.0, ((0.0, 90.0), (170.0, 190.0)), True),
        (0.0, ((0.0, 360.0),), True),
        (90.0, ((0.0, 90.0),), True),
    ],
)
def test_sectors_run_clockwise_and_may_pass_north(azimuth, sectors, inside):
    reason = _judge(ArcSettings(azimuths_deg=sectors), azimuth_deg=azimuth)
    assert reason == ("" if inside else "azimuth outside the mask")


def test_limit_of_duration_is_strict():
    assert _judge(ArcSettings(max_duration_min=75.0), duration_min=75.0) == "too long"
    assert _judge(ArcSettings(max_duration_min=75.0), duration_min=74.99) == ""
