import hashlib
import math

import numpy as np
from scipy.stats import kstest

from retrieval.simulation.streams import normal, uniform


def test_numbers_depend_on_seed_and_name_only():
    first = uniform(1, ("noise", "G01"), 5)
    np.testing.assert_array_equal(first, uniform(1, ("noise", "G01"), 9)[:5])
    for other in (uniform(2, ("noise", "G01"), 5), uniform(1, ("noise", "G02"), 5)):
        assert not np.isin(first, other).any()


def test_bits_are_those_of_pcg64():
    state = int.from_bytes(hashlib.sha256(b"7/a/b").digest()[:16], "big")
    raw = int(np.random.PCG64(state).random_raw())
    assert uniform(7, ("a", "b"), 1)[0] == math.ldexp((raw >> 12) + 0.5, -52)


def test_distributions():
    # Kolmogorov-Smirnov with a fixed stream: a wrong shape gives a p-value of zero.
    assert kstest(uniform(3, ("u",), 20_000), "uniform").pvalue > 1e-3
    assert kstest(normal(3, ("n",), 20_000), "norm").pvalue > 1e-3
