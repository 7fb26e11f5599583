"""What each model of a study is, in words that are true of this study."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from retrieval.reports.study import nothing_follows
from retrieval.reports.words import joined

if TYPE_CHECKING:
    from retrieval.reports.study import Study

__all__ = ["auto_words", "model_words", "shares_text"]

_WORDS = {
    "auto": "weighted mean of fusion, linear, svm and rf-mdi",
    "fusion": "a robust index of all tracks' phases, calibrated; with a forest where that helps",
    "rf-mdi": "random forest; tracks weigh by their mean decrease of impurity (the paper's model)",
    "rf-mda": "random forest of absolute errors; tracks weigh by their mean decrease of accuracy",
    "svm": "support vector regression with a Gaussian kernel",
    "rbf": "network of radial basis functions",
    "cnn": "convolutional network over the tracks in order of azimuth",
    "linear": "one straight line in all tracks at once, ridge-penalised",
    "mean-phase": "one straight line on the mean of all tracks: the simplest to beat",
    "climatology": "mean of the training days about that day of the year where two or more years "
    "have it, else of all of them: knows nothing of the signals",
    "persistence": "the reference of the day before, which it is told every day",
    "time-interpolation": "between the training values around: knows nothing of the signals",
}
_WEIGHED = "; the weights come from what each estimated of training days left out"


def model_words(study: Study, name: str) -> str:
    """Say what a model is in this study; empty for a name that is not known."""
    if name == "auto":
        return auto_words(study) + _WEIGHED + " (first seed)" * bool(study.shares)
    if name == "climatology" and not _has_years(study):
        return "mean of the training days: knows nothing of the signals"
    if name == "time-interpolation" and nothing_follows(study.days, study.folds):
        return (
            "the last training value carried on, as no training day follows the test: knows "
            "nothing of the signals"
        )
    return _WORDS.get(name, "")


def auto_words(study: Study) -> str:
    """Say what `auto` is the mean of here."""
    if not study.shares:
        return _WORDS["auto"]
    return f"weighted mean of {shares_text(study.shares)}"


def shares_text(shares: Mapping[str, float]) -> str:
    """Write weights in hundredths that add up to 1; what has none is left out.

    Parameters
    ----------
    shares : mapping of str to float
        1 in all.

    Examples
    --------
    >>> shares_text({"fusion": 0.876, "linear": 0.062, "svm": 0.002, "rf-mdi": 0.06})
    'fusion (0.88), linear (0.06) and rf-mdi (0.06)'
    """
    exact = 100.0 * np.array(list(shares.values()), np.float64)
    whole = np.floor(exact).astype(np.int64)
    # Those that lost most by rounding down get back what is missing.
    lost = np.argsort(whole - exact, kind="stable")
    whole[lost[: 100 - int(whole.sum())]] += 1
    if len(whole) == 1:
        return next(iter(shares))
    return joined(
        [f"{name} ({k / 100:.2f})" for name, k in zip(shares, whole.tolist(), strict=True) if k]
    )


def _has_years(study: Study) -> bool:
    """Return whether some part trains on two calendar years or more."""
    year = study.days.astype("datetime64[Y]")
    return any(len(np.unique(year[fold.train])) > 1 for fold in study.folds)
