"""The database's shape, step by step, by Alembic.

Run as the owner; the application role owns nothing. Every migration runs under a lock and a statement time-out, and every
tenant table it makes gets row security, which a test asks the catalog about.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory


def configuration(owner_url: str, app_role: str, app_password: str | None) -> Config:
    """Alembic's configuration for one database; ``app_password`` None leaves the application role's password as it is."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes.update(owner_url=owner_url, app_role=app_role, app_password=app_password)
    return config


def upgrade(
    owner_url: str, app_role: str = "orderloom_app", app_password: str | None = None, revision: str = "head"
) -> None:
    """Bring the database to ``revision``. Raises SQLAlchemy's errors when the server cannot be reached."""
    command.upgrade(configuration(owner_url, app_role, app_password), revision)


def head() -> str | None:
    """The newest revision that this program knows."""
    return ScriptDirectory(str(Path(__file__).parent)).get_current_head()


def known() -> frozenset[str]:
    """All revisions that this program knows; a database at another one has been migrated by a newer program."""
    return frozenset(script.revision for script in ScriptDirectory(str(Path(__file__).parent)).walk_revisions())
