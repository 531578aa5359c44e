"""The embedded services: they start anywhere, keep their data through kills, and refuse in one clear line."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from server.embedded import Embedded, ServiceError, running
from server.settings import app_database_url

# Durability against power cuts is not what these tests look at.
QUICK = {"fsync": "off", "shared_buffers": "16MB"}

START_AND_DIE = f"""
import os, signal, sys
from pathlib import Path
import psycopg, redis
from server.embedded import Embedded
services = Embedded(Path(sys.argv[1]), extra_settings={QUICK!r}).start()
with psycopg.connect(services.database_url) as connection:
    connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
client = redis.Redis.from_url(services.redis_url)
client.set("kept", "42")
client.bgrewriteaof()
print(services.database_url, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Embedded]:
    with Embedded(tmp_path / "data", extra_settings=QUICK) as started:
        yield started


def processes_of(token: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and any(token in part for part in process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_what_starts_is_ready_for_migrations(embedded: Embedded) -> None:
    with psycopg.connect(embedded.services.database_url, autocommit=True) as connection:
        role = connection.execute(
            "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        assert role == ("orderloom", False, False, True)
        owner = connection.execute(
            "SELECT datname, pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
        ).fetchone()
        assert owner == ("orderloom", "orderloom")
        extensions = connection.execute("SELECT extname FROM pg_extension ORDER BY 1").fetchall()
        assert extensions == [("btree_gin",), ("pg_stat_statements",), ("pg_trgm",), ("plpgsql",)]
        # In a database with the locale C there would be none, and no search for Chinese names.
        assert connection.execute("SELECT cardinality(show_trgm('张三'))").fetchone() == (3,)

        url = app_database_url(embedded.services.database_url)
        password = url.split(":")[2].split("@")[0]
        connection.execute(f"CREATE ROLE orderloom_app LOGIN PASSWORD '{password}'".encode())
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("orderloom_app",)


def test_other_commands_find_what_runs(embedded: Embedded) -> None:
    assert running(embedded.folder.path) == embedded.services
    for name in ("services.json", "secrets.json"):
        assert (embedded.folder.path / name).stat().st_mode & 0o777 == 0o600
    token = embedded.token

    embedded.stop()

    assert running(embedded.folder.path) is None
    assert processes_of(token) == []


def test_data_outlives_the_kill_of_everything(tmp_path: Path) -> None:
    data = tmp_path / "data"
    died = subprocess.run([sys.executable, "-c", START_AND_DIE, data], capture_output=True, text=True, check=False)
    assert died.returncode == -signal.SIGKILL, died.stderr
    left = running(data)
    assert left is not None
    assert left.database_url == died.stdout.strip()

    # The services that lost their supervisor are ended, and start anew under the same URLs.
    with Embedded(data, extra_settings=QUICK) as started:
        assert started.services == left
        with psycopg.connect(started.services.database_url) as connection:
            assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
        with redis.Redis.from_url(started.services.redis_url, decode_responses=True) as client:
            assert client.get("kept") == "42"
        for process in processes_of(started.token):
            process.kill()
        # As if we had been killed too: the lock goes, the files of the dead servers stay.
        started.folder.close()
        with (
            Embedded(data, extra_settings=QUICK) as again,
            psycopg.connect(again.services.database_url) as connection,
        ):
            assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_a_service_that_dies_is_started_again_where_it_was(embedded: Embedded) -> None:
    before = embedded.services
    assert embedded.heal() == []
    for process in processes_of(embedded.token):
        process.kill()
    psutil.wait_procs(processes_of(embedded.token), timeout=5)

    assert embedded.heal() == ["PostgreSQL", "Redis"]

    assert embedded.services == before == running(embedded.folder.path)
    with psycopg.connect(before.database_url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_second_run_in_the_folder_is_refused(embedded: Embedded) -> None:
    with pytest.raises(ServiceError, match=rf"already runs in .*data \(process {os.getpid()}\): stop it first"):
        Embedded(embedded.folder.path).start()
    assert running(embedded.folder.path) == embedded.services


def test_a_copy_of_a_folder_is_not_taken_for_the_original(embedded: Embedded, tmp_path: Path) -> None:
    original = embedded.folder.path
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "secrets.json").write_bytes((original / "secrets.json").read_bytes())

    with Embedded(copy, postgres=False, extra_settings=QUICK) as other:
        assert other.token != embedded.token
        assert other.services.database_url == ""

    assert running(original) == embedded.services


def test_a_damaged_redis_file_is_put_aside(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with Embedded(folder, postgres=False) as started, redis.Redis.from_url(started.services.redis_url) as client:
        for number in range(200):
            client.set(f"key-{number}", number)
    (file,) = (folder / "redis" / "appendonlydir").glob("*.incr.aof")
    content = bytearray(file.read_bytes())
    content[200:260] = b"\xff" * 60
    file.write_bytes(content)

    with Embedded(folder, postgres=False) as started, redis.Redis.from_url(started.services.redis_url) as client:
        assert client.dbsize() == 0
    assert len(list((folder / "redis").glob("damaged-*"))) == 1


def test_a_long_and_odd_path_will_do(tmp_path: Path) -> None:
    deep = tmp_path / ("long-" * 30) / 'it\'s "odd" 数据'
    deep.parent.mkdir()
    with Embedded(deep, extra_settings=QUICK) as started, psycopg.connect(started.services.database_url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match=r"but the folder .*/missing does not exist: make it first\.$"):
        Embedded(tmp_path / "missing" / "data").start()
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(ServiceError, match=r"file, which is a file: set it to a folder\.$"):
        Embedded(file).start()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ServiceError, match=r"cannot be used: Permission denied"):
        Embedded(tmp_path / "data").start()


def test_lost_or_wrong_secrets_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with Embedded(folder, redis=False, extra_settings=QUICK):
        pass
    secrets = folder / "secrets.json"
    right = secrets.read_text()

    secrets.unlink()
    with pytest.raises(ServiceError, match=r"secrets\.json is missing"):
        Embedded(folder, redis=False, extra_settings=QUICK).start()
    wrong = {name: "0" * len(value) if "password" in name else value for name, value in json.loads(right).items()}
    secrets.write_text(json.dumps(wrong))
    with pytest.raises(ServiceError, match=r"is not the one in .*secrets\.json"):
        Embedded(folder, redis=False, extra_settings=QUICK).start()

    secrets.write_text(right)
    with Embedded(folder, redis=False, extra_settings=QUICK):
        pass
