"""A trained model on disk: a folder of plain files that nothing in can run.

::

    manifest.json  what the model is, what it was trained on, versions, and a hash of each file
    tracks.csv     the tracks and their references
    arrays.npz     what imputation and model have learnt (no pickled objects)
    forest.skops   the trees, of `rf-mdi` alone (skops; no pickle is ever loaded)

Loading checks everything, and refuses with the reason: a file that is missing or was changed, a
folder of a later format, types that are none of ours, trees that point outside of themselves. A
model that is loaded says the same as the one that was saved, to the last bit.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import platform
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from retrieval.errors import InputError, UnreadableFileError
from retrieval.fusion.conformal import ConformalInterval
from retrieval.fusion.factors import FactorImputer
from retrieval.fusion.features import Features
from retrieval.fusion.forest import ForestSize, RfMdi
from retrieval.fusion.models import make_model
from retrieval.fusion.phase_lines import MeanPhase, RidgeLine
from retrieval.fusion.prediction import MoistureModel, Prediction
from retrieval.fusion.track_table import TrackTable
from retrieval.fusion.trained import FlagRules, TrainedModel, TrainingRecord
from retrieval.fusion.weather_features import MedianFill
from retrieval.validation import Scores
from retrieval.version import VERSION

__all__ = ["FORMAT", "load_model", "save_model"]

FORMAT = 1
_MANIFEST, _TRACKS, _ARRAYS, _FOREST = (
    "manifest.json",
    "tracks.csv",
    "arrays.npz",
    "forest.skops",
)
_TREE = "sklearn.tree._tree.Tree"
# Learnt attributes by kind of model: arrays, and numbers.
_LEARNT: Mapping[type[Any], tuple[tuple[str, ...], tuple[str, ...]]] = {
    RfMdi: (("training_leaves_", "training_vwc_", "mdi_", "weights_"), ()),
    RidgeLine: (("slope_",), ("level_", "penalty_")),
    MeanPhase: ((), ("level_", "slope_")),
}
_IMPUTER_ARRAYS = ("mean_deg_", "loading_deg_", "noise_deg_", "explained_")
_IMPUTER_NUMBERS = ("drift_", "n_rounds_")


def save_model(
    trained: TrainedModel, folder: Path, sources: Mapping[str, str] | None = None
) -> None:
    """Write a model into a folder, whole or not at all.

    Parameters
    ----------
    trained : TrainedModel
        Of a kind that can be kept: `rf-mdi`, `linear` or `mean-phase`.
    folder : Path
        New, or holding a model from before, which is replaced.
    sources : mapping, optional
        What it was trained on, by name: hashes of arcs and reference, say.

    Raises
    ------
    InputError
        The model cannot be kept, or the folder holds other things.
    """
    kind = type(trained.model)
    if kind not in _LEARNT:
        raise InputError(f"model {trained.name}: cannot be kept; use rf-mdi, linear or mean-phase")
    if folder.exists() and (not folder.is_dir() or not _replaceable(folder)):
        raise InputError(f"{folder} holds other things; name a new folder for the model")
    contents = {
        _TRACKS: trained.features.table.to_frame().to_csv(index=False).encode("utf-8"),
        _ARRAYS: _arrays(trained),
    }
    if isinstance(trained.model, RfMdi):
        from skops.io import dumps

        contents[_FOREST] = dumps(trained.model.forest_)
    contents[_MANIFEST] = _json(_manifest(trained, contents, sources or {}))
    partial = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for name, content in contents.items():
        (partial / name).write_bytes(content)
    if folder.exists():
        shutil.rmtree(folder)
    partial.replace(folder)


def load_model(folder: Path) -> TrainedModel:
    """Read a model from its folder.

    Raises
    ------
    UnreadableFileError
        A file is missing, changed, of a later format or not what it should be; the message says
        which and why.
    """
    manifest = _read_manifest(folder)
    contents = _checked_contents(folder, manifest)
    try:
        return _model(folder, manifest, contents)
    except (KeyError, TypeError, ValueError, IndexError, InputError) as error:
        raise UnreadableFileError(
            str(folder / _MANIFEST),
            f"does not describe a model that can be used ({error}); train it again",
        ) from error


def _replaceable(folder: Path) -> bool:
    """Whether a folder is empty or a model."""
    names = {path.name for path in folder.iterdir()}
    return not names or (_MANIFEST in names and names <= {_MANIFEST, _TRACKS, _ARRAYS, _FOREST})


def _arrays(trained: TrainedModel) -> bytes:
    """Return arrays.npz; uncompressed and in fixed order, so that equal models are equal files."""
    features, model = trained.features, trained.model
    arrays = {f"imputer.{name}": getattr(features.imputer, name) for name in _IMPUTER_ARRAYS}
    if features.fill is not None:
        arrays["fill.median_"] = features.fill.median_
    arrays |= {f"model.{name}": getattr(model, name) for name in _LEARNT[type(model)][0]}
    if isinstance(model, RfMdi):
        said = model.out_of_fold_
        arrays |= {f"out_of_fold.{name}": getattr(said, name) for name in ("vwc", "lower", "upper")}
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **arrays)
    return stream.getvalue()


def _manifest(
    trained: TrainedModel, contents: Mapping[str, bytes], sources: Mapping[str, str]
) -> dict[str, Any]:
    """Return what the manifest says."""
    features, model, record = trained.features, trained.model, trained.record
    settings = {
        one.name: getattr(model, one.name)
        for one in dataclasses.fields(model)  # type: ignore[arg-type]
        if one.init
    }
    learnt: dict[str, Any] = {name: getattr(model, name) for name in _LEARNT[type(model)][1]}
    if isinstance(model, RfMdi):
        learnt["size_"] = list(model.size_)
        learnt["grid_rmse_"] = [[*size, rmse] for size, rmse in model.grid_rmse_.items()]
        settings["n_jobs"] = 1  # that of the machine it was trained on means nothing elsewhere
    interval = model.interval_  # type: ignore[attr-defined]
    return {
        "format": FORMAT,
        "model_id": trained.model_id,
        "name": trained.name,
        "seed": trained.seed,
        "rules": dataclasses.asdict(trained.rules),
        "record": {
            **dataclasses.asdict(record),
            "first_day": str(record.first_day),
            "last_day": str(record.last_day),
            "scores": record.scores.as_dict(),
        },
        "settings": settings,
        "learnt": learnt,
        "interval": {
            name: getattr(interval, name)
            for name in ("coverage", "symmetric", "below_", "above_", "n_")
        },
        "imputer": {
            name: getattr(features.imputer, name)
            for name in ("n_factors", "ridge", "drift_deg_per_sqrt_h", *_IMPUTER_NUMBERS)
        },
        "columns": list(features.names),
        "sources": dict(sources),
        "versions": _versions(),
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()},
    }


def _versions() -> dict[str, str]:
    """Return what the model was made with."""
    import sklearn

    return {
        "soilglint": VERSION,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scikit-learn": sklearn.__version__,
    }


def _json(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, indent=2, default=_plain) + "\n").encode("utf-8")


def _plain(value: Any) -> Any:
    """Return a numpy number as one of Python's."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} has no place in a manifest")


def _read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a folder."""
    path = folder / _MANIFEST
    try:
        manifest = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UnreadableFileError(
            str(path), "there is no such file; give the folder that `soilglint train` wrote"
        ) from error
    except OSError as error:
        raise UnreadableFileError(str(path), f"cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise UnreadableFileError(str(path), f"is no JSON ({error}); train it again") from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("format"), int):
        raise UnreadableFileError(str(path), "is no manifest of a model; train it again")
    if manifest["format"] > FORMAT:
        raise UnreadableFileError(
            str(path),
            f"is of format {manifest['format']}, and this soilglint knows up to {FORMAT}; update "
            "soilglint, or train the model with this one",
        )
    return manifest


def _checked_contents(folder: Path, manifest: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the files that a manifest names, if they are what it says."""
    contents = {}
    hashes = manifest.get("sha256")
    for name, expected in (hashes if isinstance(hashes, dict) else {}).items():
        path = folder / Path(name).name
        try:
            contents[name] = path.read_bytes()
        except OSError as error:
            raise UnreadableFileError(
                str(path), f"cannot be read ({error.strerror}); copy the whole folder again"
            ) from error
        if hashlib.sha256(contents[name]).hexdigest() != expected:
            raise UnreadableFileError(
                str(path), "was changed since it was written; copy the whole folder again"
            )
    missing = {_TRACKS, _ARRAYS} - set(contents)
    if missing:
        raise UnreadableFileError(
            str(folder / _MANIFEST), f"names no {', '.join(sorted(missing))}; train it again"
        )
    return contents


def _model(folder: Path, manifest: dict[str, Any], contents: Mapping[str, bytes]) -> TrainedModel:
    """Put a model together."""
    table = TrackTable.from_frame(
        pd.read_csv(io.BytesIO(contents[_TRACKS]), dtype=str, keep_default_na=False)
    )
    with np.load(io.BytesIO(contents[_ARRAYS]), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    of_imputer = manifest["imputer"]
    imputer = FactorImputer(
        of_imputer["n_factors"], of_imputer["ridge"], of_imputer["drift_deg_per_sqrt_h"]
    )
    for name in _IMPUTER_ARRAYS:
        setattr(imputer, name, arrays[f"imputer.{name}"])
    for name in _IMPUTER_NUMBERS:
        setattr(imputer, name, of_imputer[name])
    if len(imputer.mean_deg_) != len(table):
        raise InputError(f"{len(table)} tracks and an imputation of {len(imputer.mean_deg_)}")
    fill = None
    if "fill.median_" in arrays:
        fill = MedianFill()
        fill.median_ = arrays["fill.median_"]
    features = Features(table, imputer, fill)
    if list(features.names) != manifest["columns"]:
        raise InputError("columns are not those of the tracks")
    record = manifest["record"]
    trained = TrainedModel(
        manifest["name"],
        features,
        _fitted(folder, manifest, arrays, contents),
        TrainingRecord(
            np.datetime64(record["first_day"], "D"),
            np.datetime64(record["last_day"], "D"),
            record["n_days"],
            record["lowest"],
            record["highest"],
            record["ordinary_tracks"],
            _scores(record["scores"]),
            record["skill"],
        ),
        FlagRules(**manifest["rules"]),
        manifest["seed"],
    )
    if trained.model_id != manifest["model_id"]:
        raise InputError(f"says {manifest['model_id']} and holds {trained.model_id}")
    return trained


def _scores(told: Mapping[str, Any]) -> Scores:
    """Return scores; JSON has no NaN."""
    known: dict[str, Any] = {
        name: float("nan") if value is None else value for name, value in told.items()
    }
    return Scores(**known)


def _fitted(
    folder: Path,
    manifest: Mapping[str, Any],
    arrays: Mapping[str, Any],
    contents: Mapping[str, bytes],
) -> MoistureModel:
    """Return the model with what it has learnt."""
    settings = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in manifest["settings"].items()
    }
    model: Any = make_model(manifest["name"], **settings)
    of_arrays, numbers = _LEARNT[type(model)]
    for name in of_arrays:
        setattr(model, name, arrays[f"model.{name}"])
    for name in numbers:
        setattr(model, name, manifest["learnt"][name])
    told = manifest["interval"]
    interval = ConformalInterval(coverage=told["coverage"], symmetric=told["symmetric"])
    interval.below_, interval.above_, interval.n_ = told["below_"], told["above_"], told["n_"]
    model.interval_ = interval
    if isinstance(model, RfMdi):
        model.size_ = ForestSize(*manifest["learnt"]["size_"])
        model.grid_rmse_ = {
            ForestSize(int(trees), int(leaf)): rmse
            for trees, leaf, rmse in manifest["learnt"]["grid_rmse_"]
        }
        model.out_of_fold_ = Prediction(
            *(arrays[f"out_of_fold.{name}"] for name in ("vwc", "lower", "upper"))
        )
        model.forest_ = _forest(folder, contents[_FOREST], len(manifest["columns"]))
    fitted: MoistureModel = model
    return fitted


def _forest(folder: Path, content: bytes, n_columns: int) -> Any:
    """Return the forest of a skops file, if it is one and its trees are sound."""
    from skops.io import get_untrusted_types, loads

    unknown = set(get_untrusted_types(data=content)) - {_TREE}
    if unknown:
        raise UnreadableFileError(
            str(folder / _FOREST),
            f"holds {', '.join(sorted(unknown))}, which a forest has no need of; do not use it",
        )
    forest = loads(content, trusted=[_TREE])
    if type(forest).__name__ != "RandomForestRegressor" or forest.n_features_in_ != n_columns:
        raise UnreadableFileError(str(folder / _FOREST), "is not the forest of these columns")
    for one in forest.estimators_:
        tree = one.tree_
        # scikit-learn follows these without looking.
        nodes = np.arange(tree.node_count)
        inner = tree.children_left != -1
        for children in (tree.children_left, tree.children_right):
            sound = (children > nodes) & (children < tree.node_count)
            if not np.where(inner, sound, children == -1).all():
                raise UnreadableFileError(
                    str(folder / _FOREST), "has a tree that points outside of itself; do not use it"
                )
        column = tree.feature[inner]
        if ((column < 0) | (column >= n_columns)).any():
            raise UnreadableFileError(
                str(folder / _FOREST), "has a tree that asks for a column that is not there"
            )
    return forest
