"""Mail addresses."""

from tests.field_values.base import Bad, Good

GOOD: Good = (
    ("ann@example.com", "ann@example.com"),
    (" Bob@EXAMPLE.com ", "Bob@example.com"),
    ("张伟@例子.中国", "张伟@例子.中国"),
    ("a+b@sub.example.org", "a+b@sub.example.org"),
)
BAD: Bad = (
    ("ann", "value.not_email"),
    ("ann@", "value.not_email"),
    ("ann@example", "value.not_email"),
    ("a b@example.com", "value.not_email"),
    ("", "value.not_email"),
    (7, "value.not_text"),
    (f"{'x' * 250}@example.com", "value.too_long"),
)
