"""Languages of a company (X-70): its settings, texts in its languages, and what each reader is shown."""

import pytest

from tests.documents import (
    CHANGE_STATUS,
    DEFINE_FIELD,
    DEFINE_ROLE,
    DEFINE_STATUS,
    DEFINE_TRANSITION,
    INVITE_MEMBER,
    UPDATE_MEMBER,
    an_order,
    bad_values,
    done,
    mutation,
    refused,
    unchanged,
)
from tests.harness import Client, Company, Drain, Outbox, Person, Row

SET_COMPANY = mutation("setCompany", "Configuration", "version changes { kind key sentence }")
REVERT = mutation("revertChangeSet", "Configuration", "version")
DEFINE_AUTOMATION = mutation("defineAutomation", "Configuration", "version")
DEFINE_RULE = mutation("defineRule", "Configuration", "version")
CREATE_CUSTOMER = mutation("createCustomer", "Customer", "customer { id language }")
UPDATE_CUSTOMER = mutation("updateCustomer", "Customer", "customer { id language }")
CREATE_VIEW = mutation("createView", "View", "view { name label { en zh translations { language text } } }")
COMPANY = "{ viewer { tenant { name language languages } } }"
MISSING = "{ missingTranslations { kind key path languages } }"
NOTES = "{ notifications { nodes { text } } }"
ORDER = """
query($id: ID!) { order(id: $id) { status { label description } nextSteps { key label } } }
"""
CHANGE_SETS = "{ changeSets(first: 1) { nodes { changes { sentence } } } }"
FRENCH = {"en": "Draft", "translations": [{"language": "fr", "text": "Brouillon"}]}


async def speak(company: Company, *languages: str) -> Row:
    return await done(company, SET_COMPANY, languages=list(languages))


async def shown(company: Company, order: Row, person: Person) -> Row:
    found: Row = (await company.data(ORDER, {"id": order["id"]}, person=person))["order"]
    return found


async def status(company: Company, **label: object) -> None:
    await done(company, DEFINE_STATUS, key="draft", label=label, category="open", initial=True)


async def test_the_settings_of_a_company(company: Company, client: Client) -> None:
    """Name and languages hold for the next request, are exported, and are taken back with their change set."""
    before = await company.data(COMPANY)
    assert before["viewer"]["tenant"] == {"name": "Test Company", "language": "en", "languages": ["en", "zh"]}
    made = await done(company, SET_COMPANY, name="Nordwind", languages=["de", "en", "pt-BR"])
    assert [change["sentence"] for change in made["changes"]] == [
        "Change the company's settings: name set to 'Nordwind'; languages set to 'de, en, pt-BR'"
    ]
    after = (await company.data(COMPANY))["viewer"]["tenant"]
    assert after == {"name": "Nordwind", "language": "de", "languages": ["de", "en", "pt-BR"]}
    document = (await company.data("{ configuration { document } }"))["configuration"]["document"]
    settings = "settings:\n  company:\n    name: Nordwind\n    languages:\n    - de\n    - en\n    - pt-BR\n"
    assert settings in document.replace("      - ", "    - ")
    plan = "query($d: String!) { planConfiguration(document: $d) { changes { key } problems { code } } }"
    assert (await company.data(plan, {"d": document}))["planConfiguration"] == {"changes": [], "problems": []}
    changed = await speak(company, "de", "zh")
    (change,) = changed["changes"]
    assert change["sentence"] == (
        "Change the company's settings: name 'Nordwind' taken away; 'zh' added to languages;"
        " 'en' taken out of languages; 'pt-BR' taken out of languages"
    )
    await done(company, REVERT, version=changed["version"])
    await done(company, REVERT, version=made["version"])
    assert await company.data(COMPANY) == before


@pytest.mark.parametrize(
    ("languages", "code"),
    [(["en", "en"], "CONFIG_DOUBLE_OPTION"), (["german"], "CONFIG_BAD_FORM"), (["de-de"], "CONFIG_BAD_FORM")],
)
async def test_bad_languages(company: Company, client: Client, languages: list[str], code: str) -> None:
    async with unchanged(company):
        problem = await refused(company, SET_COMPANY, languages=languages)
    assert set(bad_values(problem).values()) == {code}


async def test_who_may_not(company: Company, client: Client) -> None:
    async with unchanged(company):
        assert (await refused(company, SET_COMPANY, company.member, name="Mine"))["right"] == "configuration.update"
        missing = await company.graphql(MISSING, person=company.member)
    assert missing["errors"][0]["extensions"]["code"] == "NOT_ALLOWED"


async def test_a_reader_is_shown_their_language(company: Company, client: Client) -> None:
    """Their own, else the wider one, else the company's first; the product's sentences are English or Chinese."""
    await speak(company, "zh", "fr", "fr-CA", "en")
    readers = {tag: await company.add_person("admin", language=tag) for tag in ("zh", "fr", "fr-CA", "en", "de")}
    await status(company, zh="草稿", **FRENCH)
    await done(company, DEFINE_TRANSITION, key="confirm", label={"zh": "确认"}, sources=["draft"], target="confirmed")
    order = await an_order(company)
    labels = {tag: (await shown(company, order, reader))["status"]["label"] for tag, reader in readers.items()}
    assert labels == {"zh": "草稿", "fr": "Brouillon", "fr-CA": "Brouillon", "en": "Draft", "de": "草稿"}
    steps = {tag: (await shown(company, order, reader))["nextSteps"][0]["label"] for tag, reader in readers.items()}
    assert set(steps.values()) == {"确认"}
    sentences = {}
    for tag in ("fr", "zh"):
        nodes = (await company.data(CHANGE_SETS, person=readers[tag]))["changeSets"]["nodes"]
        sentences[tag] = nodes[0]["changes"][0]["sentence"]
    assert sentences["fr"].startswith("Change transition 'confirm'")
    assert sentences["zh"].startswith("修改流转“confirm”")


async def test_messages_of_rules_and_refusals_of_steps(company: Company, client: Client) -> None:
    """Each refusal is in the language of who gets it."""
    await speak(company, "en", "fr")
    reader = await company.add_person("admin", language="fr")
    message = {"en": "Say why.", "translations": [{"language": "fr", "text": "Dites pourquoi."}]}
    await done(company, DEFINE_RULE, key="why", object="order", effect="REQUIRE", fields=["notes"], message=message)
    for person, sentence in ((company.owner, "Say why."), (reader, "Dites pourquoi.")):
        line = {"name": "Tea", "unitPrice": "1.00"}
        problem = await refused(company, CREATE, person, lines=[line])
        assert [error["message"] for error in problem["errors"]] == [sentence]


CREATE = mutation("createOrder", "Order", "order { id }")


async def test_a_language_that_the_company_does_not_have(company: Company, client: Client) -> None:
    """It is refused with its place, wherever the text is; and a language cannot go while texts are in it."""
    text = {"en": "A", "translations": [{"language": "fr", "text": "B"}]}
    async with unchanged(company):
        field = {"object": "order", "key": "a", "type": "text", "label": text}
        assert bad_values(await refused(company, DEFINE_FIELD, **field)) == {
            "field.order.a.label.fr": "CONFIG_UNKNOWN_LANGUAGE"
        }
        problem = await refused(company, DEFINE_ROLE, key="a", label=text, grants=[])
        assert problem["errors"][0] == {
            "path": ["role", "a", "label", "fr"],
            "code": "CONFIG_UNKNOWN_LANGUAGE",
            "message": "The company has no language 'fr'; it has: en, zh. Add it to the settings first.",
        }
        actions = [{"notify": {"to": "owner", "texts": text}}]
        automation = {"key": "a", "label": {"en": "A"}, "events": ["CREATED"], "actions": actions}
        problem = await refused(company, DEFINE_AUTOMATION, **automation)
        assert [".".join(error["path"]) for error in problem["errors"]] == ["automation.a.actions.0.text.fr"]
    await speak(company, "en", "fr")
    await done(company, DEFINE_FIELD, object="order", key="a", type="text", label=text)
    async with unchanged(company):
        problem = await refused(company, SET_COMPANY, languages=["en"])
        assert [".".join(error["path"]) for error in problem["errors"]] == ["field.order.a.label.fr"]


async def test_members_choose_among_the_companys_languages(company: Company, client: Client) -> None:
    person = {"name": "Ann", "email": "ann@example.com"}
    async with unchanged(company):
        problem = await refused(company, INVITE_MEMBER, **person, language="fr")
        assert bad_values(problem) == {"language": "VALUE_NOT_OPTION"}
    await speak(company, "fr", "zh-TW")
    assert (await done(company, INVITE_MEMBER, **person))["language"] == "fr"
    made = await company.add_member(**person)
    assert made["language"] == "fr"
    assert (await done(company, UPDATE_MEMBER, id=made["id"], language="zh-TW"))["language"] == "zh-TW"
    async with unchanged(company):
        problem = await refused(company, UPDATE_MEMBER, id=made["id"], language="en")
        assert bad_values(problem) == {"language": "VALUE_NOT_OPTION"}


async def test_automations_write_in_the_readers_language(
    company: Company, client: Client, work: Drain, outbox: Outbox
) -> None:
    """Members and the customer in theirs, others in the company's; labels in a text as well. A text without languages is for all."""
    await speak(company, "zh", "fr", "en")
    french = await company.add_person("member", language="fr")
    labels = {"zh": "已确认", "en": "Confirmed", "translations": [{"language": "fr", "text": "Confirmée"}]}
    await done(company, DEFINE_STATUS, key="confirmed", label=labels, category="in_progress")
    said = {
        "zh": "{{ order.number }}：{{ order.status.label }}",
        "en": "{{ order.number }} is {{ order.status.label }}",
        "translations": [{"language": "fr", "text": "{{ order.number }} est {{ order.status.label }}"}],
    }
    actions = [
        {"notify": {"to": "role:member", "texts": said}},
        {"notify": {"to": "role:member", "text": "{{ order.status.label }}!"}},
        {"sendEmail": {"to": "customer", "subjects": said, "bodies": said}},
        {"sendEmail": {"to": "owner", "subjects": said, "body": "for all"}},
        {"sendEmail": {"to": "desk@example.com", "subjects": said, "bodies": said}},
    ]
    label = {"en": "Tell"}
    await done(company, DEFINE_AUTOMATION, key="tell", label=label, events=["STATUS_CHANGED"], actions=actions)
    customer = {"name": "Li", "language": "EN", "emails": [{"value": "li@example.com"}]}
    order = await an_order(company, customer=customer, ownerId=str(french.id))
    await done(company, CHANGE_STATUS, id=order["id"], status="confirmed")
    await work()
    number = order["number"]
    for person, texts in (
        (french, [f"{number} est Confirmée", "Confirmée!"]),
        (company.member, [f"{number} is Confirmed", "Confirmed!"]),
    ):
        nodes = (await company.data(NOTES, person=person))["notifications"]["nodes"]
        assert sorted(node["text"] for node in nodes) == sorted(texts)
    mails = {mail["recipient"]: (mail["subject"], mail["body"]) for mail in outbox.sent}
    assert mails == {
        "li@example.com": (f"{number} is Confirmed", f"{number} is Confirmed"),
        french.email: (f"{number} est Confirmée", "for all"),
        "desk@example.com": (f"{number}：已确认", f"{number}：已确认"),
    }


async def test_the_language_of_a_customer(company: Company, client: Client) -> None:
    """One of the company's, in its usual case, or none; it is in the history and can be filtered by."""
    await speak(company, "zh", "pt-BR")
    async with unchanged(company):
        assert bad_values(await refused(company, CREATE_CUSTOMER, name="Li", language="en")) == {
            "language": "VALUE_NOT_OPTION"
        }
    made = await done(company, CREATE_CUSTOMER, name="Li", language="pt-br")
    other = await done(company, CREATE_CUSTOMER, name="Bo")
    assert (made["language"], other["language"]) == ("pt-BR", None)
    assert (await done(company, UPDATE_CUSTOMER, id=made["id"], name="Lu"))["language"] == "pt-BR"
    found = await company.data('{ customers(where: {language: {eq: "pt-BR"}}) { nodes { name } } }')
    assert found["customers"]["nodes"] == [{"name": "Lu"}]
    assert (await done(company, UPDATE_CUSTOMER, id=made["id"], language=None))["language"] is None


async def test_bad_templates_name_their_language(company: Company, client: Client) -> None:
    text = {"en": "Fine", "zh": "{% if %}"}
    actions = [{"notify": {"to": "owner", "texts": text}}]
    automation = {"key": "a", "label": {"en": "A"}, "events": ["CREATED"], "actions": actions}
    async with unchanged(company):
        problem = await refused(company, DEFINE_AUTOMATION, **automation)
    assert bad_values(problem) == {"automation.a.actions.0.text.zh": "CONFIG_BAD_TEMPLATE"}


async def test_missing_translations_are_listed(company: Company, client: Client) -> None:
    """What lacks a language of the company: nothing in a template in English and Chinese, until there is a third."""
    assert (await company.data(MISSING))["missingTranslations"] == []
    options = [{"key": "x", "label": {"zh": "甲"}}]
    field = {"object": "order", "key": "a", "type": "select", "label": {"en": "A"}, "options": options}
    await done(company, DEFINE_FIELD, **field)
    text = {"to": "owner", "texts": {"en": "Go"}}
    automation = {"key": "a", "label": {"en": "A", "zh": "甲"}, "events": ["CREATED"], "actions": [{"notify": text}]}
    await done(company, DEFINE_AUTOMATION, **automation)
    assert (await company.data(MISSING))["missingTranslations"] == [
        {"kind": "field", "key": "order.a", "path": "label", "languages": ["zh"]},
        {"kind": "field", "key": "order.a", "path": "options.0.label", "languages": ["en"]},
        {"kind": "automation", "key": "a", "path": "actions.0.text", "languages": ["zh"]},
    ]
    await speak(company, "en", "zh", "fr")
    found = (await company.data(MISSING))["missingTranslations"]
    assert {"kind": "status", "key": "draft", "path": "label", "languages": ["fr"]} in found
    await status(company, zh="草稿", **FRENCH)
    found = (await company.data(MISSING))["missingTranslations"]
    assert not [each for each in found if each["key"] == "draft"]


async def test_views_in_other_languages(company: Company, client: Client) -> None:
    await speak(company, "en", "fr")
    label = {"en": "Mine", "translations": [{"language": "fr", "text": "À moi"}]}
    made = await done(company, CREATE_VIEW, label=label, orders={})
    assert made["label"] == {"en": "Mine", "zh": None, "translations": [{"language": "fr", "text": "À moi"}]}
