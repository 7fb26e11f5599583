import pytest

from daemon.config import load_config
from daemon.errors import ConfigError


def test_shortest_file_gets_the_documented_defaults(config_file):
    config = load_config(config_file())
    settings = config.arc_settings()
    assert settings.elevation_deg == (5.0, 25.0)
    assert (settings.start_below_deg, settings.end_above_deg) == (7.0, 20.0)
    assert settings.refraction
    assert config.schedule.grid_minutes == 15
    assert config.inbox.keep == "leave"
    assert config.orbits.prefer == ("sp3", "broadcast")
    assert config.selected_signals() is None
    assert config.model_settings().min_days == 30
    assert config.model_settings().soil.residual == 0.078
    assert config.receiver().name == "test"


def test_paths_are_relative_to_the_files_folder(config_file, config_text, tmp_path):
    text = config_text + '[orbits]\nnav = ["nav/*.n", "/abs/x.n"]\n'
    config = load_config(config_file(text))
    assert config.inbox.path == tmp_path / "inbox"
    assert config.store.path == tmp_path / "store" / "test.sqlite"
    assert config.orbits.nav == (f"{tmp_path}/nav/*.n", "/abs/x.n")


def test_every_section_takes_its_keys(config_file, config_text):
    text = (
        config_text.replace(
            "height_m = 200.0",
            "height_m = 200.0\nantenna_height_m = 2\nazimuths = [[350, 20], [90, 180]]\n"
            "elevation = [6, 26]",
        )
        .replace('path = "inbox"', 'path = "inbox"\npatterns = ["*.gz"]\nkeep = "move"')
        .replace('texture = "loam"', 'texture = "loam"\nresidual = 0.05\nsaturation = 0.5')
        + '[signals]\nuse = ["GS2X", "GS2"]\n[model]\nkind = "linear"\nmin_days = 40\n'
        "[schedule]\ngrid_minutes = 60\ningest_s = 30\n"
        "[qc]\nstart_below_deg = 8\nmax_gap_s = 120\nmin_coverage = 0.7\n"
        '[refraction]\nmodel = "none"\npressure_hpa = 950.5\n'
    )
    config = load_config(config_file(text))
    settings = config.arc_settings()
    assert settings.azimuths_deg == ((350.0, 20.0), (90.0, 180.0))
    assert settings.elevation_deg == (6.0, 26.0)
    assert settings.max_gap_s == 120.0
    assert not settings.refraction
    assert config.selected_signals() == ("GS2X", "GS2")
    model = config.model_settings()
    assert (model.min_days, model.min_coverage) == (40, 0.7)
    assert (model.soil.residual, model.soil.saturation) == (0.05, 0.5)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("latitude_deg = 48.25\n", "", ["station.latitude_deg is missing", "position"]),
        ("latitude_deg = 48.25", "latitude_deg = 95", ["station.latitude_deg = 95", "90"]),
        (
            "latitude_deg = 48.25",
            'latitude_deg = "48"',
            ['station.latitude_deg = "48"', "a number, without"],
        ),
        ("latitude_deg = 48.25", "latitude_deg = true", ["latitude_deg = true: expected a number"]),
        ("latitude_deg = 48.25", "latitude_deg = nan", ["station.latitude_deg", "finite"]),
        ("latitude_deg", "lattitude_deg", ["did you mean latitude_deg?"]),
        (
            'name = "test"',
            'name = "a/b"',
            ['station.name = "a/b": expected 1 to 64 letters, digits, - a'],
        ),
        ('name = "test"', "name = 5", ["station.name = 5: expected text in quotes"]),
        (
            "[soil]",
            "[orbits]\nnav = 'b'\n[soil]",
            ['nav = "b": expected a list such as ["brdc.21n"]'],
        ),
        (
            "[soil]",
            "[orbits]\nprefer = ['sp4']\n[soil]",
            ['orbits.prefer = ["sp4"]: ', '"sp3" or "b'],
        ),
        ("[soil]", "[orbits]\nprefer = 'sp3'\n[soil]", ['a list such as ["sp3", "broadcast"]']),
        ('path = "inbox"', 'path = "inbox"\nkeep = "x"', ['"x": expected "leave", "move" or "del']),
        ("[soil]", "[model]\nmin_days = 1.5\n[soil]", ["model.min_days = 1.5: expected a whole"]),
        ("[soil]", "[model]\nmin_days = '3'\n[soil]", ["a whole number, without quotes"]),
        ("[station]", 'weather = "w.csv"\n[station]', ["a section, [weather] on a line"]),
        (
            "height_m = 200.0",
            "height_m = 200.0\nelevation = [5]",
            ["elevation = [5]: expected a l"],
        ),
        ("height_m = 200.0", "height_m = 200.0\nelevation = [5, 6, 7]", ["such as [5, 25]"]),
        (
            "height_m = 200.0",
            "height_m = 200.0\nazimuths = [0, 90]",
            ["azimuths = [0, 90]: expect"],
        ),
        ('texture = "loam"', 'texture = "lome"', ['soil.texture = "lome"', "sandy loam"]),
        ('texture = "loam"', "residual = 0.1", ["soil", "saturation"]),
        ('texture = "loam"', "residual = 5\nsaturation = 45", ["soil.residual = 5", "1"]),
        ('[soil]\ntexture = "loam"\n', "", ["section [soil] is missing", "texture"]),
        ("[soil]", "[sol]", ["section [sol] is not known", "soil"]),
        ("[soil]", "[influxdb]\nurl = 'x'\n[soil]", ["section [influxdb]", "later release"]),
        ("[soil]", "[mqtt]\n[soil]", ["mqtt.host is missing", "broker.example.org"]),
        (
            "[soil]",
            "[mqtt]\nhost = 'mqtt://x'\n[soil]",
            ["mqtt.host", "a name or an address alone"],
        ),
        ("[soil]", "[mqtt]\nhost = 'a..b'\n[soil]", ["mqtt.host", "a name or an address alone"]),
        ("[soil]", "[mqtt]\nhost = 'x.org:1883'\n[soil]", ["mqtt.host", "alone"]),
        ("[soil]", "[mqtt]\nhost = 'x'\nport = 0\n[soil]", ["mqtt.port = 0", "1"]),
        ("[soil]", "[mqtt]\nhost = 'x'\ntopic_prefix = 'a/#'\n[soil]", ["mqtt.topic_prefix", "#"]),
        ("[soil]", "[mqtt]\nhost = 'x'\ntopic_prefix = '/a'\n[soil]", ["mqtt.topic_prefix", "/"]),
        ("[soil]", "[mqtt]\nhost = 'x'\nhost_name = 'a/b'\n[soil]", ["mqtt.host_name", "one"]),
        ("[soil]", "[mqtt]\nhost = 'x'\nclient_id = 'a b'\n[soil]", ["mqtt.client_id", "letters"]),
        ("[soil]", "[mqtt]\nhost = 'x'\nkeepalive_s = 0\n[soil]", ["mqtt.keepalive_s = 0", "5"]),
        ("[soil]", "[mqtt]\nhost = 'x'\npassword = 'p'\n[soil]", ["password", "password_file?"]),
        (
            "[soil]",
            "[mqtt]\nhost = 'x'\ntls = false\nca_file = 'c'\n[soil]",
            ["ca_file", "tls = true"],
        ),
        ("[soil]", "[mqtt]\nhost = 'x'\ncert_file = 'c'\n[soil]", ["key_file", "together"]),
        ("[soil]", "[mqtt]\nhost = 'x'\npassword_file = 'c'\n[soil]", ["username"]),
        ("[soil]", "[export]\n[soil]", ["export.path is missing", "folder"]),
        ("[soil]", "[export]\npath = 'x'\nformat = 'xml'\n[soil]", ['"csv" or "parquet"']),
        ("[soil]", "[model]\nkind = 'svn'\n[soil]", ['model.kind = "svn"', '"svm"', '"linear"']),
        (
            "[soil]",
            "[model]\nkind = 'rf-mdi'\n[soil]",
            ['model.kind = "rf-mdi"', "soilglint train --model rf-mdi", "model.path", '"linear"'],
        ),
        (
            "[soil]",
            "[schedule]\nretrain = 'weekly'\n[soil]",
            ['schedule.retrain = "weekly"', "model.reference", '"manual"'],
        ),
        ("[soil]", "[schedule]\nretrain = 'daily'\n[soil]", ["schedule.retrain", '"monthly"']),
        ("[soil]", "[model]\nshadow_days = -1\n[soil]", ["model.shadow_days = -1", "0"]),
        ("[soil]", "[signals]\nuse = ['GS9X']\n[soil]", ["signals.use.0", "1, 2, 5"]),
        ("[soil]", "[schedule]\ngrid_minutes = 7\n[soil]", ["schedule.grid_minutes = 7", "day"]),
        ("[soil]", "[orbits]\nprefer = ['sp3', 'sp3']\n[soil]", ["orbits.prefer", "once"]),
        ("[soil]", "[qc]\nstart_below_deg = 24\n[soil]", ["[qc]", "start_below"]),
        ("[soil]", "[weather]\ntopic = 'x'\n[soil]", ["weather.topic", "later release"]),
        ("[soil]", "[weather]\n[soil]", ["weather.path is missing", "weather.csv"]),
        ("[soil]", "[weather]\nfile = 'x'\n[soil]", ["weather.file", "known here: path"]),
        ("[soil]", "[qc]\nfrozen_below_c = 273\n[soil]", ["qc.frozen_below_c = 273", "20"]),
        ("[soil]", "[soil]\ndry_season = [0, 45]", ["soil.dry_season.0 = 0", "1"]),
        ("[soil]", "[soil]\ndry_season = [330]", ["soil.dry_season"]),
        ("[soil]", "[soil]\ndry_season = [45, 45]", ["soil.dry_season = [45, 45]", "different"]),
        ("[soil]", "[inbox.more]\nx = 1\n[soil]", ["inbox.more", "not known"]),
        ("height_m = 200.0", "height_m = 200.0\nelevation = [25, 5]", ["station.elevation"]),
        ("height_m = 200.0", "height_m = 200.0\nazimuths = []", ["station.azimuths", "one"]),
        ("height_m = 200.0", "height_m = 200.0\nazimuths = [[90, 90]]", ["azimuths.0", "empty"]),
        ("height_m = 200.0", "height_m = 200.0\nazimuths = [[360, 0]]", ["azimuths.0", "empty"]),
        (
            "height_m = 200.0",
            "height_m = 200.0\nantenna_height_m = 9",
            ["station.antenna_height_m = 9", "qc.height_m = [0.4, 8]"],
        ),
        (
            "[soil]",
            "[qc]\ndetrend_elevation = [30, 40]\n[soil]",
            ["qc.detrend_elevation = [30, 40]", "station.elevation = [5, 25]"],
        ),
    ],
)
def test_every_fault_names_file_key_value_and_what_is_right(
    config_file, config_text, old, new, words
):
    assert old in config_text
    path = config_file(config_text.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    for jargon in ("array", "match pattern", "valid ", "tuple", "object", "validation"):
        assert jargon not in message
    for word in words:
        assert word in message


def test_dry_season_is_the_hemispheres_unless_stated(config_file, config_text):
    def season(text):
        return load_config(config_file(text)).model_settings().dry_season_doy

    assert season(config_text) == (170, 230)
    assert season(config_text.replace("48.25", "-48.25")) == (330, 45)
    stated = config_text.replace('"loam"', '"loam"\ndry_season = [200, 260]')
    assert season(stated) == (200, 260)


def test_models_are_kept_beside_the_store_unless_stated(config_file, config_text, tmp_path):
    assert load_config(config_file()).shelf == tmp_path / "store" / "models"
    text = config_text + '[model]\nkind = "svm"\nreference = "p.csv"\nshelf = "kept"\n'
    config = load_config(config_file(text))
    assert config.shelf == tmp_path / "kept"
    assert config.model.reference == tmp_path / "p.csv"
    assert tmp_path / "p.csv" in config.own_files()  # it is no observation file
    assert (config.model.shadow_days, config.schedule.retrain) == (7, "manual")


def test_weather_and_frost_reach_their_places(config_file, config_text, tmp_path):
    assert load_config(config_file()).weather is None
    text = config_text + '[weather]\npath = "w.csv"\n[qc]\nfrozen_below_c = -1\n'
    config = load_config(config_file(text))
    assert config.weather.path == tmp_path / "w.csv"
    assert tmp_path / "w.csv" in config.own_files()  # it is no observation file
    assert config.model_settings().frozen_below_c == -1.0


@pytest.mark.parametrize(
    ("window", "margins"), [((10, 30), (12.0, 25.0)), ((5, 25), (7.0, 20.0)), ((5, 8), (7.0, 7.5))]
)
def test_margins_move_with_the_window(config_file, config_text, window, margins):
    text = config_text.replace("height_m = 200.0", f"height_m = 200.0\nelevation = {list(window)}")
    settings = load_config(config_file(text)).arc_settings()
    assert (settings.start_below_deg, settings.end_above_deg) == margins


def test_a_stated_margin_stays_what_it_is(config_file, config_text):
    settings = load_config(
        config_file(config_text + "[qc]\nstart_below_deg = 6.5\n")
    ).arc_settings()
    assert (settings.start_below_deg, settings.end_above_deg) == (6.5, 20.0)


def test_a_byte_order_mark_is_named(config_file, config_text):
    with pytest.raises(ConfigError, match="byte order mark"):
        load_config(config_file("\ufeff" + config_text))


def test_all_faults_are_told_at_once(config_file, config_text):
    path = config_file(config_text.replace("48.25", "95").replace("loam", "lome"))
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert len(str(caught.value).splitlines()) == 2


def test_one_fault_is_told_once(config_file, config_text):
    path = config_file(config_text.replace("200.0", "200.0\nazimuths = [0, 90]"))
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert len(str(caught.value).splitlines()) == 1


def test_broken_toml_names_the_line(config_file):
    with pytest.raises(ConfigError, match="line 2"):
        load_config(config_file("[station]\nname = \n"))


def test_file_that_is_not_there_or_not_text(tmp_path):
    with pytest.raises(ConfigError, match="no such file"):
        load_config(tmp_path / "nowhere.toml")
    (tmp_path / "latin.toml").write_bytes(b'[station]\nname = "M\xfcnchen"\n')
    with pytest.raises(ConfigError, match="UTF-8"):
        load_config(tmp_path / "latin.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path)


def test_paths_of_sinks_are_relative_to_the_folder_of_the_file(config_file, config_text, tmp_path):
    text = (
        '[mqtt]\nhost = "x"\nca_file = "c/ca.crt"\ncert_file = "c.crt"\nkey_file = "/k/c.key"\n'
        'username = "u"\npassword_file = "p"\n[export]\npath = "out"\n'
    )
    config = load_config(config_file(config_text + text))
    mqtt, export = config.mqtt, config.export
    assert (mqtt.ca_file, mqtt.cert_file) == (tmp_path / "c/ca.crt", tmp_path / "c.crt")
    assert (str(mqtt.key_file), mqtt.password_file) == ("/k/c.key", tmp_path / "p")
    assert export.path == tmp_path / "out"


@pytest.mark.parametrize(
    ("keys", "port"),
    [
        ("", 1883),
        ("tls = true", 8883),
        ('ca_file = "ca.crt"', 8883),
        ('ca_file = "ca.crt"\nport = 1884', 1884),
    ],
)
def test_the_usual_port_with_and_without_tls(config_file, config_text, keys, port):
    mqtt = load_config(config_file(config_text + f'[mqtt]\nhost = "x"\n{keys}\n')).mqtt
    assert (mqtt.port_used, mqtt.encrypted) == (port, port != 1883)


@pytest.mark.parametrize("host", ["broker.example.org", "10.0.0.7", "fe80::1", "::1", "localhost"])
def test_names_and_addresses_of_brokers(config_file, config_text, host):
    config = load_config(config_file(config_text + f'[mqtt]\nhost = "{host}"\n'))
    assert config.mqtt.host == host
