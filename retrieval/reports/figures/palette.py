"""The colours of the report: one for each model in all figures.

They are those of Okabe & Ito (2008, Color Universal Design), which people with any kind of colour
vision tell apart, but for the yellow, which is too faint on white, and a dark red of Tol. Since
there are fewer of them than models, and none in a print in grey, a model is known by colour, dashes
and mark together.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

__all__ = ["COLOURS", "GREY", "POOR", "POOR_SHADE", "REFERENCE", "ModelStyle", "style_of"]

COLOURS = {
    "orange": "#E69F00",
    "sky blue": "#56B4E9",
    "green": "#009E73",
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "purple": "#CC79A7",
    "wine": "#882255",  # of Tol (2021, Colour schemes), darker than any of the others
    "black": "#000000",
}
REFERENCE = COLOURS["black"]
GREY = "#707070"
POOR = COLOURS["vermillion"]  # what should be looked at first
POOR_SHADE = "#fbe3d6"  # behind it

_SOLID: Any = "-"
_DASHED: Any = (0, (5, 1.5))
_DASH_DOT: Any = (0, (5, 1.5, 1, 1.5))
_DOTTED: Any = (0, (1.2, 1.4))


@dataclass(frozen=True)
class ModelStyle:
    """How a model looks.

    Attributes
    ----------
    colour : str
        As "#rrggbb".
    dash : str or tuple
        Line style of matplotlib.
    marker : str
        Mark of matplotlib.
    """

    colour: str
    dash: Any
    marker: str


_STYLES = {
    "rf-mdi": ModelStyle(COLOURS["blue"], _SOLID, "o"),
    "fusion": ModelStyle(COLOURS["vermillion"], _SOLID, "s"),
    "linear": ModelStyle(COLOURS["green"], _DASHED, "^"),
    "rf-mda": ModelStyle(COLOURS["sky blue"], _DASH_DOT, "D"),
    "svm": ModelStyle(COLOURS["purple"], _DASHED, "v"),
    "rbf": ModelStyle(COLOURS["orange"], _DASH_DOT, "P"),
    "cnn": ModelStyle(COLOURS["vermillion"], _DASH_DOT, "X"),
    "mean-phase": ModelStyle(COLOURS["orange"], _DOTTED, "<"),
    "auto": ModelStyle(COLOURS["wine"], _SOLID, "*"),
    # What takes no part in the ranking, or hardly, is grey.
    "climatology": ModelStyle(GREY, _DASHED, "h"),
    "persistence": ModelStyle(GREY, _DOTTED, ">"),
    "time-interpolation": ModelStyle(GREY, _DASH_DOT, "d"),
}
_OTHER_COLOURS = ("purple", "green", "vermillion", "sky blue")
_OTHER_DASHES = (_DOTTED, _DASH_DOT)
_OTHER_MARKERS = ("p", "H", "8")


def style_of(model: str) -> ModelStyle:
    """Return the look of a model; a star at the end of its name does not change it.

    Parameters
    ----------
    model : str
        A name of `retrieval.fusion.models.MODEL_NAMES`; any other gets a look that follows from
        its letters and may be that of another such model.

    Examples
    --------
    >>> style_of("rf-mdi").colour
    '#0072B2'
    >>> style_of("persistence*") == style_of("persistence")
    True
    """
    name = model.removesuffix("*")
    if name in _STYLES:
        return _STYLES[name]
    # Python's own hash of a text differs from process to process.
    digit = hashlib.sha256(name.encode()).digest()
    return ModelStyle(
        COLOURS[_OTHER_COLOURS[digit[0] % len(_OTHER_COLOURS)]],
        _OTHER_DASHES[digit[1] % len(_OTHER_DASHES)],
        _OTHER_MARKERS[digit[2] % len(_OTHER_MARKERS)],
    )
