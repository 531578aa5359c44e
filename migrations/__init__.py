"""The database's shape, step by step, by Alembic.

Run as the owner; the application role owns nothing. Every migration runs under a lock and a statement time-out, and every
tenant table it makes gets row security, which a test asks the catalog about.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alembic.config import Config

HERE = Path(__file__).parent
_REVISION = re.compile(r'^revision = "(\w+)"$', re.MULTILINE)
_BEFORE = re.compile(r'^down_revision = "(\w+)"$', re.MULTILINE)


def configuration(owner_url: str, app_role: str, app_password: str | None) -> "Config":
    """Alembic's configuration for one database; ``app_password`` None leaves the application role's password as it is."""
    # A process that serves asks for the revisions below alone, and is 25 MiB smaller without Alembic and SQLAlchemy.
    from alembic.config import Config  # noqa: PLC0415  (only who migrates needs Alembic)

    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes.update(owner_url=owner_url, app_role=app_role, app_password=app_password)
    return config


def upgrade(
    owner_url: str, app_role: str = "orderloom_app", app_password: str | None = None, revision: str = "head"
) -> None:
    """Bring the database to ``revision``. Raises the errors of psycopg when the server refuses or cannot be reached."""
    from alembic import command  # noqa: PLC0415  (only who migrates needs Alembic)
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415  (only who migrates needs SQLAlchemy)

    try:
        command.upgrade(configuration(owner_url, app_role, app_password), revision)
    except DBAPIError as error:
        raise error.orig or error from error


def known() -> frozenset[str]:
    """All revisions that this program knows; a database at another one has been migrated by a newer program."""
    return frozenset(_found(_REVISION))


def head() -> str:
    """The newest revision that this program knows: the one that no other follows."""
    (newest,) = known() - set(_found(_BEFORE))
    return newest


def _found(pattern: re.Pattern[str]) -> list[str]:
    texts = [path.read_text("utf-8") for path in sorted((HERE / "versions").glob("*.py"))]
    return [revision for text in texts for revision in pattern.findall(text)]
