"""Who must look at changes of the configuration before they hold."""

from tenants.config.definitions.base import Definition, register

REVIEW_KEY = "configuration"


@register
class Review(Definition):
    """With ``four_eyes`` members change the configuration by drafts alone, which somebody else has approved."""

    kind = "review"
    section = "review"
    heading = "Whether somebody else must approve changes of the configuration."
    names = ("review", "审批")
    four_eyes: bool = False
