"""A code beside the password: set up, asked for, lost, wanted by the company (SEC-2, X-30)."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace

import pyotp
import pytest
from starlette.applications import Starlette

from server.settings import Settings
from tenants.problems import Conflict
from tenants.secrets import Secrets, new_key
from tests.conftest import NewCompany
from tests.documents import REMOVE_DEFINITION, refused, unchanged
from tests.harness import PASSWORD, Client, Company, Person, Row
from tests.test_sign_in import SESSIONS, asked, is_in

pytestmark = pytest.mark.anyio

SIGN_IN = """
mutation($input: SignInInput!) { result: signIn(input: $input) {
  __typename ... on SignInPayload { token secondFactorDue } ... on CodeWantedPayload { challenge }
  ... on Problem { code message }
} }
"""
CONFIRM = """
mutation($input: ConfirmSignInInput!) { result: confirmSignIn(input: $input) {
  __typename ... on SignInPayload { token device secondFactorDue } ... on Problem { code message }
} }
"""
START = """
mutation($input: StartSecondFactorInput!) { result: startSecondFactor(input: $input) {
  __typename ... on StartSecondFactorPayload { secret address picture } ... on Problem { code message }
} }
"""
PROVE = """
mutation($input: ProveSecondFactorInput!) { result: proveSecondFactor(input: $input) {
  __typename ... on RecoveryCodesPayload { codes } ... on Problem { code message }
} }
"""
RENEW = PROVE.replace("ProveSecondFactorInput", "RenewRecoveryCodesInput").replace(
    "proveSecondFactor", "renewRecoveryCodes"
)
DROP = """
mutation($input: DropSecondFactorInput!) { result: dropSecondFactor(input: $input) {
  __typename ... on Problem { code message }
} }
"""
RESET = """
mutation($input: ResetSecondFactorInput!) { result: resetSecondFactor(input: $input) {
  __typename ... on MemberPayload { member { id } } ... on Problem { code message }
} }
"""
SET = """
mutation($input: SetSignInInput!) { result: setSignIn(input: $input) {
  __typename ... on ConfigurationPayload { changes { sentence } } ... on Problem { code message }
  ... on InvalidInput { errors { path message } }
} }
"""


class Clock:
    """Moves the time of the codes on by steps, so that each test has fresh ones."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.ahead = 0.0
        real = time.time
        patch.setattr("tenants.sign_in.second_factor.time.time", lambda: real() + self.ahead)

    def code(self, secret: str) -> str:
        """A code of the next time step."""
        self.ahead += 30
        return pyotp.TOTP(secret).at(int(time.time()))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


async def enrolled(client: Client, clock: Clock, token: str) -> tuple[str, list[str]]:
    """The secret of a second factor that counts, and its recovery codes."""
    made = await asked(client, START, token, password=PASSWORD)
    proved = await asked(client, PROVE, token, code=clock.code(made["secret"]))
    assert proved["__typename"] == "RecoveryCodesPayload", proved
    return made["secret"], proved["codes"]


async def challenged(client: Client, person: Person) -> str:
    """The challenge of a sign-in whose password was right."""
    answer = await asked(client, SIGN_IN, email=person.email, password=PASSWORD)
    assert answer["__typename"] == "CodeWantedPayload", answer
    return str(answer["challenge"])


async def confirm(client: Client, challenge: str, code: str) -> Row:
    return await asked(client, CONFIRM, challenge=challenge, code=code)


async def test_from_the_first_code_to_the_next_sign_in(company: Company, client: Client, clock: Clock) -> None:
    """The secret counts once it is proved; then the password alone opens nothing, and each code opens one session."""
    other = await asked(client, SIGN_IN, email=company.owner.email, password=PASSWORD)
    token = company.owner.token
    wrong = await asked(client, START, token, password="wrong")
    assert wrong["code"] == "INVALID_INPUT"
    made = await asked(client, START, token, password=PASSWORD)
    assert made["address"].startswith("otpauth://totp/Orderloom:")
    assert f"secret={made['secret']}" in made["address"]
    assert made["picture"].startswith("<svg")
    (kept,) = await company.rows("SELECT totp_secret FROM users WHERE email = %(at)s", at=company.owner.email)
    assert made["secret"].encode() not in bytes(kept["totp_secret"])
    # Not yet proved: signing in is as before.
    assert (await asked(client, SIGN_IN, email=company.owner.email, password=PASSWORD))["__typename"] == "SignInPayload"
    assert (await asked(client, PROVE, token, code="000000"))["code"] == "INVALID_INPUT"
    code = clock.code(made["secret"])
    proved = await asked(client, PROVE, token, code=f" {code[:3]} {code[3:]} ")
    assert len(set(proved["codes"])) == 10
    assert (await is_in(client, token), await is_in(client, other["token"])) == (True, False)
    challenge = await challenged(client, company.owner)
    # The code that proved the secret has been used.
    assert (await confirm(client, challenge, code))["code"] == "INVALID_INPUT"
    fresh = clock.code(made["secret"])
    signed = await confirm(client, challenge, fresh)
    assert (signed["__typename"], signed["secondFactorDue"]) == ("SignInPayload", False)
    answer = await client.graphql(SESSIONS, token=signed["token"])
    assert [entry["secondFactor"] for entry in answer["data"]["sessions"]] == [True, True]
    assert (await confirm(client, challenge, clock.code(made["secret"])))["code"] == "SIGN_IN_CHALLENGE_OVER"
    again = await challenged(client, company.owner)
    assert (await confirm(client, again, fresh))["code"] == "INVALID_INPUT"
    assert (await asked(client, START, token, password=PASSWORD))["code"] == "SECOND_FACTOR_IS_ON"


async def test_a_code_opens_one_session_however_many_ask(company: Company, client: Client, clock: Clock) -> None:
    """Several challenges, one code, at once."""
    secret, codes = await enrolled(client, clock, company.owner.token)
    for code in (clock.code(secret), codes[0]):
        challenges = [await challenged(client, company.owner) for _ in range(5)]
        results = await asyncio.gather(*(confirm(client, challenge, code) for challenge in challenges))
        assert sorted(result["__typename"] for result in results) == ["InvalidInput"] * 4 + ["SignInPayload"]


async def test_codes_cannot_be_guessed(company: Company, client: Client, clock: Clock) -> None:
    """Ten tries, however many challenges they are spread over."""
    secret, _ = await enrolled(client, clock, company.owner.token)
    codes, challenge = [], ""
    for _ in range(12):
        challenge = await challenged(client, company.owner)
        codes.append((await confirm(client, challenge, "000000"))["code"])
    assert codes == ["INVALID_INPUT"] * 10 + ["LIMIT_SIGN_IN"] * 2
    assert (await confirm(client, challenge, clock.code(secret)))["code"] == "LIMIT_SIGN_IN"
    for made_up in ("", "made-up", challenge[:-1]):
        assert (await confirm(client, made_up, "000000"))["code"] == "SIGN_IN_CHALLENGE_OVER"
    await company.rows("UPDATE sign_in_challenges SET expires_at = now() RETURNING user_id")
    assert (await confirm(client, challenge, clock.code(secret)))["code"] == "SIGN_IN_CHALLENGE_OVER"


async def test_recovery_codes(company: Company, client: Client, clock: Clock) -> None:
    """Each works once, however it is typed; new ones end the old ones; they are kept as hashes."""
    secret, codes = await enrolled(client, clock, company.owner.token)
    kept = await company.rows("SELECT encode(code_hash, 'escape') AS text FROM recovery_codes")
    assert not any(code.replace("-", "") in row["text"] for code in codes for row in kept)
    signed = await confirm(client, await challenged(client, company.owner), f" {codes[0].upper().replace('-', ' ')}")
    assert signed["__typename"] == "SignInPayload"
    assert (await confirm(client, await challenged(client, company.owner), codes[0]))["code"] == "INVALID_INPUT"
    both = {"password": PASSWORD, "code": clock.code(secret)}
    assert (await asked(client, RENEW, signed["token"], **both))["__typename"] == "RecoveryCodesPayload"
    assert (await confirm(client, await challenged(client, company.owner), codes[1]))["code"] == "INVALID_INPUT"


async def test_giving_it_up(company: Company, client: Client, clock: Clock) -> None:
    """Needs the password and a code; then the password alone opens a session again."""
    token = company.owner.token
    assert (await asked(client, DROP, token, password=PASSWORD, code="1"))["code"] == "SECOND_FACTOR_IS_OFF"
    secret, codes = await enrolled(client, clock, token)
    for values in ({"password": "wrong", "code": clock.code(secret)}, {"password": PASSWORD, "code": "000000"}):
        assert (await asked(client, DROP, token, **values))["code"] == "INVALID_INPUT"
    assert (await asked(client, DROP, token, password=PASSWORD, code=codes[3]))[
        "__typename"
    ] == "DropSecondFactorPayload"
    assert (await asked(client, SIGN_IN, email=company.owner.email, password=PASSWORD))["__typename"] == "SignInPayload"
    assert (
        await company.rows(
            "SELECT 1 FROM recovery_codes r JOIN users u ON u.id = r.user_id WHERE email = %(at)s",
            at=company.owner.email,
        )
        == []
    )


async def test_the_company_wants_one(company: Company, client: Client, clock: Clock) -> None:
    """Sessions that are open can do nothing from the next request on but get one; then they go on. Others are not asked."""
    token = company.owner.token
    admin = await company.add_person("admin")
    with_one, _ = await enrolled(client, clock, token)
    made = await asked(client, SET, token, secondFactor=["owner", "admin"])
    assert made["__typename"] == "ConfigurationPayload"
    assert await is_in(client, company.member.token)
    for document in (
        "{ orders { totalCount } }",
        "{ configuration { version } }",
        "mutation { revokeOtherSessions { revoked } }",
    ):
        answer = await client.graphql(document, token=admin.token)
        assert answer["errors"][0]["extensions"]["code"] == "SECOND_FACTOR_DUE", answer
        assert "errors" not in await client.graphql(document, token=token)
    answer = await client.graphql("{ viewer { secondFactorDue rights member { id } } }", token=admin.token)
    viewer = {"secondFactorDue": True, "rights": [], "member": {"id": str(admin.id)}}
    assert answer == {"data": {"viewer": viewer}}
    await company.rows(
        "UPDATE users SET password_hash = (SELECT password_hash FROM users WHERE email = %(owner)s) WHERE email = %(at)s RETURNING id",
        owner=company.owner.email,
        at=admin.email,
    )
    signed = await asked(client, SIGN_IN, email=admin.email, password=PASSWORD)
    assert (signed["__typename"], signed["secondFactorDue"]) == ("SignInPayload", True)
    file = await client.http.get("/files/1", headers={"Authorization": f"Bearer {signed['token']}"})
    assert (file.status_code, file.json()["errors"][0]["extensions"]["code"]) == (403, "SECOND_FACTOR_DUE")
    await enrolled(client, clock, signed["token"])
    answer = await client.graphql("{ viewer { secondFactorDue } orders { totalCount } }", token=signed["token"])
    assert answer == {"data": {"viewer": {"secondFactorDue": False}, "orders": {"totalCount": 0}}}
    assert with_one
    later = await company.add_person("admin")
    answer = await client.graphql("{ orders { totalCount } }", token=later.token)
    assert answer["errors"][0]["extensions"]["code"] == "SECOND_FACTOR_DUE"
    # Nobody is asked any more: at once, and of no session that was asked before.
    await asked(client, SET, token, secondFactor=[])
    assert "errors" not in await client.graphql("{ orders { totalCount } }", token=later.token)


async def test_what_cannot_be_wanted(company: Company, client: Client) -> None:
    async with unchanged(company):
        answer = await asked(client, SET, company.owner.token, secondFactor=["nobody"])
    assert answer["errors"] == [
        {"path": ["sign_in", "sign_in", "second_factor", "0"], "message": answer["errors"][0]["message"]}
    ]
    assert "nobody" in answer["message"]
    async with unchanged(company):
        assert (await asked(client, SET, company.member.token, secondFactor=["*"]))["__typename"] == "NotAllowed"


async def test_a_lost_one_is_taken_away_by_an_administrator(
    company: Company, client: Client, clock: Clock, new_company: NewCompany
) -> None:
    """Not an owner's by who is none, and not that of somebody who belongs to other companies: they would be open to this one."""
    admin = await company.add_person("admin")
    await company.rows(
        "UPDATE users SET password_hash = (SELECT password_hash FROM users WHERE email = %(owner)s) WHERE email = %(at)s RETURNING id",
        owner=company.owner.email,
        at=admin.email,
    )
    await enrolled(client, clock, admin.token)
    assert (await asked(client, RESET, company.member.token, memberId=str(admin.id)))["__typename"] == "NotAllowed"
    taken = await asked(client, RESET, company.owner.token, memberId=str(admin.id))
    assert taken == {"__typename": "MemberPayload", "member": {"id": str(admin.id)}}
    assert not await is_in(client, admin.token)
    signed = await asked(client, SIGN_IN, email=admin.email, password=PASSWORD)
    assert signed["__typename"] == "SignInPayload"
    await enrolled(client, clock, company.owner.token)
    assert (await asked(client, RESET, signed["token"], memberId=str(company.owner.id)))[
        "code"
    ] == "SECOND_FACTOR_OWNER"
    other = await new_company()
    await other.add_member(email=admin.email, name="Guest", password=PASSWORD + "s", roles=["read_only"])
    await enrolled(client, clock, signed["token"])
    assert (await asked(client, RESET, company.owner.token, memberId=str(admin.id)))[
        "code"
    ] == "SECOND_FACTOR_ELSEWHERE"
    assert (await asked(client, RESET, other.owner.token, memberId=str(admin.id)))["__typename"] == "NotFound"
    assert await is_in(client, signed["token"])


async def test_a_role_that_must_have_one_stays(company: Company, client: Client) -> None:
    """The role cannot go while it is named there."""
    role: Row = {"key": "cashier", "label": {"en": "Cashier"}, "inherits": ["member"]}
    define = "mutation($input: DefineRoleInput!) { result: defineRole(input: $input) { __typename ... on Problem { message } } }"
    assert (await asked(client, define, company.owner.token, **role))["__typename"] == "ConfigurationPayload"
    await asked(client, SET, company.owner.token, secondFactor=["cashier"])
    async with unchanged(company):
        problem = await refused(company, REMOVE_DEFINITION, kind="role", key="cashier")
    assert "cashier" in problem["message"]


def test_keys_are_changed_by_putting_one_in_front() -> None:
    """What an older key has sealed can be read while that key is kept, and not after."""
    old, new = new_key(), new_key()
    sealed = Secrets([old]).sealed("hush")
    assert b"hush" not in sealed
    assert Secrets([new, old]).opened(sealed) == "hush"
    for keys in ([new], []):
        with pytest.raises(Conflict):
            Secrets(keys).opened(sealed)
    with pytest.raises(Conflict):
        Secrets().sealed("hush")


@pytest.mark.parametrize("keys", ["nonsense", "a b", "A" * 43 + "= x"])
def test_bad_keys_are_refused_without_being_shown(keys: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEYS", keys)
    with pytest.raises(Exception, match="SECRET_KEYS is '\\*\\*\\*'") as caught:
        Settings.load()
    assert not any(part in str(caught.value) for part in keys.split() if len(part) > 1)


@pytest.fixture
def without_keys(app: Starlette) -> Iterator[None]:
    """The application of an operator who has set no key."""
    before = app.state.house
    app.state.house = replace(before, secrets=Secrets())
    yield
    app.state.house = before


async def test_without_a_key_nothing_is_begun(company: Company, client: Client, without_keys: None) -> None:
    """The operator is named, and signing in goes on as before."""
    async with unchanged(company, without=("sign_in_tries",)):
        answer = await asked(client, START, company.owner.token, password=PASSWORD)
    assert (answer["__typename"], answer["code"]) == ("Conflict", "SECRETS_NO_KEY")
    assert (await asked(client, SIGN_IN, email=company.owner.email, password=PASSWORD))["__typename"] == "SignInPayload"


async def test_a_code_is_asked_for_before_anything_is_told(company: Company, client: Client, clock: Clock) -> None:
    """Where passwords do not count, and where somebody was deactivated meanwhile: the password alone does not tell whether it is right."""
    admin = await company.add_person("admin")
    await company.rows(
        "UPDATE users SET password_hash = (SELECT password_hash FROM users WHERE email = %(owner)s) WHERE email = %(at)s RETURNING id",
        owner=company.owner.email,
        at=admin.email,
    )
    secret, _ = await enrolled(client, clock, admin.token)
    await company.rows("UPDATE tenants SET passwords_off = TRUE WHERE id = %(tenant)s RETURNING id")
    refusal = await confirm(client, await challenged(client, admin), clock.code(secret))
    assert (refusal["__typename"], refusal["code"]) == ("NotSignedIn", "SINGLE_SIGN_ON_WANTED")
    await company.rows("UPDATE tenants SET passwords_off = FALSE WHERE id = %(tenant)s RETURNING id")
    waiting = await challenged(client, admin)
    await company.rows("UPDATE members SET active = FALSE WHERE id = %(id)s RETURNING id", id=admin.id)
    assert (await confirm(client, waiting, clock.code(secret)))["code"] == "SIGN_IN_CHALLENGE_OVER"
