"""Addresses of the web."""

from tests.field_values.base import Bad, Good

GOOD: Good = (
    ("http://example.com", "http://example.com"),
    ("HTTPS://Example.COM:8443/A/b?c=D#e", "https://example.com:8443/A/b?c=D#e"),
    ("https://例子.中国/订单/1", "https://例子.中国/订单/1"),
    (" https://a.example/x%20y ", "https://a.example/x%20y"),
    ("https://a.example?q=[1]", "https://a.example?q=[1]"),
)
BAD: Bad = (
    ("example.com", "value.not_url"),
    ("ftp://example.com", "value.not_url"),
    ("javascript:alert(1)", "value.not_url"),
    ("https://", "value.not_url"),
    ("https://ann@example.com", "value.not_url"),
    ("https://example.com\\@evil.example", "value.not_url"),
    ("https://example.com/a b", "value.not_url"),
    ("https://example..com", "value.not_url"),
    ("https://example.com:99999", "value.not_url"),
    ("https://example.com/\u202egnp", "value.not_url"),
    ("", "value.not_url"),
    (7, "value.not_text"),
    (f"https://example.com/{'x' * 2_000}", "value.too_long"),
)
