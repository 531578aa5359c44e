"""Life cycles: which statuses and steps an order has, what a step needs, and how running orders follow a change of either.

An order of version 0 follows the life cycle in force. One that stays with what held before names that version, whose body the
configuration's snapshot then has.
"""
