"""The account that the embedded services run under.

PostgreSQL refuses to run as root. Started by root, the services therefore run as the account that owns their data, or
as `nobody`. Folders on the way to the programs or to the data may be closed to that account (a clone in root's home, a
private temporary folder). We change no permission of anybody's folders: where one is closed, the service keeps the one
right that opens it, and nothing else of root's.
"""

import ctypes
import os
import pwd
import stat
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from server.embedded.folder import ServiceError

CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2
CAPABILITY_VERSION_3 = 0x20080522
PR_SET_SECUREBITS = 28
SECBIT_NO_SETUID_FIXUP = 4
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2

INSTEAD = "run Orderloom as an ordinary user, or set DATABASE_URL and REDIS_URL."


@dataclass(frozen=True)
class Account:
    name: str
    uid: int
    gid: int

    def own(self, path: Path) -> None:
        """Make the account the owner of a file or folder. Raises ServiceError where the system cannot."""
        try:
            os.chown(path, self.uid, self.gid)
        except OSError as error:
            message = (
                f"PostgreSQL does not run as root, and {path} cannot be given to the account '{self.name}'"
                f" ({error.strerror}): {INSTEAD}"
            )
            raise ServiceError(message) from error


def service_account(data: Path) -> Account | None:
    """Who must run the services: None for this very account. Raises ServiceError if root finds nobody to stand in."""
    if os.geteuid() != 0:
        return None
    owner = data.stat().st_uid if data.exists() else 0
    try:
        entry = pwd.getpwuid(owner) if owner != 0 else pwd.getpwnam("nobody")
    except KeyError as error:
        who = f"the owner of {data} (user {owner})" if owner != 0 else "'nobody'"
        message = f"PostgreSQL does not run as root, and {who} is no account of this machine: {INSTEAD}"
        raise ServiceError(message) from error
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def cannot_become(account: Account | None) -> ServiceError:
    """The one line for when the system does not let a child change its account."""
    name = account.name if account else "this account"
    return ServiceError(f"PostgreSQL does not run as root, and may not become '{name}' here: {INSTEAD}")


def becoming(account: Account, needed: Iterable[Path]) -> Callable[[], None]:
    """What a child runs before its program to become the account, able to reach the needed files and folders.

    Raises ServiceError if a folder is closed to the account and cannot be opened for it.
    """
    closed = next((path for path in (_closed(target, account) for target in needed) if path), None)
    capability = _passing_right(closed, account) if closed else None
    libc = ctypes.CDLL(None, use_errno=True)

    def become() -> None:
        # Some containers forbid it; the groups of root then stay, which is less tidy and hurts nobody.
        with suppress(PermissionError):
            os.setgroups([])
        os.setgid(account.gid)
        # Without this bit the right would be lost by setuid, and access(2), by which PostgreSQL looks for its own
        # programs, would not count it.
        if capability is not None and libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "cannot keep the right to pass closed folders")
        os.setuid(account.uid)
        if capability is not None:
            _keep(libc, capability)
        os.umask(0o077)

    return become


def _closed(target: Path, account: Account) -> Path | None:
    """The outermost folder or file on the way to the target that the account may not enter or run."""
    for path in (*reversed(target.resolve().parents), target.resolve()):
        mode = path.stat()
        shift = 6 if mode.st_uid == account.uid else 3 if mode.st_gid == account.gid else 0
        rights = mode.st_mode >> shift
        wanted = 0o5 if stat.S_ISREG(mode.st_mode) else 0o1
        if rights & wanted != wanted:
            return path
    return None


def _passing_right(closed: Path, account: Account) -> int:
    held = _capabilities()
    # The lesser right enters closed folders; a program that is closed itself needs the greater.
    wanted = [CAP_DAC_OVERRIDE] if closed.is_file() else [CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE]
    for capability in wanted:
        if held & (1 << capability):
            return capability
    message = (
        f"PostgreSQL does not run as root, and {closed} is closed to the account '{account.name}' that would run it:"
        f" open it (chmod o+x), {INSTEAD}"
    )
    raise ServiceError(message)


def _capabilities() -> int:
    if sys.platform != "linux":
        return 0
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("CapPrm:"):
            return int(line.split()[1], 16)
    return 0


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Data(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def _keep(libc: ctypes.CDLL, capability: int) -> None:
    mask = 1 << capability
    header = _Header(CAPABILITY_VERSION_3, 0)
    data = (_Data * 2)(_Data(mask, mask, mask), _Data(0, 0, 0))
    kept = libc.capset(ctypes.byref(header), ctypes.byref(data))
    raised = libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0)
    if kept or raised:
        raise OSError(ctypes.get_errno(), "cannot keep the right to pass closed folders")
