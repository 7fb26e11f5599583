"""A random forest as bytes that run nothing when they are read (skops), and what must hold of it.

skops names parts by their place in memory and dates its files; here parts are numbered in order and
nothing is dated, so that equal forests are equal bytes.
"""

from __future__ import annotations

import importlib
import io
import json
import re
import sys
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import InputError

__all__ = ["dump_forest", "read_forest"]

_TREE = "sklearn.tree._tree.Tree"
_SCHEMA = "schema.json"
_PLACE = re.compile(r'("__id__": |"file": ")(\d+)')


def dump_forest(forest: Any) -> bytes:
    """Return a fitted ``RandomForestRegressor`` as the bytes of a skops file."""
    number: dict[str, int] = {}

    def numbered(found: re.Match[str]) -> str:
        return f"{found[1]}{number.setdefault(found[2], len(number))}"

    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(_skops_io().dumps(forest))) as file:
        schema = _PLACE.sub(numbered, file.read(_SCHEMA).decode("utf-8"))
        parts = {}
        for name in file.namelist():
            place, dot, suffix = name.partition(".")
            if name != _SCHEMA:
                parts[f"{number[place]}{dot}{suffix}"] = file.read(name)
    json.loads(schema)
    with zipfile.ZipFile(stream, "w") as file:
        for name, content in sorted({**parts, _SCHEMA: schema.encode("utf-8")}.items()):
            file.writestr(zipfile.ZipInfo(name), content)  # dated 1980
    return stream.getvalue()


def read_forest(content: bytes, n_columns: int, leaves: NDArray[Any] | None) -> Any:
    """Return the forest of a skops file, if it is one and its trees are sound.

    Parameters
    ----------
    content : bytes
        Of the file.
    n_columns : int
        Columns that the forest must take.
    leaves : (n, trees) integer or None
        Leaves of its training rows, which must be nodes of its trees; None where none are kept.

    Raises
    ------
    InputError
        It is not; the message says why.
    """
    skops_io = _skops_io()
    unknown = set(skops_io.get_untrusted_types(data=content)) - {_TREE}
    if unknown:
        raise InputError(
            f"holds {', '.join(sorted(unknown))}, which a forest has no need of; do not use it"
        )
    forest = skops_io.loads(content, trusted=[_TREE])
    _check_forest(forest, n_columns, None if leaves is None else leaves.shape[1])
    for number, one in enumerate(forest.estimators_):
        _check_tree(one.tree_, n_columns)
        of_rows = np.empty(0) if leaves is None else leaves[:, number]
        if ((of_rows < 0) | (of_rows >= one.tree_.node_count)).any():
            raise InputError("has a tree without the leaves of the training; do not use it")
    return forest.set_params(n_jobs=1, verbose=0)


class _Hidden:
    """A finder of modules that hides one."""

    def __init__(self, name: str) -> None:
        self.name = name

    def find_spec(self, name: str, *_: Any) -> None:
        """Let the import of the module fail, and leave others to others."""
        if name == self.name:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def _skops_io() -> Any:
    """Return skops.io, imported without torch.

    It looks through all of scikit-learn when it is imported, whose adapters take torch in where it
    is installed: 180 MB and two seconds that no forest has a use for.
    """
    finder = _Hidden("torch")
    sys.meta_path.insert(0, finder)
    try:
        return importlib.import_module("skops.io")
    finally:
        sys.meta_path.remove(finder)


def _check_forest(forest: Any, n_columns: int, n_trees: int | None) -> None:
    """Refuse what is no forest of so many columns and trees (None: any number)."""
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.tree import DecisionTreeRegressor

    if type(forest) is not RandomForestRegressor:
        raise InputError("is not a forest; do not use it")
    trees = forest.estimators_
    if not trees or any(type(one) is not DecisionTreeRegressor for one in trees):
        raise InputError("is not a forest of trees; do not use it")
    if n_trees is not None and len(trees) != n_trees:
        raise InputError(f"is not a forest of {n_trees} trees; do not use it")
    if any(one.n_outputs_ != 1 for one in (forest, *trees)):
        raise InputError("is a forest of several quantities; do not use it")
    columns = {one.n_features_in_ for one in (forest, *trees)}
    if columns != {n_columns}:
        raise InputError(
            f"is a forest of {', '.join(map(str, sorted(columns)))} columns, expected {n_columns}; "
            "do not use it"
        )


def _check_tree(tree: Any, n_columns: int) -> None:
    """Refuse what scikit-learn would follow out of the tree's memory without looking."""
    if not 1 <= tree.node_count <= tree.capacity or tree.n_outputs != 1:
        raise InputError("has a tree with other nodes than it says; do not use it")
    nodes = np.arange(tree.node_count)
    inner = tree.children_left != -1
    for children in (tree.children_left, tree.children_right):
        sound = (children > nodes) & (children < tree.node_count)
        if not np.where(inner, sound, children == -1).all():
            raise InputError("has a tree that points outside of itself; do not use it")
    column = tree.feature[inner]
    if ((column < 0) | (column >= n_columns)).any():
        raise InputError("has a tree that asks for a column that is not there; do not use it")
    if not np.isfinite(tree.value).all():
        raise InputError("has a tree whose leaves are no numbers; do not use it")
