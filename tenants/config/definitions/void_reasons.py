"""Why orders are voided."""

from tenants.config.definitions.base import Definition, Label, register


@register
class VoidReason(Definition):
    """Why an order may be voided; the clerk chooses one, and adds a note where ``note_required``."""

    kind = "void_reason"
    section = "void_reasons"
    heading = "Why an order may be voided."
    names = ("void reason", "作废原因")
    archives = True
    label: Label
    note_required: bool = False
    position: int = 0
    archived: bool = False
