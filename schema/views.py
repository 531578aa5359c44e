"""Views: the lists that people save, share and open again."""

from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from typing import Annotated, Any, cast

import strawberry
from graphql import GraphQLField, GraphQLInputField, GraphQLInputObjectType, GraphQLList, GraphQLNonNull

from schema.context import MOST_TRIES, Info, keyed, run
from schema.definitions.changing import label_body
from schema.mutations import Values, mutation
from schema.problems import Conflict, InvalidInput, LimitExceeded, NotAllowed, NotFound
from schema.scalars import Json
from schema.view_inputs import CreateViewInput, DeleteViewInput, ShareViewInput, UpdateViewInput
from tenants.conditions import as_input
from tenants.config import definitions
from tenants.config.definitions import label as text_in
from tenants.database import Outdated
from tenants.field_labels import field_label
from tenants.languages import LANGUAGES
from tenants.problems import Conflict as Busy
from tenants.problems import InvalidInput as BadInput
from tenants.problems import NotFound as NoSuchView
from tenants.reading.paths import resolve
from tenants.records import CUSTOMISABLE, REGISTRY
from tenants.views import saving
from tenants.views.checks import view_errors
from tenants.views.finding import SHARE, default_view, private_views, shared_views
from tenants.views.saving import Audience

# The record type of each list that an input may describe.
LISTS = {REGISTRY[name].plural: name for name in CUSTOMISABLE}
ViewedRecord = StrEnum("ViewedRecord", {name.upper(): name for name in CUSTOMISABLE})  # type: ignore[misc]  # made of the record types
strawberry.enum(ViewedRecord, description="What a view lists.")


@strawberry.type(description="A text in one of the company's other languages.")
class Translation:
    language: str = strawberry.field(description="Its tag.")
    text: str = strawberry.field(description="The text.")


@strawberry.type(description="A text per language.")
class Label:
    en: str | None = strawberry.field(description="In English.")
    zh: str | None = strawberry.field(description="In Chinese.")
    translations: list[Translation] = strawberry.field(description="In other languages of the company.")


@strawberry.type(description="One column of a view.")
class ViewColumn:
    path: str = strawberry.field(
        description="What it shows, by its path, such as number, customer.name or custom.score."
    )
    width: int | None = strawberry.field(description="How wide, in pixels.")
    label: str | None = strawberry.field(
        description="What people call it, in your language; null where the path leads nowhere any more."
    )


@strawberry.type(description="A saved list: which records, in which columns, in which order.")
class View:
    body: strawberry.Private[definitions.View]
    id: strawberry.ID = strawberry.field(
        description="Opaque id, as lists take it; another one once the view is shared."
    )
    audience: Audience = strawberry.field(description="Who sees it.")

    @strawberry.field(description="What it lists.")
    def record_type(self) -> ViewedRecord:
        return ViewedRecord(self.body.record_type)

    @strawberry.field(description="Its name, in your language.")
    def name(self, info: Info) -> str:
        return text_in(self.body.label, info.context.caller.language)

    @strawberry.field(description="Its name in all languages.")
    def label(self) -> Label:
        labels = self.body.label
        others = [Translation(language=tag, text=text) for tag, text in labels.items() if tag not in LANGUAGES]
        return Label(en=labels.get("en"), zh=labels.get("zh"), translations=others)

    @strawberry.field(description="Its columns, in order.")
    def columns(self, info: Info) -> list[ViewColumn]:
        return [
            ViewColumn(path=column.path, width=column.width, label=_column_label(info, self.body, column.path))
            for column in self.body.columns
        ]

    @strawberry.field(description="Its filter, as the list's where takes it.")
    def where(self) -> Json:
        return Json(as_input(REGISTRY[self.body.record_type], self.body.where))

    @strawberry.field(description="Its order, as the list's orderBy takes it.")
    def order_by(self) -> Json:
        return Json(list(self.body.order_by))

    @strawberry.field(description="The path of the field that its records are grouped by.")
    def group_by(self) -> str | None:
        return self.body.group_by

    @strawberry.field(description="The text that it searches for.")
    def search(self) -> str | None:
        return self.body.search

    @strawberry.field(description="What it does with void records, where it says so.")
    def voided(self) -> str | None:
        return self.body.voided

    @strawberry.field(description="How many records one page of it has; null: as many as the list usually has.")
    def page_size(self) -> int | None:
        return self.body.page_size

    @strawberry.field(description="Its place among the views; smaller comes first.")
    def position(self) -> int:
        return self.body.position

    @strawberry.field(description="The roles that see it, where not everybody does.")
    def roles(self) -> list[str]:
        return list(self.body.roles)

    @strawberry.field(description="The roles that see it first.")
    def default_for(self) -> list[str]:
        return list(self.body.default_for)

    @strawberry.field(description="Whether it is the one that you see first.")
    def is_default(self, info: Info) -> bool:
        caller = info.context.caller
        return self._is_shared and default_view(caller.config, caller.access, self.body.record_type) == self.id

    @strawberry.field(description="Whether you may change it: your own, or with the right view.share.")
    def changeable(self, info: Info) -> bool:
        return not self._is_shared or info.context.caller.access.allows(SHARE)

    @strawberry.field(description="What must be mended before it runs again, such as a field that was archived.")
    def problems(self, info: Info) -> list[str]:
        caller = info.context.caller
        return [error.text(caller.language) for error in view_errors(caller.config, self.body)]

    @property
    def _is_shared(self) -> bool:
        return self.audience is not Audience.PRIVATE


def _column_label(info: Info, view: definitions.View, path: str) -> str | None:
    """What people call a column; null where the path leads nowhere any more."""
    caller = info.context.caller
    if resolve(REGISTRY[view.record_type], caller.config, path) is None:
        return None
    return field_label(caller.config, view.record_type, path, caller.language)


@strawberry.type(description="The view after the mutation.")
class ViewPayload:
    view: View = strawberry.field(description="The view.")


@strawberry.type(description="The view is gone.")
class DeleteViewPayload:
    id: strawberry.ID = strawberry.field(description="The id that it had.")


Refusals = InvalidInput | NotAllowed | NotFound | Conflict | LimitExceeded
ViewResult = Annotated[
    ViewPayload | Refusals,
    strawberry.union("ViewResult", description="The view after the mutation, or why it was refused."),
]
DeleteViewResult = Annotated[
    DeleteViewPayload | Refusals,
    strawberry.union("DeleteViewResult", description="That the view is gone, or why it is not."),
]


def _list_of(values: dict[str, Any]) -> dict[str, Any]:
    """Takes the description of the list out of an input: what of a view's body it sets."""
    given = {name: values.pop(name, None) for name in LISTS}
    named = {name: arguments for name, arguments in given.items() if arguments is not None}
    if len(named) > 1:
        raise BadInput.at((list(named)[1],), "value.one_key", names=", ".join(LISTS))
    for name, arguments in named.items():
        return {
            "record_type": LISTS[name],
            "where": arguments.get("where"),
            "order_by": arguments.get("orderBy"),
            "search": arguments.get("search"),
            "voided": arguments.get("voided"),
        }
    return {}


def _body(values: dict[str, Any]) -> dict[str, Any]:
    """The parts of a view's body that an input sets; those that are None go back to their defaults."""
    body = _list_of(values)
    for name, part in (
        ("label", "label"),
        ("groupBy", "group_by"),
        ("pageSize", "page_size"),
        ("position", "position"),
    ):
        if name in values:
            body[part] = values[name]
    if "columns" in values:
        body["columns"] = values["columns"] and [_without_none(column) for column in values["columns"]]
    if body.get("label"):
        body["label"] = label_body(body["label"])
    return body


def _without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


async def visible_views(info: Info) -> list[View]:
    """All views that the caller can see and whose records they may read: the shared ones, then their own."""
    context, caller = info.context, info.context.caller
    try:
        own = await private_views(context.house.database, caller)
    except Outdated:
        context.outdated = True
        raise
    context.confirmed = True
    shared = shared_views(caller.config, caller.access)
    found = [_shown(key, view, is_shared=True) for key, view in shared.items()]
    found += [_shown(key, view, is_shared=False) for key, view in own.items()]
    return [view for view in found if caller.access.allows(REGISTRY[view.body.record_type].right)]


def _shown(view_id: str, view: definitions.View, *, is_shared: bool) -> View:
    shared = Audience.ROLES if view.roles else Audience.EVERYBODY
    return View(body=view, id=strawberry.ID(view_id), audience=shared if is_shared else Audience.PRIVATE)


async def _payload(info: Info, view_id: str) -> ViewPayload:
    """The view as it stands after the commit, for the caller and the configuration as they are now.

    Raises :class:`tenants.problems.NotFound` when somebody has done away with it meanwhile.
    """
    for _ in range(MOST_TRIES):
        await info.context.refresh()
        with suppress(Outdated):
            for view in await visible_views(info):
                if view.id == view_id:
                    return ViewPayload(view=view)
            raise NoSuchView("view", view_id)
    raise Busy("busy")


@strawberry.type
class ViewQueries:
    @strawberry.field(description="The views that you can see, the shared ones first.")
    async def views(
        self,
        info: Info,
        record_type: Annotated[
            ViewedRecord | None, strawberry.argument(description="Only those that list these.")
        ] = None,
    ) -> list[View]:
        found = await visible_views(info)
        return [view for view in found if record_type in (None, view.body.record_type)]

    @strawberry.field(description="One view; null if there is none that you can see.")
    async def view(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")]
    ) -> View | None:
        return next((view for view in await visible_views(info) if view.id == id), None)


@strawberry.type
class ViewMutations:
    @mutation(CreateViewInput, description="Save a list for yourself; shareView shows it to others.")
    async def create_view(self, info: Info, input: Values) -> ViewResult:
        key = input.pop("idempotencyKey", None)
        request = dict(input)
        body = _without_none(_body(input))
        if "record_type" not in body:
            raise BadInput.at((), "value.one_key", names=", ".join(LISTS))
        made = await run(info, keyed(info, key, request, lambda tx: saving.create_view(tx, body)))
        return await _payload(info, str(made))

    @mutation(UpdateViewInput, description="Change a view: your own, or a shared one with the right view.share.")
    async def update_view(self, info: Info, input: Values) -> ViewResult:
        wanted, changes = str(input.pop("id")), _body(input)
        return await _payload(info, await run(info, lambda tx: saving.update_view(tx, wanted, changes)))

    @mutation(ShareViewInput, description="Say who sees a view, and who sees it first; needs the right view.share.")
    async def share_view(self, info: Info, input: Values) -> ViewResult:
        wanted, audience, key = str(input["id"]), Audience(input["audience"]), input.get("key")
        roles, default_for = input.get("roles") or (), input.get("defaultFor") or ()
        done = await run(info, lambda tx: saving.share_view(tx, wanted, audience, key, roles, default_for))
        return await _payload(info, done)

    @mutation(DeleteViewInput, description="Do away with a view: your own, or a shared one with the right view.share.")
    async def delete_view(self, info: Info, input: Values) -> DeleteViewResult:
        done = await run(info, lambda tx: saving.delete_view(tx, str(input["id"])))
        await info.context.refresh()
        return DeleteViewPayload(id=strawberry.ID(done))


def type_lists(types: Mapping[str, Any], generated: Mapping[str, Any]) -> None:
    """Give the lists of views the types of the lists' own arguments."""
    for record in (REGISTRY[name] for name in CUSTOMISABLE):
        given = cast(GraphQLInputObjectType, types[f"{record.graphql}ListInput"])
        order = GraphQLList(GraphQLNonNull(generated[f"{record.graphql}OrderBy"]))
        for name, kind in (("where", generated[f"{record.graphql}Filter"]), ("orderBy", order), ("voided", None)):
            if name not in given.fields:
                continue
            known = given.fields[name]
            given.fields[name] = GraphQLInputField(
                kind or generated["VoidedOrders"], description=known.description, out_name=known.out_name
            )
    voided = types["View"].fields["voided"]
    types["View"].fields["voided"] = GraphQLField(
        generated["VoidedOrders"], resolve=voided.resolve, description=voided.description
    )
