import numpy as np

from retrieval.fusion.closed import closed_arcs, count_passes, latest_arcs, utc_ms


def test_rejected_arcs_and_arcs_without_phase_are_left_out(made_arcs):
    arcs = made_arcs([[1.0, 2.0, np.nan]], accepted=[[True, False, True]])
    assert closed_arcs(arcs).phase_deg.tolist() == [1.0]


def test_arcs_that_close_together_do_not_depend_on_the_order_of_rows(made_arcs):
    arcs = made_arcs([[1.0, 2.0, 3.0]], closed=np.datetime64("2024-03-02", "ns"))
    assert closed_arcs(arcs[::-1]).phase_deg.tolist() == closed_arcs(arcs).phase_deg.tolist()


def test_arcs_between_two_times(made_arcs, hour_of):
    # Tracks 0, 1, 2 close at 01:45, 02:45, 03:45.
    closed = closed_arcs(made_arcs([[1.0, 2.0, 3.0]]))
    begin, end = utc_ms(hour_of(0, 1.75).append(hour_of(0, 3.75))).tolist()
    assert closed.between(begin, end).phase_deg.tolist() == [1.0, 2.0]


def test_latest_arc_of_each_track_within_the_window(made_arcs, hour_of):
    # Track 0 ends 01:40 and closes 01:45 every day; track 1 an hour later.
    closed = closed_arcs(made_arcs([[10.0, 20.0], [11.0, np.nan]]))
    track = np.array([0, 1, 0])

    def phases(day, hour):
        times = utc_ms(hour_of(day, hour))
        row = latest_arcs(track, closed.closed, 3, times, 86_400_000)[0]
        return [closed.phase_deg[k] if k >= 0 else None for k in row]

    assert phases(0, 1.74) == [None, None, None]
    assert phases(0, 1.75) == [10.0, None, None]
    assert phases(0, 23) == [10.0, 20.0, None]
    assert phases(1, 2) == [11.0, 20.0, None]
    # A window of 24 h does not hold its own left end.
    assert phases(1, 2.75) == [11.0, None, None]


def test_arcs_of_no_track_are_never_the_latest(made_arcs, hour_of):
    closed = closed_arcs(made_arcs([[10.0], [11.0]]))
    at = utc_ms(hour_of(1, 1.8))
    latest = latest_arcs(np.array([0, -1]), closed.closed, 1, at, 86_400_000)
    assert latest.tolist() == [[-1]]  # the one of the day before has left the window
    nothing = latest_arcs(np.array([-1, -1]), closed.closed, 1, at, 86_400_000)
    assert nothing.tolist() == [[-1]]


def test_signals_of_one_pass_count_as_one(made_arcs):
    # G05 rises on three signals, each for 40 minutes from 01:00, 01:10 and 01:45: the third one
    # overlaps the second only. G07 rises at the same time; G05 sets then; G05 rises again at 12:00.
    minutes = np.array([60, 70, 105, 60, 60, 720])
    start = np.datetime64("2024-03-01", "ns") + minutes * np.timedelta64(1, "m")
    arcs = made_arcs(
        [np.arange(1.0, 7.0)],
        satellite=[["G05", "G05", "G05", "G07", "G05", "G05"]],
        signal=[["S1C", "S2X", "S5X", "S1C", "S1C", "S1C"]],
        direction=[["rising", "rising", "rising", "rising", "setting", "rising"]],
        azimuth_deg=[[100.4, 100.6, 109.0, 100.0, 100.0, 200.0]],
        start=start,
        end=start + np.timedelta64(40, "m"),
        closed=start + np.timedelta64(45, "m"),
    )
    closed = closed_arcs(arcs)
    row = {phase: k for k, phase in enumerate(closed.phase_deg)}
    chosen = [
        [row[1.0], row[2.0], row[3.0], row[4.0], row[5.0], row[6.0]],
        [row[2.0], row[1.0], -1, -1, -1, -1],
        [row[1.0], -1, row[3.0], -1, -1, -1],
        [-1, -1, -1, -1, -1, -1],
    ]
    # Without the second signal nothing says that the first and the third overlap.
    assert count_passes(closed, np.array(chosen)).tolist() == [4, 1, 2, 0]
