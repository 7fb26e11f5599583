"""A trained model on disk: a folder of plain files that nothing in can run.

::

    manifest.json  what the model is, what it was trained on, versions, and a hash of each file
    tracks.csv     the tracks and their references
    arrays.npz     what imputation and model have learnt (no pickled objects)
    forest.skops   the trees, of `rf-mdi` alone (skops; no pickle is ever loaded)

Loading checks everything, and refuses with the reason: a file that is missing or was changed, a
folder of a later format, types that are none of ours, trees that point outside of themselves. A
model that is loaded says the same as the one that was saved, to the last bit; two trainings alike
write equal files.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import platform
import shutil
import zipfile
import zlib
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
from retrieval.fusion.forest_file import dump_forest, read_forest
from retrieval.fusion.models import make_model
from retrieval.fusion.phase_lines import MeanPhase, RidgeLine
from retrieval.fusion.prediction import MoistureModel, Prediction
from retrieval.fusion.track_table import TrackTable
from retrieval.fusion.trained import FlagRules, TrainedModel, TrainingRecord
from retrieval.fusion.weather_features import MedianFill
from retrieval.special_files import special_kind
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
_KNOWN = {_MANIFEST, _TRACKS, _ARRAYS, _FOREST}
# What reading a file of another's making may raise.
_UNUSABLE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    ImportError,
    InputError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)
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
    folder = folder.resolve()
    if folder.exists() and not _replaceable(folder):
        raise InputError(f"{folder} holds other things; name a new folder for the model")
    contents = {
        _TRACKS: trained.features.table.to_frame().to_csv(index=False).encode("utf-8"),
        _ARRAYS: _arrays(trained),
    }
    if isinstance(trained.model, RfMdi):
        contents[_FOREST] = dump_forest(trained.model.forest_)
    manifest = _manifest(trained, contents, sources or {})
    manifest["sha256"][_MANIFEST] = _own_hash(manifest)
    contents[_MANIFEST] = _json(manifest)
    partial = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for name, content in contents.items():
        (partial / name).write_bytes(content)
    before = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(before, ignore_errors=True)
    if folder.exists():
        folder.replace(before)
    try:
        partial.replace(folder)
    except OSError:
        if before.exists():
            before.replace(folder)
        raise
    shutil.rmtree(before, ignore_errors=True)


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
    except UnreadableFileError:
        raise
    except _UNUSABLE as error:
        raise UnreadableFileError(
            str(folder / _MANIFEST),
            f"does not describe a model that can be used ({type(error).__name__}: {error}); train "
            "it again",
        ) from error


def _replaceable(folder: Path) -> bool:
    """Whether a folder is empty or a model."""
    if not folder.is_dir():
        return False
    files = list(folder.iterdir())
    if not files:
        return True
    if not {path.name for path in files} <= _KNOWN or not all(path.is_file() for path in files):
        return False
    try:
        manifest = json.loads((folder / _MANIFEST).read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    # Others call their files so, too.
    return isinstance(manifest, dict) and {"format", "model_id", "sha256"} <= set(manifest)


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
    features, model = trained.features, trained.model
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
        "record": trained.record.as_dict(),
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
    return (json.dumps(content, indent=2, default=_plain, allow_nan=False) + "\n").encode("utf-8")


def _own_hash(manifest: Mapping[str, Any]) -> str:
    """Return the hash of what a manifest says, but for this hash."""
    of_others = {name: one for name, one in manifest["sha256"].items() if name != _MANIFEST}
    told = json.dumps({**manifest, "sha256": of_others}, sort_keys=True, default=_plain)
    return hashlib.sha256(told.encode("utf-8")).hexdigest()


def _plain(value: Any) -> Any:
    """Return a numpy number as one of Python's."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} has no place in a manifest")


def _read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a folder, if nothing of it was changed."""
    path = folder / _MANIFEST
    try:
        manifest = json.loads(_read(path))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UnreadableFileError(
            str(path), "there is no such file; give the folder that `soilglint train` wrote"
        ) from error
    except OSError as error:
        raise UnreadableFileError(str(path), f"cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise UnreadableFileError(str(path), f"is no JSON ({error}); train it again") from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("format"), int):
        raise UnreadableFileError(str(path), "is no manifest of a model; train it again")
    if manifest["format"] > FORMAT:
        raise UnreadableFileError(
            str(path),
            f"is of format {manifest['format']}, and this soilglint knows up to {FORMAT}; update "
            "soilglint, or train the model with this one",
        )
    hashes = manifest.get("sha256")
    if not isinstance(hashes, dict) or not {_MANIFEST, _TRACKS, _ARRAYS} <= set(hashes) <= _KNOWN:
        raise UnreadableFileError(
            str(path), "does not name the files of a model and no others; train it again"
        )
    if hashes[_MANIFEST] != _own_hash(manifest):
        raise UnreadableFileError(
            str(path), "was changed since it was written; copy the whole folder again"
        )
    return manifest


def _checked_contents(folder: Path, manifest: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the files that a manifest names, if they are what it says."""
    contents = {}
    for name, expected in manifest["sha256"].items():
        if name == _MANIFEST:
            continue
        path = folder / name
        try:
            contents[name] = _read(path)
        except OSError as error:
            raise UnreadableFileError(
                str(path), f"cannot be read ({error.strerror}); copy the whole folder again"
            ) from error
        if hashlib.sha256(contents[name]).hexdigest() != expected:
            raise UnreadableFileError(
                str(path), "was changed since it was written; copy the whole folder again"
            )
    return contents


def _read(path: Path) -> bytes:
    """Return a file's bytes; a pipe or a device would keep one waiting."""
    special = special_kind(path)
    if special:
        raise UnreadableFileError(str(path), f"is {special}; give the folder of a model")
    return path.read_bytes()


def _model(folder: Path, manifest: dict[str, Any], contents: Mapping[str, bytes]) -> TrainedModel:
    """Put a model together."""
    table = TrackTable.from_frame(
        pd.read_csv(io.BytesIO(contents[_TRACKS]), dtype=str, keep_default_na=False)
    )
    with np.load(io.BytesIO(contents[_ARRAYS]), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    _check_arrays(arrays, len(table), len(manifest["columns"]), manifest["imputer"]["n_factors"])
    of_imputer = manifest["imputer"]
    imputer = FactorImputer(
        of_imputer["n_factors"], of_imputer["ridge"], of_imputer["drift_deg_per_sqrt_h"]
    )
    for name in _IMPUTER_ARRAYS:
        setattr(imputer, name, arrays[f"imputer.{name}"])
    for name in _IMPUTER_NUMBERS:
        setattr(imputer, name, of_imputer[name])
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
            float("nan") if record["skill"] is None else record["skill"],
        ),
        FlagRules(**manifest["rules"]),
        manifest["seed"],
    )
    if trained.model_id != manifest["model_id"]:
        raise InputError(f"says {manifest['model_id']} and holds {trained.model_id}")
    return trained


def _check_arrays(arrays: Mapping[str, Any], k: int, p: int, r: int) -> None:
    """Refuse arrays that do not fit k tracks, p columns, r factors and one another."""
    n, trees = np.shape(arrays.get("model.training_leaves_", np.empty((0, 0))))
    shapes = {
        "imputer.mean_deg_": (k,),
        "imputer.loading_deg_": (k, r),
        "imputer.noise_deg_": (k,),
        "imputer.explained_": (k,),
        "fill.median_": (p - k,),
        "model.slope_": (p,),
        "model.mdi_": (p,),
        "model.weights_": (k,),
        "model.training_leaves_": (n, trees),
        "model.training_vwc_": (n,),
        **{f"out_of_fold.{name}": (n,) for name in ("vwc", "lower", "upper")},
    }
    for name, values in arrays.items():
        expected = np.int32 if name == "model.training_leaves_" else np.float64
        if values.dtype != expected or values.shape != shapes.get(name):
            raise InputError(
                f"{_ARRAYS}: {name} is {values.dtype} of shape {values.shape}, expected "
                f"{np.dtype(expected)} of {shapes.get(name, 'no such array')}"
            )
        if not name.startswith("out_of_fold") and not np.isfinite(values).all():
            raise InputError(f"{_ARRAYS}: {name} holds values that are no numbers")


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
        try:
            model.forest_ = read_forest(
                contents[_FOREST], len(manifest["columns"]), model.training_leaves_
            )
        except InputError as error:
            raise UnreadableFileError(str(folder / _FOREST), str(error)) from error
    fitted: MoistureModel = model
    return fitted
