"""What an automation can do: one self-registering file per action.

To add one, write a file like ``set_field.py`` and import it below. An action calls the same commands as a person would, so
it can do nothing that its role may not.
"""

from tenants.actions import change_status, notify, send_email, set_field  # noqa: F401  (importing an action registers it)
from tenants.actions.base import ACTIONS, Action, ActionContext, action_errors, parse_action

__all__ = ["ACTIONS", "Action", "ActionContext", "action_errors", "parse_action"]
