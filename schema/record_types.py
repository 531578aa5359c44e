"""Stand-ins for the record types in payloads: Strawberry needs classes to name; ``generated`` gives the types their fields."""

import strawberry


@strawberry.type
class Order:
    id: strawberry.ID


@strawberry.type
class Customer:
    id: strawberry.ID


@strawberry.type
class Product:
    id: strawberry.ID


@strawberry.type
class Member:
    id: strawberry.ID


@strawberry.type
class Team:
    id: strawberry.ID


@strawberry.type
class Notification:
    id: strawberry.ID


@strawberry.type
class ApiKey:
    id: strawberry.ID


@strawberry.type
class ConfigurationDraft:
    id: strawberry.ID
