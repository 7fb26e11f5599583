"""Random streams: named, prefix-stable, and of the distributions they claim."""

import numpy as np
from scipy import stats

from retrieval.simulation.streams import normal, uniform


def test_a_stream_depends_on_seed_and_name_alone() -> None:
    first = uniform(1, ("noise", "G01"), 50)
    uniform(1, ("noise", "G02"), 9)
    assert (uniform(1, ("noise", "G01"), 50) == first).all()
    for seed, stream in ((2, ("noise", "G01")), (1, ("noise", "G02")), (1, ("G01", "noise"))):
        assert not np.isin(uniform(seed, stream, 50), first).any()


def test_a_longer_draw_begins_with_the_shorter() -> None:
    assert (uniform(1, ("a",), 100)[:7] == uniform(1, ("a",), 7)).all()
    assert uniform(1, ("a",), 0).shape == (0,)


def test_numbers_are_the_upper_bits_of_the_generator() -> None:
    # sha256 of "1/a" begins with these 16 bytes (sha256sum).
    state = int("bf1d987701909d7b3e5e755f79d999a5", 16)
    raw = [int(bits) for bits in np.random.PCG64(state).random_raw(3)]
    # 52 bits and a half keep clear of 0 and 1.
    expected = [((bits // 4096) + 0.5) / 2**52 for bits in raw]
    assert uniform(1, ("a",), 3).tolist() == expected


def test_distributions_are_uniform_and_normal() -> None:
    flat, bell = uniform(3, ("flat",), 20_000), normal(3, ("bell",), 20_000)
    assert 0 < flat.min() < flat.max() < 1
    # A fixed draw: a p-value below 1e-3 would be a wrong distribution, not bad luck.
    assert stats.kstest(flat, "uniform").pvalue > 1e-3
    assert stats.kstest(bell, "norm").pvalue > 1e-3
    assert abs(np.corrcoef(flat[:-1], flat[1:])[0, 1]) < 0.03
