"""Models trained on reference moisture, by name.

| name | model |
|---|---|
| `auto` | those of the next four that do best in blocks of days, weighted |
| `fusion` | our own: a calibrated index of all tracks, with a forest where that helps |
| `rf-mdi` | the random forest of the paper |
| `rf-mda` | the forest that the paper compares with it: absolute errors and permutations |
| `svm` | support vector regression |
| `rbf` | a network of radial basis functions |
| `cnn` | a convolutional network along the azimuth (needs torch) |
| `linear` | ridge regression on all columns |
| `mean-phase` | one line on the mean of all tracks: the simplest that a forest must beat |
| `climatology` | mean of the training moisture, of the season with two or more years |
| `persistence` | the reference of the day before: shown, not ranked |
| `time-interpolation` | between the training values around: shown, not ranked |
"""

from __future__ import annotations

import dataclasses
from typing import Any

from retrieval.errors import InputError
from retrieval.fusion.auto_model import Auto
from retrieval.fusion.baselines import Climatology, Persistence, TimeInterpolation
from retrieval.fusion.cnn import Cnn
from retrieval.fusion.forest import RfMdi
from retrieval.fusion.fusion_model import Fusion
from retrieval.fusion.phase_lines import MeanPhase, RidgeLine
from retrieval.fusion.prediction import MoistureModel
from retrieval.fusion.rbf import RbfNetwork
from retrieval.fusion.rf_mda import RfMda
from retrieval.fusion.svm import Svm

__all__ = ["FORESTS", "MODEL_NAMES", "make_model", "setting_names"]

_MODELS: dict[str, type[Any]] = {
    "auto": Auto,
    "fusion": Fusion,
    "rf-mdi": RfMdi,
    "rf-mda": RfMda,
    "svm": Svm,
    "rbf": RbfNetwork,
    "cnn": Cnn,
    "linear": RidgeLine,
    "mean-phase": MeanPhase,
    "climatology": Climatology,
    "persistence": Persistence,
    "time-interpolation": TimeInterpolation,
}

MODEL_NAMES = tuple(_MODELS)
# Those that come in the sizes of the paper, or hold one that does.
FORESTS = ("auto", "rf-mdi", "rf-mda")


def make_model(name: str, **settings: Any) -> MoistureModel:
    """Return an untrained model.

    Parameters
    ----------
    name : str
        One of `MODEL_NAMES`.
    **settings
        Parameters of its class.

    Raises
    ------
    InputError
        There is no such model, or it has no such setting or lacks one.

    Examples
    --------
    >>> make_model("rf-mdi", preset="p041", seed=3).preset
    'p041'
    """
    known = setting_names(name)
    needed = {
        field.name
        for field in dataclasses.fields(_MODELS[name])
        if field.init and field.default is dataclasses.MISSING
    }
    if not needed <= set(settings) <= known:
        raise InputError(
            f"model {name}: settings {', '.join(sorted(settings)) or 'none'}; expected "
            f"{', '.join(sorted(needed)) or 'none'} and any of {', '.join(sorted(known - needed))}"
        )
    model: MoistureModel = _MODELS[name](**settings)
    return model


def setting_names(name: str) -> set[str]:
    """Return the names of a model's settings.

    Raises
    ------
    InputError
        There is no such model.

    Examples
    --------
    >>> sorted(setting_names("mean-phase"))
    ['blocks', 'gap_days', 'n_tracks']
    """
    if name not in _MODELS:
        raise InputError(f"model {name!r}, expected one of {', '.join(MODEL_NAMES)}")
    return {field.name for field in dataclasses.fields(_MODELS[name]) if field.init}
