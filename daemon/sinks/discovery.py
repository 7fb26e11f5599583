"""How Home Assistant learns of a station: one retained message per device.

Device discovery, Home Assistant 2024.11 and later. Every component reads the live topic, on which
late estimates, older than what is shown, arrive too; templates keep those out by the attribute
``time`` of what is shown (``this``). Home Assistant passes over a number that is empty text, and
takes ``None`` for "unknown".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from daemon.sinks.topics import Topics
from retrieval.version import VERSION

__all__ = ["FLAGS", "discovery_message", "discovery_topic"]

# The flags of an estimate, which a component that is an enumeration must name.
FLAGS = ("good", "degraded", "extrapolated", "frozen", "snow", "calibrating", "no_model")
# Late files change estimates for so long; a station that was silent for longer shows nothing.
_EXPIRES_S = 2 * 24 * 3600

_FRESH = "value_json.time >= this.attributes.get('time', '')"
_ALL_ATTRIBUTES = (
    "{% if " + _FRESH + " %}{{ value_json | tojson }}{% else %}{% set kept = namespace(of={}) %}"
    "{% for key in value_json if key in this.attributes %}"
    "{% set kept.of = dict(kept.of, **{key: this.attributes[key]}) %}{% endfor %}"
    "{{ kept.of | tojson }}{% endif %}"
)
_TIME_ATTRIBUTE = (
    "{{ {'time': value_json.time if " + _FRESH + " else this.attributes.time} | tojson }}"
)


def discovery_topic(prefix: str, station: str) -> str:
    """Return where the message of a station is kept.

    Examples
    --------
    >>> discovery_topic("homeassistant", "mchl")
    'homeassistant/device/soilglint_mchl/config'
    """
    return f"{prefix}/device/soilglint_{station}/config"


def discovery_message(topics: Topics) -> dict[str, Any]:
    """Return the message: the device, where it comes from, and its components."""
    station = topics.station
    unique = f"soilglint_{station}"
    live = topics.of("live")
    components: dict[str, dict[str, Any]] = {
        "moisture": {
            "name": "Soil moisture",
            **_number("vwc", percent=True),
            "device_class": "moisture",
            "suggested_display_precision": 1,
        },
        "moisture_lower": {
            "name": "Soil moisture, lower bound",
            **_number("vwc_lower", percent=True),
            **_diagnostic("mdi:arrow-collapse-down"),
        },
        "moisture_upper": {
            "name": "Soil moisture, upper bound",
            **_number("vwc_upper", percent=True),
            **_diagnostic("mdi:arrow-collapse-up"),
        },
        "coverage": {
            "name": "Coverage",
            **_number("coverage", percent=True),
            **_diagnostic("mdi:satellite-variant"),
        },
        "flag": {
            "name": "Flag",
            "value_template": "{{ value_json.flag if " + _FRESH + " else this.state }}",
            "device_class": "enum",
            "options": list(FLAGS),
            **_diagnostic("mdi:flag-outline"),
        },
    }
    return {
        "device": {
            "identifiers": [unique],
            "name": f"Soil moisture {station}",
            "manufacturer": "soilglint",
            "model": "GNSS interferometric reflectometry",
            "sw_version": VERSION,
        },
        "origin": {"name": "soilglint", "sw_version": VERSION},
        "components": {
            name: {
                "platform": "sensor",
                "unique_id": f"{unique}_{name}",
                "json_attributes_topic": live,
                "json_attributes_template": (
                    _ALL_ATTRIBUTES if name == "moisture" else _TIME_ATTRIBUTE
                ),
                "expire_after": _EXPIRES_S,
                **component,
            }
            for name, component in components.items()
        },
        "state_topic": live,
        "availability": [{"topic": topics.status}, {"topic": topics.availability}],
        "availability_mode": "all",
        "qos": 1,
    }


def _number(field: str, *, percent: bool) -> Mapping[str, Any]:
    """Return how a number is read: null is unknown, an older one is passed over."""
    value = f"value_json.{field}"
    shown = f"({value} * 100) | round(2)" if percent else value
    return {
        "value_template": "{% if " + _FRESH + " %}"
        "{{ 'None' if " + value + " is none else " + shown + " }}{% endif %}",
        "state_class": "measurement",
        **({"unit_of_measurement": "%"} if percent else {}),
    }


def _diagnostic(icon: str) -> Mapping[str, Any]:
    """Return how a component is shown that tells how good another is."""
    return {"entity_category": "diagnostic", "icon": icon}
