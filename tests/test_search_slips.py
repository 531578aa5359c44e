"""What search forgives: one slip in a word, where nothing holds the word as it was typed."""

import pytest

from tenants import spellings
from tenants.database import ENTER
from tenants.transaction import begin
from tenants.wire import statement
from tests.conftest import NewCompany
from tests.documents import CREATE_CUSTOMER, an_order, done, refused
from tests.harness import Client, Company, Statements
from tests.test_search import names, numbers


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("northwind", ["Northwind Traders"]),
        ("nothwind", ["Northwind Traders"]),
        ("norhtwind", ["Northwind Traders"]),
        ("nortwhind trader", ["Northwind Traders"]),
        ("northvind", ["Northwind Traders"]),
        ("northwwind", ["Northwind Traders"]),
        ("nordwind", ["Nordwind GmbH"]),
        ("nordwnd", ["Nordwind GmbH"]),
        ("norwind", ["Nordwind GmbH"]),
        ("zhangsanfegn", ["张三丰"]),
        ("nothing", []),
        ("abx", []),
        ("12345678", []),
        ("nortwhind gmbh", []),
    ],
)
async def test_a_slip_of_the_finger_is_forgiven(company: Company, client: Client, text: str, found: list[str]) -> None:
    """One letter missing, added, wrong, or two in each other's place; only where no record holds what was typed."""
    for name in ("Northwind Traders", "Nordwind GmbH", "张三丰", "Abe", "12345679"):
        await done(company, CREATE_CUSTOMER, name=name)
    assert await names(company, text) == found


async def test_slips_are_forgiven_in_orders_and_in_whole_queries(company: Company, client: Client) -> None:
    customer = await done(company, CREATE_CUSTOMER, name="Greta Lindqvist")
    order = await an_order(company, customerId=customer["id"], lines=[{"name": "Fahrradhelm", "unitPrice": "9"}])
    await an_order(company, notes="Fahrrad")
    for text in ("fahradhelm", "lindqvsit", "gretta fahrradhem", "grteta"):
        assert await numbers(company, text) == [order["number"]], text
    # What is written somewhere is not read as something else.
    assert await numbers(company, "fahrrad greta") == [order["number"]]


async def test_words_of_other_companies_correct_nothing(
    company: Company, client: Client, new_company: NewCompany
) -> None:
    other = await new_company()
    await done(other, CREATE_CUSTOMER, name="Northwind")
    await done(company, CREATE_CUSTOMER, name="Southwind")
    assert [await names(company, text) for text in ("northwind", "nothwind", "soutwind")] == [[], [], ["Southwind"]]
    assert await company.rows("SELECT DISTINCT word FROM search_spellings") == [{"word": "southwind"}]


async def test_nothing_of_a_refused_record_is_kept_for_search(company: Company, client: Client) -> None:
    await done(company, CREATE_CUSTOMER, name="Anna", externalId="7")
    await refused(company, CREATE_CUSTOMER, name="Berta", externalId="7")
    assert await company.rows("SELECT DISTINCT word FROM search_spellings") == [{"word": "anna"}]
    assert [row["text"] for row in await company.rows("SELECT text FROM search_texts")] == [" anna 7"]


async def test_a_record_stands_whatever_becomes_of_its_words(
    company: Company, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Words that could not be written are written with the next record that has them."""
    with monkeypatch.context() as broken:
        broken.setattr(spellings, "_LEARN", statement("SELECT 1 / 0"))
        await done(company, CREATE_CUSTOMER, name="Northwind")
    assert [await names(company, text) for text in ("northwind", "nothwind")] == [["Northwind"], []]
    await done(company, CREATE_CUSTOMER, name="Northwind Trading")
    assert await names(company, "nothwind") == ["Northwind", "Northwind Trading"]


async def test_nobody_waits_for_words_to_be_written(company: Company, statements: Statements) -> None:
    """A transaction is over before its words are written; words that are known are not written again."""
    written = "SELECT DISTINCT word FROM search_spellings ORDER BY word"
    caller = await company.caller()
    async with begin(company.database, caller) as tx:
        tx.words |= {"northwind", "southwind"}
    assert not any("search_spellings" in text for text in statements.texts)
    await spellings.learned()
    assert await company.rows(written) == [{"word": "northwind"}, {"word": "southwind"}]
    statements.clear()
    async with begin(company.database, caller) as tx:
        tx.words |= {"northwind"}
    await spellings.learned()
    assert not any("search_spellings" in text for text in statements.texts)


async def test_few_words_wait_and_all_of_them_are_written_at_the_end(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Words for which there is no room are left to the next record; those that wait are written before the end."""
    monkeypatch.setattr(spellings, "MOST_WAITING", 2)
    spellings.learn(company.database, company.id, {"northwind"})
    spellings.learn(company.database, company.id, {"southwind", "westwind"})
    spellings.learn(company.database, company.id, {"eastwind"})
    await spellings.finish()
    words = await company.rows("SELECT DISTINCT word FROM search_spellings ORDER BY word")
    assert words == [{"word": "eastwind"}, {"word": "northwind"}]


async def test_an_end_is_not_held_up_by_words(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that does not answer is waited for but shortly, and nothing of what waited is left running."""
    monkeypatch.setattr(spellings, "LAST_WORDS", 0.05)
    async with company.database.connection() as connection, connection.transaction():
        await connection.execute(ENTER, {"tenant": company.id})
        await connection.execute("LOCK TABLE search_spellings IN EXCLUSIVE MODE")
        spellings.learn(company.database, company.id, {"northwind"})
        await spellings.finish()
    await spellings.learned()
    assert await company.rows("SELECT word FROM search_spellings") == []
