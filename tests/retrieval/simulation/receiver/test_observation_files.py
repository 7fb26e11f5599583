import numpy as np
import pytest

from retrieval.errors import InputError
from retrieval.simulation.receiver.observation_files import FilePacking, cut, observation_file_name

CRX = FilePacking(crinex=True, gzip=True)


@pytest.mark.parametrize(
    ("start", "span", "interval_s", "gps_only", "packing", "name"),
    [
        ("2012-02-26", "01D", 30, False, CRX, "P04100USA_R_20120570000_01D_30S_MO.crx.gz"),
        ("2012-12-31", "01D", 15, True, None, "P04100USA_R_20123660000_01D_15S_GO.rnx"),
        ("2012-02-26T23", "01H", 1, True, None, "P04100USA_R_20120572300_01H_01S_GO.rnx"),
        (
            "2012-02-26T05:45",
            "15M",
            0.2,
            True,
            FilePacking(gzip=True),
            "P04100USA_R_20120570545_15M_05Z_GO.rnx.gz",
        ),
        ("2012-02-26T18", "06H", 30, True, None, "P04100USA_R_20120571800_06H_30S_GO.rnx"),
        ("2012-02-26", "01D", 60, True, None, "P04100USA_R_20120570000_01D_01M_GO.rnx"),
    ],
)
def test_long_names(start, span, interval_s, gps_only, packing, name):
    assert name == observation_file_name(
        "p041",
        np.datetime64(start),
        span,
        version="3.04",
        interval_s=interval_s,
        gps_only=gps_only,
        packing=packing,
        country="USA",
    )


@pytest.mark.parametrize(
    ("start", "span", "packing", "name"),
    [
        ("2012-02-26", "01D", None, "p0410570.12o"),
        ("2012-02-26", "01D", CRX, "p0410570.12d.gz"),
        ("2012-02-26", "01H", FilePacking(gzip=True), "p041057a.12o.gz"),
        ("2012-02-26T23", "01H", None, "p041057x.12o"),
        ("2012-02-26T00:15", "15M", CRX, "p041057a15.12d.gz"),
        ("2009-01-01T12:00", "15M", None, "p041001m00.09o"),
    ],
)
def test_short_names(start, span, packing, name):
    assert name == observation_file_name(
        "P041",
        np.datetime64(start),
        span,
        version="2.11",
        interval_s=30,
        gps_only=False,
        packing=packing,
    )


def test_marker_of_nine_characters_is_the_whole_site():
    name = observation_file_name(
        "ESBC00DNK",
        np.datetime64("2020-06-25"),
        "01D",
        version="3.04",
        interval_s=30,
        gps_only=False,
    )
    assert name == "ESBC00DNK_R_20201770000_01D_30S_MO.rnx"


@pytest.mark.parametrize(
    "change",
    [
        {"marker": "P41"},
        {"marker": "../x"},
        {"span": "02H"},
        {"version": "2.11", "span": "06H"},
        {"version": "3.05"},
        {"interval_s": 0.3},
        {"interval_s": 61},
        {"interval_s": 0},
        {"country": "U5"},
        {"country": "US1"},
    ],
)
def test_names_that_cannot_be_made_are_refused(change):
    arguments = {
        "marker": "P041",
        "start": np.datetime64("2020-06-25"),
        "span": "01D",
        "version": "3.04",
        "interval_s": 30,
        "gps_only": True,
        "country": "USA",
    }
    observation_file_name(**arguments)
    with pytest.raises(InputError):
        observation_file_name(**{**arguments, **change})


def test_epochs_fall_into_the_file_of_their_span():
    time = np.array(
        [
            "2012-02-26T23:44:59.9",
            "2012-02-26T23:45:00.0",
            "2012-02-26T23:59:59.9",
            "2012-02-27T00:00:00.0",
            "2012-02-27T03:30:00.0",
        ],
        "datetime64[ns]",
    )
    assert [(str(start)[8:16], part.start, part.stop) for start, part in cut(time, "01D")] == [
        ("26T00:00", 0, 3),
        ("27T00:00", 3, 5),
    ]
    assert [(str(start)[8:16], part.start, part.stop) for start, part in cut(time, "06H")] == [
        ("26T18:00", 0, 3),
        ("27T00:00", 3, 5),
    ]
    # Hours without an epoch, such as 01 and 02, have no file.
    assert [(str(start)[8:16], part.start, part.stop) for start, part in cut(time, "01H")] == [
        ("26T23:00", 0, 3),
        ("27T00:00", 3, 4),
        ("27T03:00", 4, 5),
    ]
    assert [(str(start)[8:16], part.start, part.stop) for start, part in cut(time, "15M")] == [
        ("26T23:30", 0, 1),
        ("26T23:45", 1, 3),
        ("27T00:00", 3, 4),
        ("27T03:30", 4, 5),
    ]


def test_no_epochs_make_no_file():
    assert cut(np.empty(0, "datetime64[ns]"), "01D") == []
