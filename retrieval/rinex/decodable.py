"""Which of the whole epochs can be decoded, now that all definitions of a body are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from retrieval.rinex.definition import Definition
from retrieval.rinex.epochs import BLANK_LETTER, SatelliteIds, duplicated

__all__ = ["Decodable"]

# A constellation in so many epochs, or such a share of them, has no codes by the writer's will.
_MANY_EPOCHS, _LARGE_SHARE = 10, 0.1


@dataclass
class Decodable:
    """Whole epochs, of which those that cannot be decoded are taken out step by step.

    Attributes
    ----------
    satellites : SatelliteIds
        Of all epochs.
    whole : (n_epochs,) bool
        Epochs to be read.
    definition_index : (n_epochs,) int64
        Index into `definitions`.
    definitions : sequence of Definition
        In file order.
    used : (n,) bool
        Satellites to be read where their epoch is.
    dropped : list of (int, str)
        Index of an epoch, and why it or those from there on were dropped.
    notes : list of str
        What else is to be said.
    """

    satellites: SatelliteIds
    whole: NDArray[np.bool_]
    definition_index: NDArray[np.int64]
    definitions: Sequence[Definition]

    def __post_init__(self) -> None:
        self.whole = self.whole.copy()
        self.used = np.ones(len(self.satellites.code), np.bool_)
        self.dropped: list[tuple[int, str]] = []
        self.notes: list[str] = []

    def name_blank_letters(self) -> None:
        """Give satellites without a letter the one of their definition (RINEX 2)."""
        code, epoch = self.satellites.code, self.satellites.epoch
        blank = code >> 8 == BLANK_LETTER
        if not blank.any():
            return
        letters = np.array([ord(each.default_letter) for each in self.definitions])
        letter = np.where(blank, letters[self.definition_index[epoch]], code >> 8)
        named = (letter * 256 + (code & 255)).astype(np.int32)
        self.satellites = replace(self.satellites, code=named)
        for block in np.flatnonzero(self.whole & duplicated(self.satellites, len(self.whole))):
            self._drop(int(block), "epoch that names a satellite twice")

    def drop_other_sites(self, position_m: tuple[float, float, float] | None) -> None:
        """Drop epochs of another position than the header's, to which all angles refer."""
        for index, definition in enumerate(self.definitions):
            distance_m = definition.site_distance_m(position_m)
            if distance_m:
                self._drop_definition(index, f"another site, {distance_m:,.0f} m from the header's")

    def drop_unreadable(self) -> None:
        """Drop epochs whose observation codes are not known."""
        for index, definition in enumerate(self.definitions):
            if definition.broken:
                reason = f"{definition.broken}, and how to read them is not known"
                self._drop_definition(index, reason)

    def drop_unknown_constellations(self) -> None:
        """Drop epochs with a satellite whose constellation has no observation codes.

        A constellation for which no header has codes, although it is in many epochs, costs its own
        rows only.
        """
        known = np.zeros((len(self.definitions), 256), np.bool_)
        for index, definition in enumerate(self.definitions):
            known[index, [ord(letter) for letter in definition.observables]] = True
        letter, epoch = self.satellites.code >> 8, self.satellites.epoch
        unknown = ~known[self.definition_index[epoch], letter] & self.whole[epoch]
        for its_letter in np.unique(letter[unknown]):
            if known[:, its_letter].any():
                continue
            rows = np.flatnonzero(unknown & (letter == its_letter))
            n_epochs = len(np.unique(epoch[rows]))
            share = n_epochs / self.whole.sum()
            if n_epochs >= _MANY_EPOCHS or (n_epochs > 1 and share > _LARGE_SHARE):
                self.used[rows] = False
                self.notes.append(
                    f"satellites of {chr(its_letter)} in {n_epochs} epochs left out: the header "
                    "has no observation codes for them"
                )
        unknown &= self.used
        blocks, first = np.unique(epoch[unknown], return_index=True)
        for block, its_letter in zip(blocks, letter[unknown][first], strict=True):
            self._drop(
                int(block),
                f"epoch with a satellite of {chr(its_letter)}, for which the header has no "
                "observation codes",
            )

    def _drop(self, block: int, reason: str) -> None:
        self.whole[block] = False
        self.dropped.append((block, reason))

    def _drop_definition(self, index: int, reason: str) -> None:
        of_definition = self.whole & (self.definition_index == index)
        if of_definition.any():
            self.whole &= ~of_definition
            first = int(np.argmax(of_definition))
            self.dropped.append((first, f"{of_definition.sum()} epochs dropped: {reason}"))
