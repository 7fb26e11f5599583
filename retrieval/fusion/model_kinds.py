"""What each kind of trained model has learnt, as plain numbers and arrays, and back again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from retrieval.errors import InputError
from retrieval.fusion.cnn import Cnn, Networks
from retrieval.fusion.columns import Floats
from retrieval.fusion.forest import ForestSize, RfMdi
from retrieval.fusion.gaussian_units import GaussianUnits
from retrieval.fusion.phase_lines import MeanPhase, RidgeLine
from retrieval.fusion.prediction import MoistureModel, Prediction
from retrieval.fusion.rbf import RbfChoice, RbfNetwork
from retrieval.fusion.rf_mda import RfMda
from retrieval.fusion.svm import Svm, SvmChoice

__all__ = ["array_shapes", "is_kept", "learnt_arrays", "learnt_numbers", "restore"]

Shape = tuple[int, ...]

_BOUNDS = ("vwc", "lower", "upper")
_OF_NETWORKS = ("mean", "scale", "level", "spread")


class _Kind(NamedTuple):
    """Learnt attributes of a kind of model: arrays, numbers, and what was chosen from a grid."""

    arrays: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    chosen: str | None = None
    choice: Any = None


_FOREST = ("training_leaves_", "training_vwc_", "mdi_", "weights_")
_KINDS: Mapping[type[Any], _Kind] = {
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


def learnt_arrays(model: Any) -> dict[str, Any]:
    """Return the arrays that a model has learnt, by name; the trees of a forest are none."""
    found = {f"model.{name}": getattr(model, name) for name in _KINDS[type(model)].arrays}
    if isinstance(model, Svm | RbfNetwork):
        found |= {f"units.{name}": one for name, one in model.units_._asdict().items()}
    if isinstance(model, Cnn):
        known = model.networks_
        found |= {f"networks.{name}": getattr(known, name) for name in _OF_NETWORKS}
        found |= {f"networks.{name}": one for name, one in known.parameters.items()}
    return found | {f"out_of_fold.{name}": getattr(model.out_of_fold_, name) for name in _BOUNDS}


def learnt_numbers(model: Any) -> dict[str, Any]:
    """Return the numbers that a model has learnt, by name, in JSON's types."""
    kind = _KINDS[type(model)]
    found: dict[str, Any] = {name: getattr(model, name) for name in kind.numbers}
    if kind.chosen is not None:
        found[kind.chosen] = list(getattr(model, kind.chosen))
        found["grid_rmse_"] = [[*one, rmse] for one, rmse in model.grid_rmse_.items()]
    if isinstance(model, Cnn):
        found["epochs_"] = list(model.epochs_)
    return found


def array_shapes(model: Any, arrays: Mapping[str, Any], k: int, p: int) -> dict[str, Shape]:
    """Return the shapes that a model's arrays must have.

    Parameters
    ----------
    model : MoistureModel
        With its settings; what it has learnt is not looked at.
    arrays : mapping
        What was read. How many rows, trees or units there are is theirs to say; all must agree.
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
    return found | {f"out_of_fold.{name}": (rows,) for name in _BOUNDS}


def restore(model: Any, arrays: Mapping[str, Floats], numbers: Mapping[str, Any], p: int) -> None:
    """Give a model of p columns what it has learnt, but for its interval and its trees.

    Raises
    ------
    InputError
        Numbers are not what they should be.
    """
    kind = _KINDS[type(model)]
    for name in kind.arrays:
        setattr(model, name, arrays[f"model.{name}"])
    for name in kind.numbers:
        setattr(model, name, numbers[name])
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
    model.out_of_fold_ = Prediction(*(arrays[f"out_of_fold.{name}"] for name in _BOUNDS))
