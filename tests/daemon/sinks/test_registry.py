import subprocess
import sys

from daemon.config import load_config
from daemon.sinks import make_sinks

MQTT = '[mqtt]\nhost = "broker.example.org"\n'
EXPORT = '[export]\npath = "files"\n'


def test_the_sinks_are_those_that_the_configuration_names(config_file, config_text):
    assert make_sinks(load_config(config_file(config_text))) == []
    config = load_config(config_file(config_text + MQTT + "arcs = true\n" + EXPORT))
    assert [(s.name, s.wants_arcs) for s in make_sinks(config)] == [
        ("mqtt", True),
        ("export", False),
    ]


def test_a_station_without_a_broker_does_not_load_its_library(config_file, config_text):
    path = config_file(config_text + EXPORT)
    code = (
        "import sys; from pathlib import Path; from daemon.config import load_config\n"
        "from daemon.sinks import make_sinks\n"
        f"make_sinks(load_config(Path({str(path)!r})))\n"
        "print('paho' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
