"""The key of an instance that runs by itself: made once, and kept beside its database."""

import os
from pathlib import Path

from tenants.secrets import new_key

NAME = "secret.key"


def own_key(data_dir: Path) -> str:
    """The key in the folder, made where there is none; only the user who runs the instance can read it. Raises ``OSError``."""
    path = data_dir / NAME
    if not path.exists():
        draft = path.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
            file.write(new_key())
        # Whoever comes second takes the first one's.
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii").strip()
