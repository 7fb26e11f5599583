"""What `soilglint check` says of sinks."""

import json

import pytest

from daemon.check.sinks import sink_findings
from daemon.config import load_config
from tests.integration.broker import PASSWORD, USER


@pytest.fixture
def configured(sample):
    """The sample station with more in its configuration."""

    def configure(text):
        path = sample / "soilglint.toml"
        path.write_text(path.read_text() + text)
        return load_config(path)

    return configure


def levels(findings):
    return [(finding.level.value, finding.key) for finding in findings]


def test_a_broker_that_is_reached_and_a_folder_that_can_be_written(configured, broker, sample):
    (sample / "secret").write_text(PASSWORD)
    (sample / "secret").chmod(0o600)
    config = configured(
        f'[mqtt]\nhost = "127.0.0.1"\nport = {broker.tls_port}\nusername = "{USER}"\n'
        f'password_file = "secret"\nca_file = {json.dumps(str(broker.ca_file))}\n'
        '[export]\npath = "files"\n'
    )
    findings = sink_findings(config)
    assert levels(findings) == [("ok", "mqtt"), ("ok", "export")]
    assert f"127.0.0.1:{broker.tls_port} with TLS as station" in findings[0].text
    assert not (sample / "files").exists()


def test_a_wrong_password_is_told_and_never_shown(configured, broker, sample):
    (sample / "secret").write_text("wr0ng")
    (sample / "secret").chmod(0o644)
    config = configured(
        f'[mqtt]\nhost = "127.0.0.1"\nport = {broker.port}\nusername = "{USER}"\n'
        'password_file = "secret"\n'
    )
    findings = sink_findings(config)
    assert levels(findings) == [("missing", "mqtt"), ("note", "mqtt.password_file")]
    assert "mqtt.username" in findings[0].text
    assert "wr0ng" not in repr(findings) + repr(config)
