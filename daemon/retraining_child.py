"""The process that trains a model again: ``python -m daemon.retraining_child CONFIG SECONDS``.

It reads the store and the reference, trains, compares with the model in use, and puts the new model
on the shelf. Until the account of the shelf is replaced, in one step at the end, nothing there has
changed; what a process that was killed has left behind, the next one takes away.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pandas as pd

from daemon.config import Config, load_config
from daemon.errors import DaemonError, ModelError
from daemon.exit_codes import ExitCode
from daemon.files import flushed, locked
from daemon.last_try import LastTry, Outcome, read_last_try, write_last_try
from daemon.load_model import StationModels
from daemon.model_comparison import compare
from daemon.shadowing import named_by_configuration, since_of
from daemon.shelf import Placed, Shelf
from daemon.shelf_file import change_shelf, drop_partials, read_shelf
from daemon.station_model import StationModel, Trained
from daemon.store import Store
from daemon.training_record import Record, record_of
from daemon.utc import utc_text
from daemon.weather import daily_weather_of, temperature_series
from retrieval.errors import InputError, RetrievalError
from retrieval.fusion.model_folder import load_model, save_model
from retrieval.fusion.trained import LEAST_SKILL, TrainedModel, train

__all__ = ["main", "train_anew"]

_WORK = ".training"
_NICE = 19
# Of a computer without memory this process is to be the first to go: 0 to 1000.
_FIRST_TO_GO = "800"


def main(arguments: list[str]) -> int:
    """Train again as the configuration says, out of the way of everything else."""
    path, limit_s = Path(arguments[0]), int(arguments[1])
    # Its default ends the process wherever it is, also in the midst of a library.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(max(limit_s, 1))
    os.nice(_NICE)
    with suppress(OSError):  # no Linux
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO, "ascii")
    config = load_config(path)
    try:
        with locked(config.shelf / "training.lock", wait=False):
            train_anew(config)
    except BlockingIOError:
        return ExitCode.UNREACHABLE
    return ExitCode.OK


def train_anew(config: Config) -> LastTry:
    """Train a model, compare it with the one in use, and put it on the shelf.

    Whoever calls it holds the lock of the trainings. What came of it lies on the shelf too.

    Raises
    ------
    OSError
        Not even that can be written.
    """
    _take_leftovers_away(config)
    tried = LastTry(outcome=Outcome.BEGUN, begun="")
    try:
        with Store.reading(config.store.path) as store:
            last = store.last_epoch(config.station.name, config.station.name)
            if last is not None:
                tried = replace(tried, begun=utc_text(last, "s"))
            write_last_try(config.shelf, tried)
            tried = _trained_anew(config, store, tried)
    except (RetrievalError, DaemonError, OSError) as error:
        told = read_last_try(config.shelf) or tried
        tried = replace(told, outcome=Outcome.FAILED, reason=str(error), last_day=None)
    finally:
        shutil.rmtree(config.shelf / _WORK, ignore_errors=True)
    write_last_try(config.shelf, tried)
    return tried


def _trained_anew(config: Config, store: Store, tried: LastTry) -> LastTry:
    """Train, compare and place; the account of the shelf is changed in the last step."""
    models = StationModels(config)
    shelf, (in_use, problem) = models.shelf, _in_use(models)
    weather = store.weather(config.station.name)
    record = _record(config, store, weather, in_use)
    trained = train(
        record.arcs,
        record.reference.day,
        record.reference.vwc,
        config.model.kind,
        temperature_c=record.temperature_c,
        weather=record.weather,
    )
    trained = replace(trained, station=config.station.name)
    tried = replace(tried, model_id=trained.model_id, last_day=str(trained.record.last_day))
    for where, there in (("in use", in_use), ("in shadow", shelf.shadow)):
        if there is not None and trained.model_id == there.model_id:
            same = f"it is {where} already: neither days nor settings have changed"
            return replace(tried, outcome=Outcome.UNCHANGED, reason=same)
    if in_use is None:
        fine, reason = trained.record.skill > LEAST_SKILL, problem
    else:
        judged = compare(record, trained, in_use, weather)
        fine, reason = judged.good_enough, judged.reason
        tried = replace(tried, comparison=judged.as_dict())
    tried = replace(tried, reason=reason)
    _lay_down(config, trained, record, tried)
    outcome = Outcome.REFUSED
    if fine:
        # Without a model in use there are no estimates to make others beside.
        at_once = in_use is None or config.model.shadow_days == 0
        outcome = Outcome.IN_USE if at_once else Outcome.SHADOW
    tried = replace(tried, outcome=outcome)
    since = "" if in_use is None else since_of(store, config.station.name, in_use)
    predecessor = named_by_configuration(in_use, since)

    def place(now: Shelf) -> Shelf:
        if now.in_use != shelf.in_use:
            raise ModelError(
                "the model in use was changed while this one was trained, which was compared with "
                "the one before; train again",
                "model.shelf",
            )
        return _with(now, _placed(trained, tried), outcome, predecessor)

    change_shelf(config.shelf, config.station.name, place)
    return tried


def _in_use(models: StationModels) -> tuple[StationModel | None, str]:
    """Return the model in use, or None and why it cannot be used."""
    try:
        return models.in_use(), ""
    except ModelError as error:
        return None, f"the model in use cannot be asked: {error}"


def _record(
    config: Config, store: Store, weather: pd.DataFrame, in_use: StationModel | None
) -> Record:
    """Return what there is to train on; with weather where the model in use has it."""
    name = config.station.name
    if config.model.reference is None:
        raise ModelError("model.reference is missing", "model.reference")
    arcs = store.model_arcs(name).assign(station=name)
    record = record_of(
        name, arcs, config.model.reference, temperature_c=temperature_series(weather)
    )
    has_it = isinstance(in_use, Trained) and in_use.trained.features.fill is not None
    if not has_it or weather.empty:
        return record
    return replace(record, weather=daily_weather_of(weather))


def _lay_down(config: Config, trained: TrainedModel, record: Record, tried: LastTry) -> None:
    """Put the folder of a model on the shelf, whose account does not name it yet."""
    made, target = (folder / trained.model_id for folder in (config.shelf / _WORK, config.shelf))
    save_model(trained, made, record.sources)
    flushed(made)
    # Should this process end before the account names it, the next one finds it by this.
    write_last_try(config.shelf, replace(tried, outcome=Outcome.BEGUN))
    if target.exists():
        if _is_whole(target):
            return  # it was trained before, and was refused or replaced
        shutil.rmtree(target)
    made.replace(target)
    flushed(config.shelf)


def _is_whole(folder: Path) -> bool:
    """Whether a model can be loaded from a folder."""
    try:
        load_model(folder)
    except InputError:
        return False
    return True


def _placed(trained: TrainedModel, tried: LastTry) -> Placed:
    """Return a model as the account tells of it."""
    record = trained.record
    return Placed(
        model_id=trained.model_id,
        since=tried.begun,
        why=tried.reason,
        training={
            "first_day": str(record.first_day),
            "last_day": str(record.last_day),
            "days": record.n_days,
            "skill": round(record.skill, 4) if record.skill == record.skill else None,
        },
        comparison=tried.comparison,
    )


def _with(shelf: Shelf, placed: Placed, outcome: Outcome, predecessor: Placed) -> Shelf:
    """Return the shelf with a new model in the place that it has earned."""
    if outcome is Outcome.IN_USE:
        return shelf.put_in_use(placed, predecessor)
    if outcome is Outcome.SHADOW:
        return shelf.put_in_shadow(placed)
    return shelf.refuse(placed)


def _take_leftovers_away(config: Config) -> None:
    """Take away what a process that was killed has left on the shelf."""
    shelf = config.shelf
    shutil.rmtree(shelf / _WORK, ignore_errors=True)
    drop_partials(shelf)
    tried = read_last_try(shelf)
    if tried is None or tried.model_id is None:
        return
    folder = shelf / tried.model_id
    named = read_shelf(shelf, config.station.name).find(tried.model_id) is not None
    # What lies where the configuration looks is not ours.
    if not named and folder.exists() and folder != config.model.path and _is_ours(tried.model_id):
        shutil.rmtree(folder, ignore_errors=True)


def _is_ours(model_id: str) -> bool:
    """Whether a name is that of a folder on the shelf and of nothing else."""
    return Path(model_id).name == model_id and not model_id.startswith(".")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
