"""What a company asks of those who sign in."""

from collections.abc import Collection

from tenants.config.definitions.base import Definition, Key, register

SIGN_IN_KEY = "sign_in"
EVERYBODY = "*"


@register
class SignIn(Definition):
    """Members with one of the roles ``second_factor`` (``*`` is everybody) need a code beside their password."""

    kind = "sign_in"
    section = "sign_in"
    heading = "What is asked of those who sign in."
    names = ("sign-in", "登录要求")
    second_factor: tuple[Key | str, ...] = ()

    def wants_second_factor(self, roles: Collection[str]) -> bool:
        return bool(self.second_factor) and (
            EVERYBODY in self.second_factor or any(role in self.second_factor for role in roles)
        )
