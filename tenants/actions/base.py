"""What every action is: parameters that are checked when the automation is saved, and one thing to do."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from tenants.config.definitions import Automation
from tenants.config.snapshot import TenantConfig
from tenants.problems import FieldError
from tenants.transaction import Transaction


@dataclass(frozen=True, slots=True)
class ActionContext:
    """What a running action sees: the run it belongs to, and the record that set it off."""

    run_id: UUID
    record_type: str
    record_id: UUID
    position: int


class Action(BaseModel):
    """One step of an automation. In a document it is ``{type: <key>, ...parameters}``."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)
    key: ClassVar[str]

    def errors(self, config: TenantConfig, automation: Automation) -> Iterator[FieldError]:
        """What is wrong with the parameters in this configuration, beyond their form."""
        yield from ()

    def templates(self) -> Mapping[str, Mapping[str, str]]:
        """Its texts over the record, by the parameter that holds them."""
        return {}

    def recipient(self) -> Iterator[tuple[str, str]]:
        """Object and path of each field by which it finds whom it tells."""
        yield from ()

    def readers(self) -> str:
        """The role whose members it tells; nothing where these are chosen otherwise."""
        return ""

    @abstractmethod
    async def perform(self, tx: Transaction, context: ActionContext) -> str:
        """Do it, and say in one short line what came of it. Raises the house's problems."""


ACTIONS: dict[str, type[Action]] = {}
Registered = TypeVar("Registered", bound=type[Action])


def register(action: Registered) -> Registered:
    """Class decorator that adds the action to the registry."""
    ACTIONS[action.key] = action
    return action


def parse_action(body: Mapping[str, Any]) -> Action:
    """The action of a stored body. Raises ``KeyError`` or pydantic's ``ValidationError`` for one that was never checked."""
    parameters = dict(body)
    return ACTIONS[parameters.pop("type")].model_validate(parameters)


def action_errors(config: TenantConfig, automation: Automation, body: Mapping[str, Any]) -> Iterator[FieldError]:
    """All that is wrong with one action of an automation."""
    key = body.get("type")
    if key not in ACTIONS:
        yield FieldError(("type",), "config.unknown_action", {"action": key, "actions": ", ".join(ACTIONS)})
        return
    try:
        action = parse_action(body)
    except ValidationError as error:
        for detail in error.errors():
            place = ".".join(str(part) for part in detail["loc"])
            yield FieldError(detail["loc"], "config.bad_value", {"reason": f"{place}: {detail['msg']}"})
        return
    yield from action.errors(config, automation)
