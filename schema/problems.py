"""The house's refusals as GraphQL types: members of every mutation's result union."""

from typing import Annotated, Any

import strawberry
from graphql import GraphQLResolveInfo

from schema.context import Context, Info
from schema.reads import read_record
from schema.record_types import Customer, Member, Order, Product
from tenants import problems
from tenants.access.grantors import grantors
from tenants.records import REGISTRY
from tenants.sign_in.entering import ChooseCompany

Record = Annotated[
    Order | Customer | Product | Member, strawberry.union("Record", description="A record that has versions.")
]


@strawberry.interface(description="Why something was refused. Nothing of the mutation has been done.")
class Problem:
    code: str = strawberry.field(description="Stable name of the reason, for programs.")
    message: str = strawberry.field(description="What was wrong, with which value, and what to do, in your language.")


@strawberry.type(description="One bad value of an input.")
class FieldProblem:
    path: list[str] = strawberry.field(description="Where in the input: names and list positions.")
    code: str = strawberry.field(description="Stable name of the reason, for programs.")
    message: str = strawberry.field(description="What is wrong with the value, and what to do.")
    right: str | None = strawberry.field(
        default=None, description="The missing right, where the value is refused for want of one."
    )
    can_grant: list[str] = strawberry.field(
        default_factory=list, description="Names of members who can give you that right; a few of them."
    )


@strawberry.type(description="The input breaks a rule; every bad value is named at once.")
class InvalidInput(Problem):
    errors: list[FieldProblem] = strawberry.field(description="The bad values.")


@strawberry.type(description="You lack a right.")
class NotAllowed(Problem):
    right: str = strawberry.field(description="The missing right.")
    granted_to: list[str] = strawberry.field(description="The roles that have it.")
    can_grant: list[str] = strawberry.field(description="Names of members who can give it to you; a few of them.")


@strawberry.type(description="There is no such record.")
class NotFound(Problem):
    pass


@strawberry.type(description="The record's state forbids it, or it was changed meanwhile.")
class Conflict(Problem):
    current_version: int | None = strawberry.field(description="The record's version now.")
    record: strawberry.Private[tuple[str, object] | None] = None

    @strawberry.field(description="The record as it stands now.")
    async def current(self, info: Info) -> Record | None:
        if self.record is None:
            return None
        name, record_id = self.record
        raw: Any = info._raw_info  # noqa: SLF001  (Strawberry has no public way to the selection's syntax)
        return await read_record(raw, REGISTRY[name], record_id)  # type: ignore[arg-type,return-value]  # any of the union, told by name


@strawberry.type(description="A bound of the product or of your company would be broken.")
class LimitExceeded(Problem):
    pass


@strawberry.type(description="The sign-in was refused.")
class NotSignedIn(Problem):
    pass


def field_problem(
    error: problems.FieldError, language: str, can_grant: problems.CanGrant = problems.NOBODY
) -> FieldProblem:
    """The GraphQL object of one bad value."""
    return FieldProblem(
        path=[str(part) for part in error.path],
        code=error.code.upper().replace(".", "_"),
        message=error.text(language, can_grant),
        right=error.data.get("right"),
        can_grant=list(can_grant.get(error.right or "", ())),
    )


async def told(info: Info | GraphQLResolveInfo[Context], problem: problems.Problem) -> problems.CanGrant:
    """Names of members who can give the caller the rights for want of which something was refused."""
    context = info.context
    return await grantors(context.house.database, context.known_caller, problem.lacking)


def describe(problem: problems.Problem, language: str, can_grant: problems.CanGrant = problems.NOBODY) -> Problem:
    """The GraphQL object of a refusal."""
    code, message = problem.code.upper().replace(".", "_"), problem.text(language, can_grant)
    match problem:
        case problems.InvalidInput():
            errors = [field_problem(error, language, can_grant) for error in problem.errors]
            return InvalidInput(code=code, message=message, errors=errors)
        case problems.NotAllowed():
            return NotAllowed(
                code=code,
                message=message,
                right=problem.right,
                granted_to=list(problem.granted_to),
                can_grant=list(can_grant.get(problem.right, ())),
            )
        case problems.NotFound():
            return NotFound(code=code, message=message)
        case problems.Conflict():
            current = problem.current
            return Conflict(
                code=code,
                message=message,
                current_version=current[2] if current else None,
                record=current[:2] if current else None,
            )
        case problems.LimitExceeded():
            return LimitExceeded(code=code, message=message)
        case problems.NotSignedIn() | ChooseCompany():
            return NotSignedIn(code=code, message=message)
    raise problem
