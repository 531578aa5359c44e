"""Whether somebody else must approve changes of the configuration."""

import strawberry

from schema.context import Info
from schema.definitions.changing import ChangeInput, ConfigurationResult, as_body, define
from schema.mutations import Values, mutation
from tenants.config.definitions import REVIEW_KEY


@strawberry.input(description="Who must look at changes of the configuration before they hold.")
class SetConfigurationReviewInput(ChangeInput):
    four_eyes: bool = strawberry.field(
        description="Whether the configuration is changed by drafts alone, each approved by somebody who did not write it."
    )


@strawberry.type
class ReviewMutations:
    @mutation(SetConfigurationReviewInput, description="Say whether somebody else must approve configuration changes.")
    async def set_configuration_review(self, info: Info, input: Values) -> ConfigurationResult:
        return await define(info, "review", REVIEW_KEY, as_body(input), input)
