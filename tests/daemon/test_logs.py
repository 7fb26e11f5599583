import io
import json
import logging
import re

import pytest

from daemon.logs import start_logging


@pytest.fixture
def log(monkeypatch):
    """A stream that gets the log, and the root logger put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_line_begins_with_its_time_in_utc(log):
    start_logging(to=log)
    logging.getLogger("daemon.x").warning("no room on %s", "/var")
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z warning no room on /var\n", log.getvalue()
    )


def test_the_journal_gets_the_level_as_it_reads_it_and_one_line_for_a_traceback(log, monkeypatch):
    monkeypatch.setenv("JOURNAL_STREAM", "8:1")
    start_logging(to=log)
    try:
        raise ValueError("a\nb")
    except ValueError:
        logging.getLogger("daemon.x").exception("failed")
    text = log.getvalue()
    assert text.startswith("<3>failed | Traceback")
    assert text.count("\n") == 1
    assert "ValueError: a | b" in text


def test_json_is_one_object_a_line(log):
    start_logging(to=log, as_json=True)
    logging.getLogger("daemon.x").info("three")
    logging.getLogger("daemon.x").debug("hidden")
    (line,) = log.getvalue().splitlines()
    read = json.loads(line)
    assert (read["level"], read["logger"], read["message"]) == ("info", "daemon.x", "three")
