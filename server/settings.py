"""What the environment says, read once, typed and checked, with an error a person can act on.

Three URLs are optional: where one is missing and `orderloom run` has started the service for `DATA_DIR`, the methods
`owner_database_url`, `application_database_url` and `redis_address` answer with that one.
"""

import hashlib
import hmac
from dataclasses import dataclass
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from server.embedded import ServiceError, Services, running
from tenants.quotas import Quotas
from tenants.secrets import Secrets
from tenants.sign_up import Terms

APPLICATION_ROLE = "orderloom_app"
DATABASE_SCHEMES = {"postgresql", "postgres", "postgresql+psycopg"}
REDIS_SCHEMES = {"redis", "rediss"}
SMTP_PORTS = {"smtp": 587, "smtps": 465}


class SettingsError(Exception):
    """A variable is missing or wrong. The text names it, its value without secrets, and what to set instead."""


@dataclass(frozen=True)
class SmtpServer:
    """Where mail goes out. `tls` from the first byte (smtps); otherwise STARTTLS is used if the server offers it."""

    host: str
    port: int
    username: str | None
    password: str | None
    tls: bool


def _split(url: SecretStr, schemes: set[str]) -> SplitResult:
    """The URL's parts. Raises ValueError with a text that is safe to show."""
    try:
        parts = urlsplit(url.get_secret_value())
        port = parts.port
    except ValueError as error:
        raise ValueError("its host or port cannot be read") from error
    if parts.scheme not in schemes:
        raise ValueError(f"it begins with '{parts.scheme}:'" if parts.scheme else "it has no scheme")
    if parts.netloc.count("@") > 1:
        raise ValueError("an '@' within the password must be written %40")
    if port == 0:
        raise ValueError("0 is no port")
    return parts


def _database_url(url: SecretStr) -> SecretStr:
    parts = _split(url, DATABASE_SCHEMES)
    if not parts.path.strip("/"):
        raise ValueError("it names no database")
    # One spelling for psycopg, SQLAlchemy and the command line tools alike.
    return SecretStr("postgresql://" + url.get_secret_value().split("://", 1)[1])


def _redis_url(url: SecretStr) -> SecretStr:
    if not _split(url, REDIS_SCHEMES).hostname:
        raise ValueError("it names no host")
    return url


def _smtp_url(url: SecretStr) -> SecretStr:
    if not _split(url, set(SMTP_PORTS)).hostname:
        raise ValueError("it names no host")
    return url


def _sender(text: str) -> str:
    name, _, domain = parseaddr(text)[1].partition("@")
    if not name or not domain or "\n" in text or "\r" in text:
        raise ValueError("it is no e-mail address")
    return text


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


def _origins(value: object) -> object:
    """The origins as browsers write them."""
    if not isinstance(value, str):
        return value
    found = tuple(value.replace(",", " ").lower().split())
    for origin in found:
        parts = urlsplit(origin)
        if parts.scheme not in {"http", "https"} or not parts.netloc or origin != f"{parts.scheme}://{parts.netloc}":
            raise ValueError(f"'{origin}' is no origin")
    return found


def _keys(value: object) -> object:
    """The keys as they are kept. Their text is never part of a complaint."""
    if not isinstance(value, str):
        return value
    found = tuple(value.replace(",", " ").split())
    try:
        Secrets(found)
    except ValueError:
        raise ValueError("one of them is no key") from None
    return found


def _page(value: str) -> str:
    parts = urlsplit(value)
    if value and (parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment):
        raise ValueError("it is no address of web pages")
    return value.rstrip("/")


def _addresses(value: object) -> object:
    """Addresses of web pages, each as it is written in links."""
    if not isinstance(value, str):
        return value
    found = tuple(value.replace(",", " ").split())
    for address in found:
        parts = urlsplit(address)
        if parts.scheme not in {"http", "https"} or not parts.netloc or "@" in parts.netloc or parts.fragment:
            raise ValueError(f"'{address}' is no address of a web page")
    return found


def _networks(value: object) -> object:
    return tuple(ip_network(text) for text in value.replace(",", " ").split()) if isinstance(value, str) else value


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


DatabaseUrl = Annotated[SecretStr, AfterValidator(_database_url)]
_SECRETS = {"secret_keys"}
DATABASE_HINT = "a URL like postgresql://user:password@host:5432/database"


class Settings(BaseSettings):
    """Every setting, under its variable's name in small letters. `Settings.load()` reads them."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True)

    database_url: DatabaseUrl | None = Field(default=None, description=DATABASE_HINT)
    app_database_url: DatabaseUrl | None = Field(default=None, description=DATABASE_HINT)
    redis_url: Annotated[SecretStr, AfterValidator(_redis_url)] | None = Field(
        default=None, description="a URL like redis://:password@host:6379/0"
    )
    host: str = Field(default="127.0.0.1", min_length=1, description="the address to listen on, like 127.0.0.1")
    port: int = Field(default=8000, ge=1, le=65535, description="a port from 1 to 65535")
    data_dir: Annotated[Path, AfterValidator(_absolute)] = Field(
        default=Path(".orderloom"), validate_default=True, description="a folder that may be written"
    )
    smtp_url: Annotated[SecretStr, AfterValidator(_smtp_url)] | None = Field(
        default=None, description="a URL like smtp://user:password@host:587 or smtps://host"
    )
    mail_from: Annotated[str, AfterValidator(_sender)] = Field(
        default="Orderloom <orderloom@localhost>", description="a sender like 'Orderloom <orders@example.com>'"
    )
    # What secrets are encrypted with that must be read again, of second factors and of clients of identity providers: the first one
    # encrypts, all decrypt.
    secret_keys: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_keys)] = Field(
        default=(), description="keys that 'orderloom secret-key' makes, separated by spaces, the newest first"
    )
    # Where people follow the links of messages: <FRONTEND_URL>/password_reset?token=..., and invitation, sign_up and email_change likewise.
    frontend_url: Annotated[str, AfterValidator(_page)] = Field(
        default="", description="the address of your own web pages, like https://app.example.com"
    )
    # Where browsers and identity providers reach this API, if not at HOST and PORT.
    public_url: Annotated[str, AfterValidator(_page)] = Field(
        default="", description="the address of this API as browsers reach it, like https://api.example.com"
    )
    # Pages to which people are sent back once they have signed in at an identity provider; the first is meant where none is asked for.
    sign_in_pages: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_addresses)] = Field(
        default=(), description="addresses of web pages like https://app.example.com/signed-in, separated by spaces"
    )
    # Networks beyond the public internet that addresses named by companies may lie in, such as that of an identity provider.
    outgoing_private_networks: Annotated[
        tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_networks)
    ] = Field(default=(), description="networks like 10.1.0.0/16, separated by spaces")
    # Proxies of the operator's own, whose X-Forwarded-For says where a request came from.
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_networks)] = Field(
        default=(), description="networks like 10.1.0.0/16, separated by spaces"
    )
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)] = Field(
        default="INFO", description="DEBUG, INFO, WARNING or ERROR"
    )
    worker_metrics_port: int | None = Field(default=None, ge=1, le=65535, description="a port from 1 to 65535")
    # A socket that listens on HOST and PORT, inherited from whoever holds them for us, and where to say that we answer.
    listen_fd: int | None = Field(default=None, ge=3, description="the number of an inherited socket, or unset it")
    ready_fd: int | None = Field(default=None, ge=3, description="the number of an inherited pipe, or unset it")
    # How many database connections one process may hold.
    pool_size: int = Field(default=10, ge=1, le=500, description="a number from 1 to 500")
    # What the configurations in use may take of one process's memory, with all that is made of them.
    configuration_memory_mb: int = Field(default=24, ge=1, le=100_000, description="a number from 1 to 100000")
    # Web pages of other origins than our own that may use the API.
    allowed_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_origins)] = Field(
        default=(), description="origins like https://app.example.com, separated by spaces"
    )
    documents: Literal["any", "registered"] = Field(default="any", description="any or registered")
    # Points, of a tenth of a millisecond of database time each: what one operation may cost, what a company may spend in a second
    # and at once, and how much of that (in percent) one of its members.
    operation_cost: int = Field(default=10_000, ge=1, description="a number of points, like 10000")
    company_cost_rate: int = Field(default=20_000, ge=1, description="a number of points a second, like 20000")
    company_cost_burst: int = Field(default=400_000, ge=1, description="a number of points, like 400000")
    member_cost_share: int = Field(default=25, ge=1, le=100, description="a percentage, like 25")
    # The same of one address whose clients send no token; behind a proxy that TRUSTED_PROXIES does not name, that is all of them.
    anonymous_cost_rate: int = Field(default=5_000, ge=1, description="a number of points a second, like 5000")
    # Whether anybody may found a company, and what such a company may use at most.
    sign_up: Literal["open", "closed"] = Field(default="open", description="open or closed")
    # How many messages about founding may be sent within an hour, asked for from one network and in all.
    sign_ups_per_network: int = Field(default=20, ge=1, description="a number an hour, like 20")
    sign_ups_per_hour: int = Field(default=500, ge=1, description="a number an hour, like 500")
    sign_up_records: int = Field(default=100_000, ge=1, description="a number of records, like 100000")
    sign_up_storage_mb: int = Field(default=2_048, ge=1, description="a number of MiB, like 2048")
    # How often the clock has it proved that companies cannot reach each other's data; 0: never.
    isolation_proof_hours: int = Field(default=24, ge=0, le=8_760, description="a number of hours, like 24, or 0")

    @classmethod
    def load(cls) -> Self:
        """The settings of this environment. Raises SettingsError that names every wrong variable."""
        try:
            return cls()
        except ValidationError as error:
            raise SettingsError(" ".join(cls._complaints(error))) from None

    @classmethod
    def _complaints(cls, error: ValidationError) -> list[str]:
        complaints = []
        for problem in error.errors():
            name = str(problem["loc"][0])
            field = cls.model_fields[name]
            is_url = name.endswith("_url")
            value = "***" if name in _SECRETS else redacted(str(problem["input"])) if is_url else str(problem["input"])
            reason = f" ({problem['ctx']['error']})" if problem["type"] == "value_error" else ""
            complaints.append(f"{name.upper()} is '{value}'{reason}: set it to {field.description}.")
        return complaints

    def owner_database_url(self) -> str:
        """The URL of the database's owner, who migrates. Raises SettingsError if there is no database."""
        if self.database_url:
            return self.database_url.get_secret_value()
        return self._embedded("DATABASE_URL", "database").database_url

    def application_database_url(self) -> str:
        """The URL of the role that serves requests. Raises SettingsError if there is no database."""
        if self.app_database_url:
            return self.app_database_url.get_secret_value()
        return app_database_url(self.owner_database_url())

    def redis_address(self) -> str:
        """The URL of Redis. Raises SettingsError if there is none."""
        if self.redis_url:
            return self.redis_url.get_secret_value()
        return self._embedded("REDIS_URL", "redis").redis_url

    def secrets(self) -> Secrets:
        """What encrypts and decrypts secrets; nothing can be kept where no key is set."""
        return Secrets([key.get_secret_value() for key in self.secret_keys])

    def sign_up_terms(self) -> Terms | None:
        """On which terms anybody may found a company; None where only the operator does."""
        if self.sign_up == "closed":
            return None
        quotas = Quotas(records=self.sign_up_records, storage_bytes=self.sign_up_storage_mb * 2**20)
        return Terms(quotas, self.sign_ups_per_network, self.sign_ups_per_hour)

    def public_address(self) -> str:
        """The address of this API as browsers and identity providers know it, without a slash at its end."""
        return self.public_url or f"http://{self.host}:{self.port}"

    def smtp_server(self) -> SmtpServer | None:
        """Where to send mail, or None where none can be sent."""
        if self.smtp_url is None:
            return None
        parts = urlsplit(self.smtp_url.get_secret_value())
        return SmtpServer(
            host=parts.hostname or "",
            port=parts.port or SMTP_PORTS[parts.scheme],
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            tls=parts.scheme == "smtps",
        )

    def _embedded(self, variable: str, service: str) -> Services:
        try:
            found = running(self.data_dir)
        except ServiceError as error:
            raise SettingsError(f"{variable} is not set, and {error}") from error
        if found is None or not getattr(found, f"{service}_url"):
            message = (
                f"{variable} is not set, and no Orderloom runs in {self.data_dir}:"
                f" set {variable}, or start Orderloom there with 'orderloom run'."
            )
            raise SettingsError(message)
        return found


def app_database_url(owner_url: str) -> str:
    """The URL of the application role on the owner's database, for when only the owner's is set.

    Its password is derived from the owner's, so that `migrate`, which makes the role, and `serve`, which signs in with
    it, agree without a second secret. Raises SettingsError if the URL names no user.
    """
    parts = urlsplit(owner_url)
    # libpq also takes both as parameters, where they would win over the role set here.
    parameters = dict(parse_qsl(parts.query, keep_blank_values=True))
    user = unquote(parts.username or "") or parameters.pop("user", "")
    key = unquote(parts.password or "") or parameters.pop("password", "") or user
    if not user:
        raise SettingsError(f"DATABASE_URL is '{redacted(owner_url)}', which names no user: set it to {DATABASE_HINT}.")
    parameters = {name: value for name, value in parameters.items() if name not in {"user", "password", "passfile"}}
    password = hmac.new(key.encode(), APPLICATION_ROLE.encode(), hashlib.sha256).hexdigest()
    location = f"{APPLICATION_ROLE}:{password}@{parts.netloc.rpartition('@')[2]}"
    return parts._replace(netloc=location, query=urlencode(parameters, quote_via=quote)).geturl()


def redacted(url: str) -> str:
    """The URL with neither password nor parameters, to be shown to a person. Never raises."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        # Not a URL at all, perhaps a bare password: show nothing of it.
        return "***"
    credentials, at, place = rest.rpartition("@")
    location, slash, path = place.partition("/")
    host, colon, port = location.rpartition(":")
    if not at and colon and not port.isdigit() and not location.endswith("]"):
        # Cut off after "user:password": what looks like a port is the password.
        location = f"{host}:***"
    user = credentials.partition(":")[0]
    who = f"{user}:***@" if ":" in credentials else f"{user}@" if user else ""
    return f"{scheme}://{who}{location}{slash}{path.partition('?')[0].partition('#')[0]}"
