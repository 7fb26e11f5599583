"""The program around the commands: errors, exit codes, interruption, and what is printed."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import traceback
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from daemon.errors import DaemonError
from daemon.exit_codes import BROKEN_PIPE, TERMINATED, ExitCode, exit_code
from retrieval.errors import RetrievalError
from retrieval.version import VERSION

__all__ = ["app", "main", "show"]


class _Commands(TyperGroup):
    """The group of all commands: the one place where errors of ours become messages."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command; turn an error that is meant for the user into message and exit code."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise  # whoever read our output has gone; see `main`
        except (DaemonError, RetrievalError, OSError) as error:
            if ctx.params.get("debug"):
                traceback.print_exc()
            show(f"soilglint: {_message(error)}", err=True)
            raise typer.Exit(int(exit_code(error))) from error

    def main(self, *args: Any, **options: Any) -> Any:
        """Run the program; typer silences a closed pipe, but ends with a code of no meaning."""
        try:
            return super().main(*args, **options)
        except SystemExit as ended:
            if isinstance(ended.__context__, BrokenPipeError):
                _end_unheard()
            raise


app = typer.Typer(
    cls=_Commands,
    name="soilglint",
    help="Soil moisture from the glint of GNSS signals.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 ok, 2 usage, 3 bad input, 4 cannot reach a service, 5 internal.",
)


def main() -> None:
    """Run the command line: the entry point of ``soilglint``."""
    signal.signal(signal.SIGTERM, _terminated)
    try:
        app()
    except BrokenPipeError:  # from a complaint of typer's own: stderr is closed too
        _end_unheard()
    except Exception as error:  # noqa: BLE001 - the program's border: what none foresaw ends here
        where = "" if "--debug" in sys.argv else f" (traceback in {_logged(error)})"
        if "--debug" in sys.argv:
            traceback.print_exc()
        show(
            f"soilglint: internal error: {type(error).__name__}: {error}{where}; this is a fault "
            "of soilglint, please report it",
            err=True,
        )
        sys.exit(int(ExitCode.INTERNAL))


def _end_unheard() -> NoReturn:
    """End because whoever read our output has gone."""
    # What is still in the buffers would fail once more when Python ends, with a code of its own.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
    sys.exit(BROKEN_PIPE)


def _terminated(_signal: int, _frame: object) -> NoReturn:
    """End as on Ctrl-C: through every `finally`, so that no temporary file stays behind."""
    sys.exit(TERMINATED)


def show(text: str, *, err: bool = False) -> None:
    """Print text; bytes of a file's name that are no UTF-8 are shown as escapes."""
    typer.echo(os.fsencode(text).decode("utf-8", "backslashreplace"), err=err)


def _logged(error: Exception) -> str:
    """Write an error's traceback to a file of its own and return its name."""
    with tempfile.NamedTemporaryFile(
        "w",
        prefix="soilglint-",
        suffix=".log",
        delete=False,
        encoding="utf-8",
        errors="backslashreplace",
    ) as file:
        traceback.print_exception(error, file=file)
    return file.name


def _message(error: Exception) -> str:
    """Word an error for the user; the computer's own errors name their file."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)


def _show_version(wanted: bool) -> None:
    if wanted:
        show(f"soilglint {VERSION}")
        raise typer.Exit


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """Take the options that stand before the command."""
