"""The demonstration."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import Annotated

import typer

from daemon.cli.program import app, show
from daemon.errors import OutputError
from daemon.files import check_folder, written_whole

__all__ = ["demo"]

MARK = ".soilglint-demo"


@app.command(epilog="Example: soilglint demo --out demo")
def demo(
    days: Annotated[int, typer.Option(min=2, max=60, help="Days of hourly files.")] = 7,
    out: Annotated[
        Path,
        typer.Option(
            readable=False,
            metavar="DIR",
            help="Folder to write, new or empty; that of an earlier demonstration is replaced.",
        ),
    ] = Path("demo"),
) -> None:
    """Let a simulated receiver feed the real service, and hold what comes out against the truth."""
    check_folder("--out", out)
    # A link is followed by nobody: what it leads to is not ours to empty.
    if out.is_symlink() or (out.is_dir() and any(out.iterdir()) and not (out / MARK).is_file()):
        raise OutputError(f"--out {out}: holds other things; name a new or empty folder")
    if (out / MARK).is_file():
        shutil.rmtree(out)
    out.mkdir(parents=True, exist_ok=True)
    (out / MARK).write_text("This folder is a demonstration's and may be removed.\n")

    from daemon.demo import run_demo
    from daemon.demo.words import report_lines

    report = run_demo(out.absolute(), days, show)
    show("\n".join(report_lines(report)))
    if any(importlib.util.find_spec(name) is None for name in ("matplotlib", "jinja2")):
        show("page      not written: it needs pip install 'soilglint[plots]'")
        return

    from daemon.demo.page import demo_page

    page = out / "index.html"
    with written_whole(page) as partial:
        partial.write_text(demo_page(report), encoding="utf-8")
    show(f"written   {page}, {out / 'export'}")
