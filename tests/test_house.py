"""Rules of the house that neither ruff, mypy nor import-linter can state."""

import importlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("daemon", "retrieval", "spaceborne")
NOT_PACKAGES = ("deploy", "systemd")
HEAVY = ("torch", "xgboost", "dask", "matplotlib", "numpy", "pandas", "scipy", "sklearn", "pyarrow")


def written_files() -> list[Path]:
    """Files of the repository that people write, without building on git being there."""
    folders = (*PACKAGES, *NOT_PACKAGES, ".ci", "benchmarks", "docs", "tests")
    files = [path for path in ROOT.iterdir() if path.is_file()]
    files += [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    return [
        path
        for path in files
        if path.suffix not in {".gz", ".png", ".pyc"} and not caches(path.relative_to(ROOT))
    ]


def caches(path: Path) -> bool:
    return any(part.endswith("cache") or part == "__pycache__" for part in path.parts)


def shell_blocks(text: str) -> list[str]:
    return [block.strip() for block in re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S)]


def makefile_recipes() -> dict[str, str]:
    text = (ROOT / "Makefile").read_text()
    return dict(re.findall(r"^(\w+):\n\t(.*)$", text, re.M))


def test_first_two_commands_of_the_readme_are_make_demo_and_make_test():
    demo, test, *_ = shell_blocks((ROOT / "README.md").read_text())
    recipes = makefile_recipes()
    assert demo == recipes["demo"]
    assert test == recipes["test"]
    assert demo.count("\n") == test.count("\n") == 0


def test_every_make_target_named_in_the_documents_exists():
    recipes = makefile_recipes()
    documents = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    named = {
        target
        for document in documents
        for target in re.findall(r"`make (\w+)`", document.read_text())
    }
    assert named >= {"demo", "test"}
    assert named <= set(recipes)


def test_every_command_of_the_documents_exists_in_the_command_line():
    help_text = run_python("from daemon.cli import main; main()", "--help").stdout
    documents = [ROOT / "README.md", ROOT / "Makefile", *(ROOT / "docs").glob("*.md")]
    used = {
        command
        for document in documents
        for block in (*shell_blocks(document.read_text()), *makefile_recipes().values())
        for command in re.findall(r"\bsoilglint (\w+)", block)
    }
    assert used >= {"demo", "run", "status", "arcs"}
    missing = [command for command in used if not re.search(rf"\b{command}\b", help_text)]
    assert missing == []


def test_every_benchmark_named_in_the_documents_exists():
    documents = [ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.rglob("benchmarks/**/*.md")]
    named = {
        script
        for document in documents
        for script in re.findall(r"\bpython (benchmarks/[\w/]+\.py)", document.read_text())
    }
    assert "benchmarks/science/splits.py" in named
    assert [script for script in sorted(named) if not (ROOT / script).is_file()] == []


def test_dependencies_page_lists_what_pyproject_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    asked = {
        re.sub(r"\[\w+\]", "", requirement)
        for group in groups
        for requirement in group
        if not requirement.startswith("soilglint[")
    }
    page = (ROOT / "docs" / "dependencies.md").read_text()
    rows = re.findall(r"^\|(?: `\w+` \|)? ([\w-]+) \| `([^`]+)` \|", page, re.M)
    assert {name + bounds for name, bounds in rows} == asked


def test_links_between_the_documents_lead_somewhere():
    for document in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", document.read_text()):
            if not target.startswith("http"):
                assert (document.parent / target).exists(), f"{document.name} links to {target}"


@pytest.mark.parametrize("folder", NOT_PACKAGES)
def test_deployment_folders_are_not_packages(folder):
    assert (ROOT / folder / "README.md").is_file()
    assert list((ROOT / folder).rglob("__init__.py")) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_say_what_they_are_and_are_typed(package):
    assert (ROOT / package / "py.typed").is_file()
    holders = {path.parent for path in (ROOT / package).rglob("*.py")}
    for folder in sorted(holders):
        name = ".".join(folder.relative_to(ROOT).parts)
        assert (folder / "__init__.py").is_file(), f"{name} has modules but no __init__.py"
        docstring = importlib.import_module(name).__doc__ or ""
        assert len(docstring.split()) >= 8, f"{name} does not say what lives in it"


def test_no_file_names_a_place_on_a_machine():
    # Such a path works where it was written and nowhere else.
    place = re.compile(r"(?<![\w.$}/*-])/(?:root|work|home|tmp|Users)(?:/|\b(?!\w))")
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in written_files()
        if path != Path(__file__)
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if place.search(line)
    ]
    assert found == []


def test_help_imports_nothing_heavy():
    modules = run_python(
        "import sys\n"
        "from daemon.cli import main\n"
        "try:\n"
        "    main()\n"
        "finally:\n"
        "    print(*sorted({name.split('.')[0] for name in sys.modules}), file=sys.stderr)\n",
        "--help",
    ).stderr.split()
    assert "typer" in modules
    assert [name for name in HEAVY if name in modules] == []


def test_the_command_line_alone_prints():
    outside = [
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if re.search(r"^\s*print\(|\bsys\.std(out|err)\.write\(", path.read_text(), re.M)
        and path != ROOT / "daemon" / "cli.py"
    ]
    assert outside == []


def run_python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done
