"""Keeping views: members their own, those who hold ``view.share`` the shared ones."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from pydantic import ValidationError

from tenants.config import change_sets
from tenants.config.change_sets import Change
from tenants.config.definitions import View
from tenants.config.documents import stored
from tenants.config.shapes import body_errors
from tenants.problems import FieldError, InvalidInput, LimitExceeded, NotAllowed, NotFound
from tenants.records import CUSTOMISABLE, REGISTRY
from tenants.transaction import Transaction, new_id
from tenants.views.checks import view_errors
from tenants.views.finding import SHARE, shared_views

MOST_PRIVATE = 200
# Names of a view's parts where the API's are others; what makes the list stands in an input of its own.
_NAMES = {"group_by": "groupBy", "page_size": "pageSize", "default_for": "defaultFor"}
_OF_THE_LIST = {"where": "where", "order_by": "orderBy", "search": "search", "voided": "voided"}
_FREE = ("roles", "default_for")


class Audience(StrEnum):
    """Who sees a view."""

    PRIVATE = "private"
    ROLES = "roles"
    EVERYBODY = "everybody"


async def create_view(tx: Transaction, body: Mapping[str, Any]) -> UUID:
    """Keep a view for the member who acts, and return its id.

    Raises :class:`NotAllowed` for what the member may not read, :class:`InvalidInput`, and :class:`LimitExceeded` beyond
    :data:`MOST_PRIVATE` views.
    """
    view = _checked(tx, body)
    return await _insert(tx, view)


async def update_view(tx: Transaction, view_id: str, changes: Mapping[str, Any]) -> str:
    """Change parts of a view and return its id; a part that is None goes back to its default.

    Raises :class:`NotFound` for what is neither the member's own nor shared with them, :class:`NotAllowed` (``view.share``)
    for a shared one, and :class:`InvalidInput`.
    """
    before, is_private = await _load(tx, view_id)
    if changes.get("record_type", before.record_type) != before.record_type:
        plural = REGISTRY[str(changes["record_type"])].plural
        raise InvalidInput.at((plural,), "view.other_list", type=before.record_type)
    body = {name: value for name, value in {**stored(before), **changes}.items() if value is not None}
    if not is_private:
        return await _define(tx, view_id, body)
    view = _checked(tx, body)
    await tx.execute(
        "UPDATE private_views SET body = %(body)s, updated_at = %(now)s"
        " WHERE tenant_id = %(tenant)s AND id = %(id)s AND member_id = %(member)s",
        id=UUID(view_id),
        member=tx.caller.member_id,
        body=Jsonb(stored(view)),
        now=tx.now,
    )
    return view_id


async def delete_view(tx: Transaction, view_id: str) -> str:
    """Do away with a view. Raises like :func:`update_view`."""
    before, is_private = await _load(tx, view_id)
    if is_private:
        await _delete(tx, view_id)
    else:
        await change_sets.apply(tx, [Change("view", view_id, before, None)], right=SHARE)
    return view_id


async def share_view(
    tx: Transaction,
    view_id: str,
    audience: Audience,
    key: str | None = None,
    roles: Sequence[str] = (),
    default_for: Sequence[str] = (),
) -> str:
    """Say who sees a view, and for which roles it is the first they see; return its id.

    A view that is shared becomes part of the configuration, and its ``key`` (one is made if not given) is its id from then on; one
    that becomes private again is kept for the member who acts. Raises :class:`NotAllowed` (``view.share``),
    :class:`NotFound` and :class:`InvalidInput`.
    """
    tx.access.require(SHARE)
    before, is_private = await _load(tx, view_id)
    body = {name: value for name, value in stored(before).items() if name not in _FREE}
    if audience is Audience.PRIVATE:
        if is_private:
            return view_id
        kept = await _insert(tx, View.model_validate(body))
        await change_sets.apply(tx, [Change("view", view_id, before, None)], right=SHARE)
        return str(kept)
    if (audience is Audience.ROLES) != bool(roles):
        raise InvalidInput.at(("roles",), "view.roles_of_audience")
    shared = {**body, "roles": list(roles), "default_for": list(default_for)}
    if not is_private:
        return await _define(tx, view_id, shared)
    key = key or f"v{UUID(view_id).hex}"
    if key in tx.config.definitions["view"]:
        raise InvalidInput.at(("key",), "value.taken", value=key)
    await _delete(tx, view_id)
    return await _define(tx, key, shared)


async def _define(tx: Transaction, key: str, body: Mapping[str, Any]) -> str:
    try:
        await change_sets.apply(tx, [change_sets.define(tx.config, "view", key, body)], right=SHARE)
    except InvalidInput as problem:
        raise InvalidInput(_told(error, key, body) for error in problem.errors) from None
    return key


def _told(error: FieldError, key: str, body: Mapping[str, Any]) -> FieldError:
    """An error of the configuration at the place in the input where its reason stands."""
    path = error.path
    if path[:2] == ("view", key):
        return _placed(FieldError(path[2:], error.code, error.data), body)
    return _placed(error, body)


def _checked(tx: Transaction, body: Mapping[str, Any]) -> View:
    if tx.caller.member_id is None:
        raise NotAllowed(SHARE, tx.access.policy.holders(SHARE))
    try:
        view = View.model_validate(dict(body))
    except ValidationError as error:
        raise InvalidInput(_placed(found, body) for found in body_errors(error, ())) from None
    if view.record_type in CUSTOMISABLE:
        tx.access.require(REGISTRY[view.record_type].right)
    errors = view_errors(tx.config, view, tx.access)
    if errors:
        raise InvalidInput(_placed(error, body) for error in errors)
    return view


def _placed(error: FieldError, body: Mapping[str, Any]) -> FieldError:
    record = REGISTRY.get(str(body.get("record_type", "order")))
    if not error.path or record is None:
        return error
    first, *rest = error.path
    if first in _OF_THE_LIST:
        return FieldError((record.plural, _OF_THE_LIST[str(first)], *rest), error.code, error.data)
    return FieldError((_NAMES.get(str(first), first), *rest), error.code, error.data)


async def _load(tx: Transaction, view_id: str) -> tuple[View, bool]:
    """The view, and whether it is private, locked. Raises :class:`NotFound`."""
    shared = shared_views(tx.config, tx.access).get(view_id)
    if shared is not None:
        tx.access.require(SHARE)
        return shared, False
    try:
        wanted = UUID(view_id)
    except ValueError:
        raise NotFound("view", view_id) from None
    row = await tx.fetch_one(
        "SELECT body FROM private_views"
        " WHERE tenant_id = %(tenant)s AND id = %(id)s AND member_id = %(member)s::uuid FOR UPDATE",
        id=wanted,
        member=tx.caller.member_id,
    )
    if row is None:
        raise NotFound("view", view_id)
    return View.model_validate(row["body"]), True


async def _insert(tx: Transaction, view: View) -> UUID:
    # Of the member's own calls only one at a time may count and add.
    row = await tx.fetch_one(
        "SELECT (SELECT count(*) FROM private_views v WHERE v.tenant_id = m.tenant_id AND v.member_id = m.id) AS found"
        " FROM members m WHERE m.tenant_id = %(tenant)s AND m.id = %(member)s::uuid FOR NO KEY UPDATE OF m",
        member=tx.caller.member_id,
    )
    if row is None or row["found"] >= MOST_PRIVATE:
        raise LimitExceeded("view.too_many", most=MOST_PRIVATE)
    view_id = new_id()
    await tx.insert(
        "private_views",
        {
            "id": view_id,
            "member_id": tx.caller.member_id,
            "body": Jsonb(stored(view)),
            "created_at": tx.now,
            "updated_at": tx.now,
        },
    )
    return view_id


async def _delete(tx: Transaction, view_id: str) -> None:
    await tx.execute(
        "DELETE FROM private_views WHERE tenant_id = %(tenant)s AND id = %(id)s AND member_id = %(member)s::uuid",
        id=UUID(view_id),
        member=tx.caller.member_id,
    )
