import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.sinks.backoff import LONGEST_S, backoff_s

draws = st.floats(0, 1)


@given(st.integers(1, 10**6), draws)
def test_waits_lie_in_the_upper_half_of_a_doubling_bound(failures, draw):
    # 2**6 = 64 s is the first beyond the bound.
    bound_s = 60.0 if failures > 6 else 2.0 ** (failures - 1)
    assert bound_s / 2 <= backoff_s(failures, draw) <= bound_s <= LONGEST_S


@given(draws, draws)
def test_a_larger_draw_waits_longer(one, other):
    low, high = sorted((one, other))
    assert backoff_s(4, low) <= backoff_s(4, high)


@pytest.mark.parametrize("failures", [0, -1])
def test_without_a_failure_there_is_no_wait(failures):
    assert backoff_s(failures, 1.0) == 0.0
