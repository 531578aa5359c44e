"""The fields of plain rows that are no column of theirs: what they hold, computed in Python, for ``plain_execution``."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tenants.config.definitions import OrderType
from tenants.permissions import RIGHTS

if TYPE_CHECKING:
    from tests.plain_execution import Book, Record

Row = Mapping[str, Any]
ADDRESS = ("recipient", "phone", "line1", "line2", "district", "city", "region", "postalCode", "country")


def snake(name: str) -> str:
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in name)


def moment(value: datetime) -> str:
    """ISO 8601 in UTC; fractions of a second without trailing zeros."""
    text = value.strftime("%Y-%m-%dT%H:%M:%S")
    return text + (f".{value.microsecond:06}".rstrip("0") if value.microsecond else "") + "+00:00"


def _status(book: "Book", row: Row) -> Any:
    status = book.config.all_statuses[row["status"]]
    return {
        "key": row["status"],
        "label": status.label["en"],
        "colour": status.colour,
        "category": status.category.upper(),
        "description": status.description.get("en"),
    }


def _next_steps(book: "Book", row: Row) -> Any:
    statuses = book.config.statuses
    return [
        {
            "key": key,
            "label": step.label["en"],
            "status": step.target,
            "statusLabel": statuses[step.target].label["en"],
            "allowed": True,
            "refusal": None,
            "noteRequired": False,
            "attachmentRequired": False,
            "confirm": None,
            "requires": [],
            "reasons": [],
        }
        for key, step in book.config.transitions.items()
        if row["status"] in step.sources and row["status"] in statuses
    ]


def _voiding(book: "Book", row: Row) -> Any:
    status = book.config.statuses[row["status"]]
    return {"allowed": not status.void_blocked and status.category != "void"}


def _void_reason(book: "Book", row: Row) -> Any:
    key = row["void_reason"]
    if key not in book.config.all_void_reasons:
        return None
    reason = book.config.all_void_reasons[key]
    return {"key": key, "label": reason.label["en"], "noteRequired": reason.note_required}


def _type(book: "Book", row: Row) -> Any:
    found = book.config.definitions["order_type"].get(row["type"])
    return {"key": row["type"], "label": found.label["en"]} if isinstance(found, OrderType) else None


def _summary(book: "Book", row: Row) -> Any:
    counted = book.all("Order", customer_id=row["id"], voided_at=None)
    sums: dict[str, Decimal] = {}
    for order in counted:
        currency = order.row["currency"]
        sums[currency] = sums.get(currency, Decimal(0)) + order.row["total"]
    last = max((order.row["ordered_at"] for order in counted), default=None)
    totals = [{"total": {"amount": format(sums[key], "f"), "currency": key}} for key in sorted(sums)]
    return {"count": len(counted), "lastOrderedAt": moment(last) if last else None, "totals": totals}


def _address(_book: "Book", row: Row) -> Any:
    stored = row["shipping_address"]
    return None if stored is None else {part: stored.get(snake(part)) for part in ADDRESS}


def _points(kind: str) -> Callable[["Book", Row], Any]:
    return lambda book, row: _listed(book, "ContactPoint", book.all("ContactPoint", customer_id=row["id"], kind=kind))


def _listed(book: "Book", kind: str, records: Sequence["Record"]) -> Sequence["Record"]:
    return sorted(records, key=lambda record: (record.row["position"], record.id))


def _history(record_type: str) -> Callable[["Book", Row], Any]:
    return lambda book, row: book.paged(
        "HistoryEntry", book.all("HistoryEntry", record_type=record_type, record_id=row["id"])
    )


def _about(book: "Book", row: Row) -> Any:
    return book.find("Order", row["record_id"]) if row["record_type"] == "order" else None


# What entries of the audit log in these books are about.
_NAMED = {"member": "Member", "team": "Team", "key": "ApiKey", "draft": "ConfigurationDraft"}


def _about_name(book: "Book", row: Row) -> Any:
    if row["record_type"] == "company":
        return book.tenant.name
    found = book.find(_NAMED[row["record_type"]], row["record_id"])
    return found.row["name"] if found else None


def _files(record_type: str) -> Callable[["Book", Row], Any]:
    return lambda book, row: book.paged(
        "File", book.all("File", record_type=record_type, record_id=row["id"], loose_since=None)
    )


def _permissions(record_type: str) -> Callable[["Book", Row], Any]:
    """What an owner may do with a record: all that there is to do."""

    def actions(book: "Book", _row: Row) -> list[str]:
        steps = [f"transition.{key}" for key in book.config.transitions] if record_type == "order" else []
        return [action for action in (*RIGHTS[record_type], *steps) if action not in ("create", "import")]

    return actions


def _shares(record_type: str) -> Callable[["Book", Row], Any]:
    return lambda book, row: book.paged(
        "RecordShare", book.all("RecordShare", record_type=record_type, record_id=row["id"])
    )


def _mine(book: "Book") -> set[Any]:
    """The teams of whoever asks."""
    given_up = {team.id for team in book.records["Team"] if team.row["archived_at"] is not None}
    found = {membership.row["team_id"] for membership in book.all("TeamMembership", member_id=book.viewer)}
    return found - given_up


SPECIAL: Mapping[tuple[str, str], Callable[["Book", Row], Any]] = {
    ("Order", "status"): _status,
    ("Order", "type"): _type,
    ("Order", "lifeCycle"): lambda _book, row: {"key": row["life_cycle"], "version": row["life_cycle_version"]},
    ("Order", "nextSteps"): _next_steps,
    ("Order", "voiding"): _voiding,
    ("Order", "voidReason"): _void_reason,
    ("Order", "isVoided"): lambda _book, row: row["voided_at"] is not None,
    ("Order", "shippingAddress"): _address,
    ("Order", "customer"): lambda book, row: book.find("Customer", row["customer_id"]),
    ("Order", "owner"): lambda book, row: book.find("Member", row["owner_id"]),
    ("Order", "voidedBy"): lambda book, row: book.find("Member", row["voided_by_id"]),
    ("Order", "lines"): lambda book, row: book.paged("OrderLine", book.all("OrderLine", order_id=row["id"])),
    ("Order", "history"): _history("order"),
    ("Order", "permissions"): _permissions("order"),
    ("Order", "files"): _files("order"),
    ("Order", "automationRuns"): lambda book, row: book.paged(
        "AutomationRun", book.all("AutomationRun", record_type="order", record_id=row["id"])
    ),
    ("OrderLine", "order"): lambda book, row: book.find("Order", row["order_id"]),
    ("OrderLine", "product"): lambda book, row: book.find("Product", row["product_id"]),
    ("Customer", "company"): lambda book, row: book.find("Customer", row["company_id"]),
    ("Customer", "people"): lambda book, row: book.paged("Customer", book.all("Customer", company_id=row["id"])),
    ("Customer", "owner"): lambda book, row: book.find("Member", row["owner_id"]),
    ("Customer", "phones"): _points("phone"),
    ("Customer", "emails"): _points("email"),
    ("Customer", "addresses"): lambda book, row: _listed(book, "Address", book.all("Address", customer_id=row["id"])),
    ("Customer", "orders"): lambda book, row: book.paged("Order", book.all("Order", customer_id=row["id"])),
    ("Customer", "orderSummary"): _summary,
    ("Customer", "history"): _history("customer"),
    ("Customer", "permissions"): _permissions("customer"),
    ("Customer", "files"): _files("customer"),
    ("Product", "orderLines"): lambda book, row: book.paged("OrderLine", book.all("OrderLine", product_id=row["id"])),
    ("Product", "history"): _history("product"),
    ("Product", "permissions"): _permissions("product"),
    ("Product", "files"): _files("product"),
    ("Order", "shares"): _shares("order"),
    ("Customer", "shares"): _shares("customer"),
    ("Product", "shares"): _shares("product"),
    ("Customer", "isMine"): lambda book, row: (
        row["id"] in {me.row["customer_id"] for me in book.all("Member", id=book.viewer)}
    ),
    ("Member", "customer"): lambda book, row: book.find("Customer", row["customer_id"]),
    ("Member", "isMe"): lambda book, row: row["id"] == book.viewer,
    ("Member", "teams"): lambda book, row: book.paged(
        "TeamMembership", book.all("TeamMembership", member_id=row["id"])
    ),
    ("Team", "names"): lambda _book, row: [
        {"language": language, "text": text} for language, text in sorted(row["names"].items())
    ],
    ("Team", "parent"): lambda book, row: book.find("Team", row["parent_id"]),
    ("Team", "teams"): lambda book, row: book.paged("Team", book.all("Team", parent_id=row["id"])),
    ("Team", "memberships"): lambda book, row: book.paged(
        "TeamMembership", book.all("TeamMembership", team_id=row["id"])
    ),
    ("Team", "isMine"): lambda book, row: row["id"] in _mine(book),
    ("Team", "isWithinMine"): lambda book, row: row["archived_at"] is None and not _mine(book).isdisjoint(row["path"]),
    ("TeamMembership", "team"): lambda book, row: book.find("Team", row["team_id"]),
    ("TeamMembership", "member"): lambda book, row: book.find("Member", row["member_id"]),
    ("RecordShare", "member"): lambda book, row: book.find("Member", row["member_id"]),
    ("RecordShare", "team"): lambda book, row: book.find("Team", row["team_id"]),
    ("RecordShare", "createdBy"): lambda book, row: book.find("Member", row["created_by_id"]),
    ("Notification", "order"): _about,
    ("HistoryEntry", "actor"): lambda _book, row: {
        "kind": row["actor_kind"].upper(),
        "id": row["actor_id"],
        "name": row["actor_name"],
    },
    ("HistoryEntry", "changes"): lambda _book, row: [
        {"field": change["field"], "from": change.get("old"), "to": change.get("new")} for change in row["changes"]
    ],
    ("File", "url"): lambda _book, row: f"/files/{row['id']}",
    ("File", "createdBy"): lambda book, row: book.find("Member", row["created_by_id"]),
    ("ChangeSet", "author"): lambda _book, row: {
        "kind": row["author_kind"].upper(),
        "id": row["author_id"],
        "name": row["author_name"],
    },
    ("ChangeSet", "changes"): lambda _book, row: [
        {**change, "sentence": change["sentences"]["en"]} for change in row["changes"]
    ],
    ("AuditEntry", "details"): lambda _book, row: [
        {"field": change["field"], "from": change.get("old"), "to": change.get("new")} for change in row["changes"]
    ],
    ("AuditEntry", "aboutName"): _about_name,
    # No key of these books was ever used.
    ("ApiKey", "lastUsedAt"): lambda _book, _row: None,
    ("AutomationRun", "event"): lambda book, row: book.find("HistoryEntry", row["event_id"]),
    ("AutomationRun", "order"): _about,
}
