"""What a trained model is made of, as plain numbers and arrays, and back again."""

from __future__ import annotations

import dataclasses
import io
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrieval.equipment import equipment_token
from retrieval.errors import InputError, UnreadableFileError
from retrieval.fusion.cnn import Cnn
from retrieval.fusion.feature_parts import (
    feature_arrays,
    feature_numbers,
    feature_shapes,
    restore_features,
)
from retrieval.fusion.features import Features
from retrieval.fusion.forest_file import dump_forest, read_forest
from retrieval.fusion.model_kinds import (
    FOREST,
    REST,
    array_shapes,
    forests,
    is_kept,
    learnt_arrays,
    learnt_numbers,
    restore,
)
from retrieval.fusion.models import make_model
from retrieval.fusion.prediction import MoistureModel
from retrieval.fusion.track_table import TrackTable
from retrieval.fusion.trained import FlagRules, TrainedModel, TrainingRecord
from retrieval.validation import Scores
from retrieval.version import VERSION

__all__ = ["ARRAYS", "TRACKS", "TREES", "pack", "unpack"]

# No number that is learnt comes near.
_LARGEST = 1e9
TRACKS, ARRAYS, TREES = "tracks.csv", "arrays.npz", (FOREST, REST)


def pack(
    trained: TrainedModel, sources: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return what the manifest says of a model, and the bytes of its files by their names.

    Raises
    ------
    InputError
        The model is of a kind that cannot be kept.
    """
    if not is_kept(trained.model):
        raise InputError(
            f"model {trained.name}: cannot be kept; use rf-mdi, linear or another that learns more "
            "than the moisture of its days"
        )
    contents = {
        TRACKS: trained.features.table.to_frame().to_csv(index=False).encode("utf-8"),
        ARRAYS: _pack_arrays(trained),
    }
    for name, forest in forests(trained.model).items():
        contents[name] = dump_forest(forest)
    return _describe(trained, sources), contents


def unpack(
    folder: Path, manifest: Mapping[str, Any], contents: Mapping[str, bytes]
) -> TrainedModel:
    """Return the model that `pack` took apart.

    Parameters
    ----------
    folder : Path
        Named in errors.
    manifest : mapping
        What was said of the model.
    contents : mapping
        Bytes of its files by their names.

    Raises
    ------
    UnreadableFileError
        The forest is not what it should be.
    InputError, and errors of the libraries that read
        So is anything else.
    """
    table = TrackTable.from_frame(
        pd.read_csv(io.BytesIO(contents[TRACKS]), dtype=str, keep_default_na=False)
    )
    with np.load(io.BytesIO(contents[ARRAYS]), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    model, told = _untrained(manifest), manifest["features"]
    _check_arrays(arrays, model, told, manifest["learnt"], len(table), len(manifest["columns"]))
    if set(table.epoch.tolist()) != {equipment_token(manifest["record"]["equipment"])}:
        raise InputError("receiver and antenna are not those of the tracks")
    features = restore_features(table, arrays, told)
    if list(features.names) != manifest["columns"]:
        raise InputError("columns are not those of the tracks")
    _check_layout(model, features)
    for part in ("learnt", "features", "rules", "seed"):
        _check_numbers(manifest[part], part)
    record = manifest["record"]
    trained = TrainedModel(
        manifest["name"],
        features,
        _fitted(model, folder, manifest, arrays, contents),
        TrainingRecord(
            np.datetime64(record["first_day"], "D"),
            np.datetime64(record["last_day"], "D"),
            record["n_days"],
            record["lowest"],
            record["highest"],
            record["ordinary_tracks"],
            _scores(record["scores"]),
            float("nan") if record["skill"] is None else record["skill"],
            record["equipment"],
        ),
        FlagRules(**manifest["rules"]),
        manifest["seed"],
        str(manifest["station"]),
    )
    if trained.model_id != manifest["model_id"]:
        raise InputError(f"says {manifest['model_id']} and holds {trained.model_id}")
    return trained


def _pack_arrays(trained: TrainedModel) -> bytes:
    """Return arrays.npz; uncompressed and in fixed order, so that equal models are equal files."""
    features, model = trained.features, trained.model
    arrays = feature_arrays(features) | learnt_arrays(model)
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **arrays)
    return stream.getvalue()


def _describe(trained: TrainedModel, sources: Mapping[str, str]) -> dict[str, Any]:
    """Return what the manifest says of a model."""
    features, model = trained.features, trained.model
    settings = {
        one.name: getattr(model, one.name)
        for one in dataclasses.fields(model)  # type: ignore[arg-type]
        if one.init
    }
    if "n_jobs" in settings:
        settings["n_jobs"] = 1  # that of the machine it was trained on means nothing elsewhere
    return {
        "model_id": trained.model_id,
        "name": trained.name,
        "station": trained.station,
        "seed": trained.seed,
        "rules": dataclasses.asdict(trained.rules),
        "record": trained.record.as_dict(),
        "settings": settings,
        "learnt": learnt_numbers(model),
        "features": feature_numbers(features),
        "columns": list(features.names),
        "sources": dict(sources),
        "versions": _versions(),
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


def _check_arrays(
    arrays: Mapping[str, Any],
    model: MoistureModel,
    told: Mapping[str, Any],
    learnt: Mapping[str, Any],
    k: int,
    p: int,
) -> None:
    """Refuse arrays that do not fit k tracks, p columns, what is told and one another."""
    shapes = {
        **feature_shapes(told, k),
        **array_shapes(model, arrays, learnt, k, p),
    }
    for name, values in arrays.items():
        expected = np.int32 if name.endswith("model.training_leaves_") else np.float64
        if values.dtype != expected or values.shape != shapes.get(name):
            raise InputError(
                f"{ARRAYS}: {name} is {values.dtype} of shape {values.shape}, expected "
                f"{np.dtype(expected)} of {shapes.get(name, 'no such array')}"
            )
        if "out_of_fold." not in name and not np.isfinite(values).all():
            raise InputError(f"{ARRAYS}: {name} holds values that are no numbers")


def _scores(told: Mapping[str, Any]) -> Scores:
    """Return scores; JSON has no NaN."""
    known: dict[str, Any] = {
        name: float("nan") if value is None else value for name, value in told.items()
    }
    return Scores(**known)


def _untrained(manifest: Mapping[str, Any]) -> MoistureModel:
    """Return the model that a manifest names, with its settings."""
    settings = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in manifest["settings"].items()
    }
    model = make_model(manifest["name"], **settings)
    if not is_kept(model):
        raise InputError(f"model {manifest['name']} is of a kind that is never kept")
    return model


def _fitted(
    model: Any,
    folder: Path,
    manifest: Mapping[str, Any],
    arrays: Mapping[str, Any],
    contents: Mapping[str, bytes],
) -> MoistureModel:
    """Return an untrained model with what it has learnt."""

    def trees(name: str, leaves: NDArray[Any] | None) -> Any:
        try:
            return read_forest(contents[name], len(manifest["columns"]), leaves)
        except InputError as error:
            raise UnreadableFileError(str(folder / name), str(error)) from error

    restore(model, arrays, manifest["learnt"], len(manifest["columns"]), trees)
    fitted: MoistureModel = model
    # What is wrong in a way that no check thought of shows now, and not at the first estimate.
    if not isinstance(model, Cnn):  # it may be looked at without torch
        said = fitted.predict(np.zeros((1, len(manifest["columns"]))))
        if not np.isfinite([said.vwc, said.lower, said.upper]).all():
            raise InputError("estimates no number")
    return fitted


def _check_layout(model: MoistureModel, features: Features) -> None:
    """Refuse settings that speak of other columns than there are."""
    for name, expected in (
        ("n_tracks", len(features.table)),
        ("n_evidence", features.n_evidence),
        ("order", features.order),
    ):
        found = getattr(model, name, None)
        if found not in (None, expected):
            raise InputError(f"settings: {name} {found}, expected {expected}")


def _check_numbers(told: Any, where: str) -> None:
    """Refuse text and numbers that are not finite in what was learnt."""
    if isinstance(told, Mapping):
        for name, one in told.items():
            _check_numbers(one, f"{where}.{name}")
    elif isinstance(told, list):
        for one in told:
            _check_numbers(one, where)
    elif told is not None and (isinstance(told, str) or not abs(told) < _LARGEST):
        raise InputError(f"{where}: {told!r}, expected a number")
