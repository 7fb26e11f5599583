"""``soilglint model``: the models that are trained at the station, and which of them is in use."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.cli.program import app, show
from daemon.cli.shared import DEFAULT_CONFIG, ConfigOption, load
from daemon.exit_codes import ExitCode

if TYPE_CHECKING:
    from daemon.shelf import Placed

__all__ = ["compare", "list_models", "promote", "retrain", "rollback"]

model_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(model_app, name="model", help="Models trained at the station.")

_AsJson = Annotated[bool, typer.Option("--json", help="Write it as JSON.")]


@model_app.callback()
def _model() -> None:
    """Train, compare and exchange the models of a station."""


@model_app.command("list", epilog="Example: soilglint model list --config soilglint.toml")
def list_models(config: ConfigOption = DEFAULT_CONFIG, as_json: _AsJson = False) -> None:
    """Show the models of the shelf: in use, in shadow, of before, and refused."""
    settings = load(config)

    from daemon.shelf_words import model_rows, shelf_lines

    rows = model_rows(settings)
    show(json.dumps(rows, indent=2) if as_json else "\n".join(shelf_lines(rows)))


@model_app.command(epilog="Example: soilglint model retrain --config soilglint.toml")
def retrain(config: ConfigOption = DEFAULT_CONFIG, as_json: _AsJson = False) -> None:
    """Train on the store's arcs and model.reference, and compare with the model in use."""
    settings = load(config)

    from daemon.last_try import Outcome
    from daemon.retraining import retrain as train_again
    from daemon.shelf_words import try_lines

    tried = train_again(settings)
    failed = tried.outcome is Outcome.FAILED
    lines = json.dumps(tried.as_dict(), indent=2) if as_json else "\n".join(try_lines(tried))
    show(lines, err=failed and not as_json)
    if failed:
        raise typer.Exit(int(ExitCode.BAD_INPUT))


@model_app.command(epilog="Example: soilglint model promote fusion-1a2b3c4d")
def promote(
    model_id: Annotated[
        str | None,
        typer.Argument(metavar="[MODEL]", help="Of the shelf. Default: the one in shadow."),
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: _AsJson = False,
) -> None:
    """Put a model of the shelf in use at once."""
    settings = load(config)

    from daemon.exchanging import promote as put_in_use

    _tell(put_in_use(settings, model_id), as_json)


@model_app.command(epilog="Example: soilglint model rollback --config soilglint.toml")
def rollback(config: ConfigOption = DEFAULT_CONFIG, as_json: _AsJson = False) -> None:
    """Put the model that was in use before in use again at once."""
    settings = load(config)

    from daemon.exchanging import roll_back

    _tell(roll_back(settings), as_json)


@model_app.command(epilog="Example: soilglint model compare --config soilglint.toml")
def compare(
    model_id: Annotated[
        str | None,
        typer.Argument(metavar="[MODEL]", help="Of the shelf. Default: the one in shadow."),
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: _AsJson = False,
) -> None:
    """Show what a model in shadow said beside the estimates that were published."""
    settings = load(config)

    from daemon.shelf_words import beside_lines, beside_live

    found = beside_live(settings, model_id)
    show(json.dumps(found, indent=2) if as_json else "\n".join(beside_lines(found)))


def _tell(placed: Placed, as_json: bool) -> None:
    """Say which model is in use now."""
    told: dict[str, Any] = {"in_use": placed.model_id, "since": placed.since, "why": placed.why}
    if as_json:
        show(json.dumps(told, indent=2))
        return
    show(f"in use    {placed.model_id}, from the next estimate on")
    show(f"because   {placed.why}")
