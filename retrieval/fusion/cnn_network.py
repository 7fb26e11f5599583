"""The network of `cnn` in torch: convolutions along the azimuth, then a dense layer.

::

    tracks, by azimuth -> convolution, ReLU, means of 4 -> convolution, ReLU, means of 2 -.
                                                                 other columns (weather) -+-> dense,
                                                                          ReLU -> dense -> moisture

The sky is round: convolutions go past north. Parameters are plain arrays by name, so that a network
is kept without pickles. All is done in double precision on one thread by deterministic algorithms.
torch is an extra and is imported here alone, when a network is trained or asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from retrieval.errors import InputError
from retrieval.fusion.columns import Floats

__all__ = ["NetworkShape", "Practice", "ask", "train"]

_POOLS = (4, 2)  # neighbouring places that are averaged after each convolution


class NetworkShape(NamedTuple):
    """Sizes of a network.

    Attributes
    ----------
    tracks, others : int
        Columns that are tracks, and those that are not.
    channels, kernel, hidden : int
        Of both convolutions, the places that each looks at, and the dense layer.
    """

    tracks: int
    others: int
    channels: int
    kernel: int
    hidden: int

    def parameters(self) -> dict[str, tuple[int, ...]]:
        """Return the shapes of the parameters by name."""
        places = self.tracks
        for pool in _POOLS:
            places = -(-places // pool)
        channels, kernel, hidden = self.channels, self.kernel, self.hidden
        return {
            "first_weight": (channels, 1, kernel),
            "first_bias": (channels,),
            "second_weight": (channels, channels, kernel),
            "second_bias": (channels,),
            "dense_weight": (hidden, channels * places + self.others),
            "dense_bias": (hidden,),
            "last_weight": (1, hidden),
            "last_bias": (1,),
        }


class Practice(NamedTuple):
    """How a network is trained: by Adam with decoupled weight decay (Loshchilov & Hutter 2019).

    Attributes
    ----------
    max_epochs, patience : int
        At most so many passes over the rows; given rows to judge by, no more than `patience` after
        the best.
    batch : int
        Rows of a step.
    rate, decay : float
        Step length and weight decay.
    """

    max_epochs: int
    patience: int
    batch: int
    rate: float
    decay: float


def train(
    shape: NetworkShape,
    practice: Practice,
    rows: Floats,
    goal: Floats,
    weight: Floats,
    seed: int,
    judge: tuple[Floats, Floats] | None = None,
) -> tuple[dict[str, Floats], int]:
    """Train a network on rows.

    Parameters
    ----------
    shape, practice : NetworkShape, Practice
        What is trained, and how.
    rows, goal, weight : (n, p), (n,), (n,) float64
        Scaled columns, the tracks first and by azimuth; scaled moisture; and what a row counts.
    seed : int
        Of the first parameters and of the order of the rows.
    judge : (m, p) and (m,) float64, optional
        Rows that do not train. The error on them says when to stop.

    Returns
    -------
    parameters : dict
        (…) float64 by name, after the last epoch; after the best one if it was judged.
    epochs : int
        As many.

    Raises
    ------
    InputError
        torch is not installed.
    """
    torch = _torch()
    with _deterministic(torch):
        draws = torch.Generator().manual_seed(seed)
        known = {}
        for name, size in shape.parameters().items():
            # He et al. 2015 for ReLU; biases start at 0.
            spread = 0.0 if name.endswith("bias") else (2.0 / np.prod(size[1:])) ** 0.5
            known[name] = spread * torch.randn(size, generator=draws, dtype=torch.float64)
            known[name].requires_grad_(True)
        x, y, w = (torch.from_numpy(np.ascontiguousarray(one)) for one in (rows, goal, weight))
        steps = torch.optim.AdamW(known.values(), lr=practice.rate, weight_decay=practice.decay)
        best, least = (_arrays(known), 0), np.inf
        for epoch in range(1, practice.max_epochs + 1):
            for some in torch.randperm(len(x), generator=draws).split(practice.batch):
                off = _forward(torch, shape, known, x[some]) - y[some]
                loss = (w[some] * off**2).sum() / w[some].sum()
                steps.zero_grad()
                loss.backward()
                steps.step()
            if judge is None:
                best = _arrays(known), epoch
                continue
            with torch.no_grad():
                said = _forward(torch, shape, known, torch.from_numpy(judge[0]))
            error = float(np.mean((said.numpy() - judge[1]) ** 2))
            if error < least:
                best, least = (_arrays(known), epoch), error
            elif epoch - best[1] >= practice.patience:
                break
    return best


def ask(shape: NetworkShape, parameters: Mapping[str, Floats], rows: Floats) -> Floats:
    """Return a network's scaled moisture of (m, p) scaled rows, (m,).

    Raises
    ------
    InputError
        torch is not installed.
    """
    torch = _torch()
    with _deterministic(torch), torch.no_grad():
        known = {name: torch.from_numpy(one) for name, one in parameters.items()}
        x = torch.from_numpy(np.ascontiguousarray(rows))
        # Row by row: a product of matrices may round a row by how many others there are.
        said = [float(_forward(torch, shape, known, one[None])[0]) for one in x]
    return np.array(said, np.float64)


def _forward(torch: Any, shape: NetworkShape, known: Mapping[str, Any], rows: Any) -> Any:
    """Return the moisture of rows, (n,)."""
    layer = torch.nn.functional
    tracks, others = rows[:, : shape.tracks], rows[:, shape.tracks :]
    found = tracks[:, None, :]
    for name, pool in zip(("first", "second"), _POOLS, strict=True):
        places = found.shape[2]
        # Past either end come the places of the other, however few there are.
        reach = torch.arange(shape.kernel - 1 + places) - (shape.kernel - 1) // 2
        found = found.index_select(2, reach % places)
        found = torch.relu(layer.conv1d(found, known[f"{name}_weight"], known[f"{name}_bias"]))
        found = layer.avg_pool1d(found, pool, ceil_mode=True)
    found = torch.cat([found.flatten(1), others], dim=1)
    found = torch.relu(layer.linear(found, known["dense_weight"], known["dense_bias"]))
    return layer.linear(found, known["last_weight"], known["last_bias"])[:, 0]


def _arrays(known: Mapping[str, Any]) -> dict[str, Floats]:
    """Return copies of parameters as arrays."""
    return {name: one.detach().numpy().copy() for name, one in known.items()}


def _torch() -> Any:
    """Return torch.

    Raises
    ------
    InputError
        It is not installed.
    """
    try:
        import torch
    except ImportError as error:
        raise InputError(
            "model cnn: needs torch, which is not installed; run: pip install 'soilglint[ml]'"
        ) from error
    return torch


@contextmanager
def _deterministic(torch: Any) -> Iterator[None]:
    """Compute on one thread by deterministic algorithms, and leave torch as it was."""
    threads, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    lenient = torch.is_deterministic_algorithms_warn_only_enabled()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(strict, warn_only=lenient)
        torch.set_num_threads(threads)
