"""What the audit log says in words: each kind of entry in English and Chinese, under the reader's rights, in one statement for a page."""

import re
from string import Formatter
from typing import Any
from uuid import UUID

import pytest

from tenants.actors import SOMEBODY, system
from tenants.audit_log import About, record_within
from tenants.audit_tallies import ESCALATIONS
from tenants.config.definitions import Role
from tenants.messages.audit import AUDIT_SENTENCES, DETAIL_NAMES, VALUE_WORDS
from tenants.quotas import Quotas
from tenants.reading.audit_words import VARIANTS
from tenants.records.audit import AUDIT_KINDS
from tests.documents import CREATE_CUSTOMER, CREATE_TEAM, DEFINE_ROLE, UPDATE_MEMBER, an_order, done
from tests.harness import Client, Company, Person, Row, Statements

pytestmark = pytest.mark.anyio

WORDS = "{ auditEntries(first: 100, orderBy: [{at: ASC}]) { nodes { kind aboutType aboutName sentence } } }"
HAN = re.compile(r"[\u4e00-\u9fff]")


def test_every_kind_has_its_sentence() -> None:
    """In both languages, with the same placeholders; a sentence of a variant is for a kind that has one."""
    assert {key for key in AUDIT_SENTENCES if "/" not in key} == set(AUDIT_KINDS)
    assert {key for key in AUDIT_SENTENCES if "/" in key} == set(VARIANTS)
    assert {key for key in AUDIT_SENTENCES if AUDIT_CASES.get(key) is None} == set()
    for english, chinese in AUDIT_SENTENCES.values():
        found = [sorted(name for _, name, _, _ in Formatter().parse(text) if name) for text in (english, chinese)]
        assert found[0] == found[1]
        assert HAN.search(chinese) and not HAN.search(english)
    pairs = [*DETAIL_NAMES.values(), *(words for said in VALUE_WORDS.values() for words in said.values())]
    assert [pair for pair in pairs if HAN.search(pair[0]) or not HAN.search(pair[1].replace("ID", "标识"))] == []
    assert set(VALUE_WORDS["reason"]) >= ESCALATIONS
    assert set(DETAIL_NAMES) >= set(Quotas.model_fields)
