"""Settings: typed from the environment, each mistake told in one line that gives no secret away."""

import pytest

from server.settings import Settings, SettingsError, SmtpServer, app_database_url, redacted


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def load(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return Settings.load()


@pytest.mark.parametrize(
    ("variable", "value", "line"),
    [
        ("PORT", "abc", "PORT is 'abc': set it to a port from 1 to 65535."),
        ("PORT", "70000", "PORT is '70000': set it to a port from 1 to 65535."),
        ("POOL_SIZE", "0", "POOL_SIZE is '0': set it to a number from 1 to 500."),
        ("MAIL_FROM", "nobody", "MAIL_FROM is 'nobody' (it is no e-mail address): set it to a sender like "),
        (
            "DATABASE_URL",
            "mysql://me:hush@db/shop",
            "DATABASE_URL is 'mysql://me:***@db/shop' (it begins with 'mysql:')",
        ),
        ("DATABASE_URL", "hush", "DATABASE_URL is '***' (it has no scheme): set it to a URL like postgresql://user:"),
        ("REDIS_URL", "redis://:hu@sh@cache/0", "REDIS_URL is 'redis://:***@cache/0' (an '@' within the password must"),
    ],
)
def test_a_wrong_value_is_told(monkeypatch: pytest.MonkeyPatch, variable: str, value: str, line: str) -> None:
    with pytest.raises(SettingsError) as error:
        load(monkeypatch, **{variable: value})
    assert str(error.value).startswith(line)
    assert "\n" not in str(error.value)


def test_every_wrong_value_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match=r"^PORT is 'x': .*LOG_LEVEL is 'LOUD': set it to DEBUG"):
        load(monkeypatch, PORT="x", LOG_LEVEL="loud")


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, PORT="", DATABASE_URL="", HOST="")
    assert (settings.port, settings.database_url, settings.host) == (8000, None, "127.0.0.1")


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, DATABASE_URL="postgres://me:hush@db/shop", SMTP_URL="smtps://me:hush@mail")
    assert "hush" not in repr(settings) + str(settings)
    assert settings.owner_database_url() == "postgresql://me:hush@db/shop"
    assert settings.smtp_server() == SmtpServer("mail", 465, "me", "hush", tls=True)


def test_without_a_service_the_missing_variable_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    settings = load(monkeypatch, DATA_DIR=f"{tmp_path}/none")
    with pytest.raises(SettingsError, match=r"^REDIS_URL is not set, and no Orderloom runs in .*/none: set REDIS_URL"):
        settings.redis_address()
    with pytest.raises(SettingsError, match=r"^DATABASE_URL is not set"):
        settings.application_database_url()


def test_the_application_role_is_derived_from_the_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = "postgresql://me:hu%40sh@db:5433/shop?sslmode=require"
    expected = (
        "postgresql://orderloom_app:c9e091e2bdee14e80f0cd8b852f8d6419050dfd71bd237c6ded80ef9fbd73bfb"
        "@db:5433/shop?sslmode=require"
    )
    assert app_database_url(owner) == expected
    assert load(monkeypatch, DATABASE_URL=owner).application_database_url() == expected
    given = load(monkeypatch, APP_DATABASE_URL="postgresql://other:pw@db/shop")
    assert given.application_database_url() == "postgresql://other:pw@db/shop"


def test_parameters_cannot_bring_the_owner_back() -> None:
    url = app_database_url("postgresql:///shop?host=%2Frun%2Fpg&user=me&password=hush")
    assert url.startswith("postgresql://orderloom_app:")
    assert url.endswith("@/shop?host=%2Frun%2Fpg")
    with pytest.raises(SettingsError, match="names no user"):
        app_database_url("postgresql://db/shop")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:hush@db:5432/shop?password=hush#hush", "postgresql://me:***@db:5432/shop"),
        ("postgresql://me:hu/sh@db/shop", "postgresql://me:***@db/shop"),
        ("postgresql://me:hush", "postgresql://me:***"),
        ("redis://[::1]:6379/0", "redis://[::1]:6379/0"),
        ("hush", "***"),
    ],
)
def test_what_is_shown_of_a_url(url: str, shown: str) -> None:
    assert redacted(url) == shown
