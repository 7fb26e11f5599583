"""How long models train and estimate on 300 days of 400 tracks.

    python benchmarks/training.py [MODEL ...]

Rows are made, not simulated: a season of moisture, plants that move all tracks and amplitudes, two
thirds of good tracks with 3 degrees of noise, the rest with 40. Copies with dropped tracks stand
beside them, as in a training. Times of one run, two threads; the estimate is the best of twenty.
"""

import sys
import time

import numpy as np

from retrieval.fusion.models import make_model

DAYS, TRACKS = 300, 400
MODELS = {
    "rf-mdi, 300 trees, leaf 3": ("rf-mdi", {"preset": "p041"}),
    "rf-mdi, grid": ("rf-mdi", {}),
    "auto, grid": ("auto", {}),
    "fusion": ("fusion", {}),
    "linear": ("linear", {}),
    "svm": ("svm", {}),
}


def season() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return columns, copies with dropped tracks, moisture and times."""
    draws = np.random.default_rng(0)
    vwc = 0.2 + 0.08 * np.sin(np.arange(DAYS) / 9.0) + 0.02 * draws.normal(size=DAYS).cumsum() / 5
    plants = -0.1 * np.sin(np.pi * np.arange(DAYS) / DAYS) ** 2
    slope = np.where(np.arange(TRACKS) % 3 > 0, draws.uniform(-90, -50, TRACKS), 0.0)
    noise = np.where(np.arange(TRACKS) % 3 > 0, 3.0, 40.0)
    phases = vwc[:, None] * slope + draws.normal(size=(DAYS, TRACKS)) * noise
    beside = np.column_stack([plants + draws.normal(0, 0.004, DAYS), draws.normal(0, 0.003, DAYS)])
    copies = np.where(draws.random(phases.shape) < 0.3, phases + draws.normal(0, 2.0), phases)
    times = np.datetime64("2024-01-01", "ns") + np.arange(DAYS) * np.timedelta64(1, "D")
    return np.hstack([phases, beside]), np.hstack([copies, beside]), vwc, times


def main() -> None:
    columns, copies, vwc, times = season()
    print("| model | training, s | one estimate, ms |\n|---|---|---|")
    for label in sys.argv[1:] or MODELS:
        name, settings = MODELS[label]
        if name in ("auto", "fusion", "rf-mdi"):
            settings = {**settings, "n_tracks": TRACKS, "n_jobs": 2}
        if name in ("auto", "fusion"):
            settings["n_evidence"] = 2
        began = time.perf_counter()
        model = make_model(name, **settings).fit(columns, vwc, times, copies)
        trained = time.perf_counter() - began
        each = []
        for _ in range(20):
            began = time.perf_counter()
            model.predict(columns[-1:])
            each.append(time.perf_counter() - began)
        print(f"| {label} | {trained:.1f} | {1e3 * min(each):.1f} |", flush=True)


if __name__ == "__main__":
    main()
