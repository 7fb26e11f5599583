"""Periodogram and fit of one arc, ours beside astropy's exact Lomb-Scargle, in the same run.

Arcs of a few hundred points on the default height grid (0.4 to 8 m, 5 mm). Ours takes a batch of
arcs, as the chain does, and also fits height, amplitude and phase; astropy takes arc after arc and
gives the spectrum alone.

    python benchmarks/periodogram.py [points per arc]
"""

import sys
import time

import numpy as np
from astropy.timeseries import LombScargle

from retrieval.interferogram import Interferograms, fit_fixed_height
from retrieval.periodogram import height_grid, spectral_peaks

WAVELENGTH_M = 0.2442102134
ARCS = 400
REPEATS = 5


def made_arcs(points: int) -> Interferograms:
    rng = np.random.default_rng(1)
    t = np.sin(np.radians(np.sort(rng.uniform(5, 25, (ARCS, points)), axis=1)))
    y = 10 * np.sin(4 * np.pi * 1.8 / WAVELENGTH_M * t + 0.5) + rng.normal(0, 3, t.shape)
    return Interferograms(
        t.ravel(),
        y.ravel(),
        np.degrees(np.arcsin(t.ravel())),
        np.arange(0, ARCS * points + 1, points),
        np.full(ARCS, WAVELENGTH_M),
    )


def main() -> None:
    points = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    waves, heights = made_arcs(points), height_grid((0.4, 8.0), 0.005)
    ratios, ours_ms, theirs_ms = [], [], []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        peaks = spectral_peaks(waves.t, waves.dsnr, waves.start, waves.wavelength_m, heights)
        fit_fixed_height(waves, peaks.height_m)
        ours = (time.perf_counter() - begin) / ARCS
        sample = 40
        begin = time.perf_counter()
        best = []
        for arc in range(sample):
            part = slice(waves.start[arc], waves.start[arc + 1])
            power = LombScargle(
                waves.t[part],
                waves.dsnr[part],
                fit_mean=False,
                center_data=False,
                normalization="psd",
            ).power(2 * heights / WAVELENGTH_M, method="slow", assume_regular_frequency=True)
            best.append(heights[power.argmax()])
        theirs = (time.perf_counter() - begin) / sample
        assert np.abs(np.array(best) - peaks.height_m[:sample]).max() < 0.004
        ours_ms.append(ours * 1000)
        theirs_ms.append(theirs * 1000)
        ratios.append(theirs / ours)
    print(
        f"{points} points an arc: ours {np.median(ours_ms):.3f} ms (spectrum, peak and fit), "
        f"astropy exact {np.median(theirs_ms):.2f} ms (spectrum), ratio {np.median(ratios):.0f}"
    )


if __name__ == "__main__":
    main()
