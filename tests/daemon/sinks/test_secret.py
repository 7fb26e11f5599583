import pytest

from daemon.errors import ConfigError
from daemon.sinks.secret import SecretSource

VARIABLE = "SOILGLINT_MQTT_PASSWORD"


@pytest.fixture(autouse=True)
def _bare(monkeypatch):
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    monkeypatch.delenv(VARIABLE, raising=False)


def source(file=None):
    return SecretSource("mqtt.password_file", file, "mqtt_password", VARIABLE)


def test_there_may_be_none():
    assert source().read() is None


def test_file_then_credential_then_environment(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, "of-environment")
    assert source().read() == "of-environment"
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert source().read() == "of-environment"
    (tmp_path / "mqtt_password").write_text("of-credential\n")
    assert source().read() == "of-credential"
    (tmp_path / "file").write_text("of-file\r\n")
    assert source(tmp_path / "file").read() == "of-file"


def test_a_changed_file_is_read_anew_and_blanks_belong_to_the_secret(tmp_path):
    (tmp_path / "file").write_text(" a b \n")
    one = source(tmp_path / "file")
    assert one.read() == " a b "
    (tmp_path / "file").write_text("c")
    assert one.read() == "c"


@pytest.mark.parametrize(
    ("content", "word"), [(None, "No such file"), (b"\n", "empty"), (b"s3cret\xff", "UTF-8")]
)
def test_a_fault_names_key_and_file_and_never_the_secret(tmp_path, content, word):
    path = tmp_path / "file"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=word) as caught:
        source(path).read()
    assert "mqtt.password_file" in str(caught.value)
    assert str(path) in str(caught.value)
    cause = caught.value
    while cause is not None:
        assert "s3cret" not in repr(cause)
        cause = cause.__cause__
    assert "s3cret" not in repr(source(path))
