"""The shelf of a station's models: which is in use, which in shadow, which came before, and why.

A `Shelf` is plain values; each change gives a new one. `daemon.shelf_file` keeps it on disk.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from daemon.errors import UsageError

__all__ = ["Placed", "Shelf", "Source", "State"]

# So many models stay for a way back, and so many of those that were refused.
_KEPT_BEFORE, _KEPT_REFUSED = 5, 3


class Source(StrEnum):
    """Where a model comes from."""

    SHELF = "shelf"  # its folder lies on the shelf
    CONFIGURATION = "configuration"  # that of model.path, or the linear one without a reference


class State(StrEnum):
    """What a model on the shelf is there for."""

    IN_USE = "in_use"
    SHADOW = "shadow"
    BEFORE = "before"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A model in its place.

    Attributes
    ----------
    model_id : str
        Its name, and on the shelf that of its folder.
    source : Source
        Where it comes from.
    since : str
        From when on it has this place: UTC text, time of the data.
    why : str
        What put it there.
    training : mapping, optional
        ``first_day``, ``last_day``, ``days``, ``skill`` of its training, in JSON's types.
    comparison : mapping, optional
        With the model that was in use then (`daemon.model_comparison.Comparison.as_dict`).
    """

    model_id: str
    since: str
    why: str
    source: Source = Source.SHELF
    training: Mapping[str, Any] | None = None
    comparison: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """What lies on a shelf.

    Attributes
    ----------
    in_use : Placed or None
        The model that makes estimates; None leaves that to the configuration.
    shadow : Placed or None
        The one whose estimates are made beside and not published.
    before : tuple of Placed
        Models that were in use, the last one first.
    refused : tuple of Placed
        Models that were not let in or taken back, the last one first.
    discarded : tuple of str
        Models that have no place any more and whose folders may still be there.
    """

    in_use: Placed | None = None
    shadow: Placed | None = None
    before: tuple[Placed, ...] = ()
    refused: tuple[Placed, ...] = ()
    discarded: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[tuple[State, Placed]]:
        """Yield every model with its state, those that matter most first."""
        if self.in_use is not None:
            yield State.IN_USE, self.in_use
        if self.shadow is not None:
            yield State.SHADOW, self.shadow
        yield from ((State.BEFORE, one) for one in self.before)
        yield from ((State.REFUSED, one) for one in self.refused)

    def find(self, model_id: str) -> Placed | None:
        """Return a model by its name, None where it is not there."""
        return next((one for _, one in self if one.model_id == model_id), None)

    def put_in_use(self, model: Placed, predecessor: Placed) -> Shelf:
        """Put a model in use.

        Parameters
        ----------
        model : Placed
            The new one.
        predecessor : Placed
            What the configuration has in use, for where the shelf says nothing of it.
        """
        left = self._without(model.model_id)
        before = (self.in_use or predecessor, *left.before)
        return replace(left, in_use=model, before=before)._bounded(self)

    def put_in_shadow(self, model: Placed) -> Shelf:
        """Put a model in shadow; one that stands there gives way to it."""
        left = self._without(model.model_id)
        refused = left.refused
        if left.shadow is not None:
            why = f"{model.model_id} took its place in shadow"
            refused = (replace(left.shadow, since=model.since, why=why), *refused)
        return replace(left, shadow=model, refused=refused)._bounded(self)

    def refuse(self, model: Placed) -> Shelf:
        """Keep a model with the reason why it is not used."""
        left = self._without(model.model_id)
        return replace(left, refused=(model, *left.refused))._bounded(self)

    def roll_back(self, since: str, why: str) -> Shelf:
        """Put the model before in use again; the one in use is refused.

        Raises
        ------
        UsageError
            There is none before.
        """
        if self.in_use is None or not self.before:
            raise UsageError("model rollback: no model was in use before the present one")
        last = replace(self.before[0], since=since, why=f"rolled back from {self.in_use.model_id}")
        off = replace(self.in_use, since=since, why=why)
        # What the configuration names is in no danger of being lost.
        refused = (off, *self.refused) if off.source is Source.SHELF else self.refused
        return replace(self, in_use=last, before=self.before[1:], refused=refused)._bounded(self)

    def _without(self, model_id: str) -> Shelf:
        """Return the shelf without a model in any place but in use."""
        return replace(
            self,
            shadow=None if self.shadow and self.shadow.model_id == model_id else self.shadow,
            before=tuple(one for one in self.before if one.model_id != model_id),
            refused=tuple(one for one in self.refused if one.model_id != model_id),
        )

    def _bounded(self, earlier: Shelf) -> Shelf:
        """Return the shelf with as many old models as are kept; the others are discarded."""
        kept = replace(
            self, before=self.before[:_KEPT_BEFORE], refused=self.refused[:_KEPT_REFUSED]
        )
        named = {one.model_id for _, one in kept}
        gone = [
            one.model_id
            for _, one in (*earlier, *self)
            if one.source is Source.SHELF and one.model_id not in named
        ]
        discarded = dict.fromkeys((*self.discarded, *gone))
        return replace(kept, discarded=tuple(one for one in discarded if one not in named))
