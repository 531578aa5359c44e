"""Orders: the commands. One function per thing a person can do; automations and imports call the same ones."""

from tenants.orders.looking_ahead import look_ahead
from tenants.orders.steps import StepForm, change_status
from tenants.orders.taking import create_order, update_order
from tenants.orders.voiding import void_order

__all__ = ["StepForm", "change_status", "create_order", "look_ahead", "update_order", "void_order"]
