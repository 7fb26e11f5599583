"""What each kind of trained model has learnt, as plain numbers and arrays, and back again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import InputError
from retrieval.fusion.auto_model import Auto
from retrieval.fusion.cnn import Cnn, Networks
from retrieval.fusion.columns import Floats
from retrieval.fusion.conformal import ConformalInterval
from retrieval.fusion.forest import ForestSize, RfMdi
from retrieval.fusion.fusion_model import Fusion
from retrieval.fusion.gaussian_units import GaussianUnits
from retrieval.fusion.index_calibration import IndexCalibration
from retrieval.fusion.phase_lines import MeanPhase, RidgeLine
from retrieval.fusion.prediction import MoistureModel, Prediction
from retrieval.fusion.rbf import RbfChoice, RbfNetwork
from retrieval.fusion.rf_mda import RfMda
from retrieval.fusion.svm import Svm, SvmChoice
from retrieval.fusion.track_responses import TrackResponses

__all__ = [
    "FOREST",
    "REST",
    "array_shapes",
    "forests",
    "is_kept",
    "learnt_arrays",
    "learnt_numbers",
    "restore",
]

Shape = tuple[int, ...]

# Files of the trees: of a forest, and of what grows on the residuals of `fusion`.
FOREST, REST = "forest.skops", "rest.skops"
_BOUNDS = ("vwc", "lower", "upper")
_OF_INTERVAL = ("coverage", "symmetric", "below_", "above_", "n_")
_OF_LINES = ("level_deg", "slope_deg", "noise_deg", "trust")
_OF_CALIBRATION = ("spread", "coefficients")
_OF_NETWORKS = ("mean", "scale", "level", "spread")


class _Kind(NamedTuple):
    """Learnt attributes of a kind of model: arrays, numbers, and what was chosen from a grid."""

    arrays: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    chosen: str | None = None
    choice: Any = None


_FOREST = ("training_leaves_", "training_vwc_", "mdi_", "weights_")
_KINDS: Mapping[type[Any], _Kind] = {
    Auto: _Kind(("weights_",)),
    Fusion: _Kind(("weights_",), ("rmse_without_", "rmse_with_")),
    RfMdi: _Kind(_FOREST, (), "size_", ForestSize),
    RfMda: _Kind((*_FOREST, "mda_"), (), "size_", ForestSize),
    Svm: _Kind((), (), "choice_", SvmChoice),
    RbfNetwork: _Kind((), (), "choice_", RbfChoice),
    Cnn: _Kind(),
    RidgeLine: _Kind(("slope_",), ("level_", "penalty_")),
    MeanPhase: _Kind((), ("level_", "slope_")),
}


def is_kept(model: MoistureModel) -> bool:
    """Whether a model is of a kind that can be kept."""
    return type(model) in _KINDS


def forests(model: Any) -> dict[str, Any]:
    """Return the fitted forests of a model by the names of their files."""
    if isinstance(model, Auto):
        found: dict[str, Any] = {}
        for one in model.models_.values():
            found |= forests(one)
        return found
    if isinstance(model, Fusion):
        return {} if model.forest_ is None else {REST: model.forest_}
    return {FOREST: model.forest_} if isinstance(model, RfMdi) else {}


def learnt_arrays(model: Any) -> dict[str, Any]:
    """Return the arrays that a model has learnt, by name; the trees of a forest are none."""
    found = {f"model.{name}": getattr(model, name) for name in _KINDS[type(model)].arrays}
    if isinstance(model, Svm | RbfNetwork):
        found |= {f"units.{name}": one for name, one in model.units_._asdict().items()}
    if isinstance(model, Cnn):
        known = model.networks_
        found |= {f"networks.{name}": getattr(known, name) for name in _OF_NETWORKS}
        found |= {f"networks.{name}": one for name, one in known.parameters.items()}
    if isinstance(model, Fusion):
        found |= {f"lines.{name}": getattr(model.responses_, name) for name in _OF_LINES}
        found |= {f"index.{name}": getattr(model.calibration_, name) for name in _OF_CALIBRATION}
    if isinstance(model, Auto):
        for part, one in model.models_.items():
            found |= {f"{part}.{name}": values for name, values in learnt_arrays(one).items()}
    said = {f"out_of_fold.{name}": getattr(model.out_of_fold_, name) for name in _BOUNDS}
    return found | said


def learnt_numbers(model: Any) -> dict[str, Any]:
    """Return the numbers that a model has learnt, by name, in JSON's types."""
    kind = _KINDS[type(model)]
    found: dict[str, Any] = {name: getattr(model, name) for name in kind.numbers}
    if kind.chosen is not None:
        found[kind.chosen] = list(getattr(model, kind.chosen))
        found["grid_rmse_"] = [[*one, rmse] for one, rmse in model.grid_rmse_.items()]
    if isinstance(model, Cnn):
        found["epochs_"] = list(model.epochs_)
    if isinstance(model, Fusion):
        found |= {"centre": model.calibration_.centre, "scale": model.calibration_.scale}
        found["rest"] = model.forest_ is not None
    if isinstance(model, Auto):
        found["rmse_"] = {
            name: one if np.isfinite(one) else None for name, one in model.rmse_.items()
        }
        found["share_"] = model.share_
        found["models"] = {name: learnt_numbers(one) for name, one in model.models_.items()}
    found["interval"] = {name: getattr(model.interval_, name) for name in _OF_INTERVAL}
    return found


def array_shapes(
    model: Any, arrays: Mapping[str, Any], numbers: Mapping[str, Any], k: int, p: int
) -> dict[str, Shape]:
    """Return the shapes that a model's arrays must have.

    Parameters
    ----------
    model : MoistureModel
        With its settings; what it has learnt is not looked at.
    arrays : mapping
        What was read. How many rows, trees or units there are is theirs to say; all must agree.
    numbers : mapping
        What `learnt_numbers` had said.
    k, p : int
        Tracks and columns.
    """

    def size(name: str, axis: int) -> int:
        shape = np.shape(arrays.get(name, 0))
        return int(shape[axis]) if len(shape) > axis else 0

    found: dict[str, Shape] = {}
    rows = size("out_of_fold.vwc", 0)
    if isinstance(model, RfMdi):
        found = {
            "model.training_leaves_": (rows, size("model.training_leaves_", 1)),
            "model.training_vwc_": (rows,),
            "model.mdi_": (p,),
            "model.weights_": (k,),
        }
    if isinstance(model, RfMda):
        found["model.mda_"] = (p,)
    if isinstance(model, Svm | RbfNetwork):
        units = size("units.heights", 0)
        shapes = ((p,), (p,), (units, p), (units,), (), ())
        found = {
            f"units.{name}": one for name, one in zip(GaussianUnits._fields, shapes, strict=True)
        }
    if isinstance(model, Cnn):
        found = {
            f"networks.{name}": one
            for name, one in zip(_OF_NETWORKS, ((p,), (p,), (), ()), strict=True)
        }
        of_one = model.layout(p)[0].parameters()
        found |= {f"networks.{name}": (model.networks, *one) for name, one in of_one.items()}
    if isinstance(model, RidgeLine):
        found = {"model.slope_": (p,)}
    if isinstance(model, Fusion):
        evidence = model.n_evidence or 0
        found = {"model.weights_": (k,), **{f"lines.{name}": (k,) for name in _OF_LINES}}
        found |= {"index.spread": (evidence,), "index.coefficients": (3 + evidence,)}
    if isinstance(model, Auto):
        found = {"model.weights_": (k,)}
        for part, told in numbers["models"].items():
            own = _of_part(arrays, part)
            of_part = array_shapes(model.candidate(part), own, told, k, p)
            found |= {f"{part}.{name}": shape for name, shape in of_part.items()}
    return found | {f"out_of_fold.{name}": (rows,) for name in _BOUNDS}


def _of_part(arrays: Mapping[str, Any], part: str) -> dict[str, Any]:
    """Return the arrays of a model that takes part in another, by their own names."""
    return {
        name.removeprefix(f"{part}."): values
        for name, values in arrays.items()
        if name.startswith(f"{part}.")
    }


def restore(
    model: Any,
    arrays: Mapping[str, Floats],
    numbers: Mapping[str, Any],
    p: int,
    trees: Callable[[str, NDArray[Any] | None], Any],
) -> None:
    """Give a model of p columns what it has learnt.

    Parameters
    ----------
    model : MoistureModel
        Untrained, with its settings.
    arrays, numbers : mapping
        What `learnt_arrays` and `learnt_numbers` had said.
    p : int
        Columns.
    trees : callable
        Returns the forest of a file, given its name and the leaves of the training rows in it.

    Raises
    ------
    InputError
        Numbers are not what they should be.
    """
    kind = _KINDS[type(model)]
    for name in kind.arrays:
        setattr(model, name, arrays[f"model.{name}"])
    for name in kind.numbers:
        setattr(model, name, float(numbers[name]))
    if kind.chosen is not None:
        setattr(model, kind.chosen, kind.choice(*numbers[kind.chosen]))
        model.grid_rmse_ = {kind.choice(*one): rmse for *one, rmse in numbers["grid_rmse_"]}
    if isinstance(model, Svm | RbfNetwork):
        model.units_ = GaussianUnits(*(arrays[f"units.{name}"] for name in GaussianUnits._fields))
    if isinstance(model, Cnn):
        model.epochs_ = tuple(numbers["epochs_"])
        if len(model.epochs_) != model.networks:
            raise InputError(f"{len(model.epochs_)} epochs of {model.networks} networks")
        shape, columns = model.layout(p)
        mean, scale, level, spread = (arrays[f"networks.{name}"] for name in _OF_NETWORKS)
        parameters = {name: arrays[f"networks.{name}"] for name in shape.parameters()}
        model.networks_ = Networks(shape, columns, mean, scale, level, spread, parameters)
    if isinstance(model, RfMdi):
        model.forest_ = trees(FOREST, model.training_leaves_)
    if isinstance(model, Fusion):
        model.responses_ = TrackResponses(*(arrays[f"lines.{name}"] for name in _OF_LINES))
        model.calibration_ = IndexCalibration(
            float(numbers["centre"]),
            float(numbers["scale"]),
            *(arrays[f"index.{name}"] for name in _OF_CALIBRATION),
        )
        sizes = [model.calibration_.scale, *model.calibration_.spread, *model.responses_.noise_deg]
        if min(sizes) <= 0:
            raise InputError("a noise or a scale of 0 or less")
        model.forest_ = trees(REST, None) if numbers["rest"] else None
    if isinstance(model, Auto):
        _restore_parts(model, arrays, numbers, p, trees)
    model.out_of_fold_ = Prediction(*(arrays[f"out_of_fold.{name}"] for name in _BOUNDS))
    told = numbers["interval"]
    model.interval_ = ConformalInterval(coverage=told["coverage"], symmetric=told["symmetric"])
    model.interval_.below_, model.interval_.above_ = float(told["below_"]), float(told["above_"])
    model.interval_.n_ = int(told["n_"])


def _restore_parts(
    model: Auto,
    arrays: Mapping[str, Floats],
    numbers: Mapping[str, Any],
    p: int,
    trees: Callable[[str, NDArray[Any] | None], Any],
) -> None:
    """Give `auto` the models that take part in it."""
    model.rmse_ = {
        name: float("inf") if one is None else one for name, one in numbers["rmse_"].items()
    }
    model.share_ = {name: float(one) for name, one in numbers["share_"].items()}
    if set(model.share_) != set(numbers["models"]) or not model.share_:
        raise InputError(f"shares of {', '.join(model.share_)}, but other models")
    shares = np.array(list(model.share_.values()))
    if not ((shares > 0) & (shares <= 1)).all() or abs(shares.sum() - 1) > 1e-6:
        raise InputError(f"shares {shares.tolist()}, expected more than 0 and 1 in all")
    model.models_ = {}
    for part, told in numbers["models"].items():
        one = model.candidate(part)
        restore(one, _of_part(arrays, part), told, p, trees)
        model.models_[part] = one
