"""What search needs at a million orders: an index that row security lets PostgreSQL use, and the functions that ask it.

Under row security PostgreSQL looks things up in an index only by what the policy itself demands, and by operators that cannot
leak what they see; LIKE is not one of them. So the policy of `search_texts` demands it: whoever reads the table sees only rows
that match the patterns in three settings, which are empty, and match everything, outside of `search_index`.
"""

import sqlalchemy as sa
from alembic import op

from migrations.security import CURRENT_TENANT, grant, protect

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Indexes that no query under row security could use.
RECORDS = ("customers", "products", "orders")

# Ids of the records of a type that match all patterns. At most three are for the index, those of plain words if there are any:
# a word of many parts has many trigrams, the most of them common. The others judge what the index found. Without a letter or
# a digit in any pattern the index would be read as a whole, so the records themselves are.
SEARCH_INDEX = f"""
CREATE FUNCTION search_index(of_type text, patterns text[]) RETURNS SETOF uuid
LANGUAGE plpgsql SECURITY INVOKER ROWS 100 SET enable_seqscan = off
AS $$
DECLARE
  asked text[] := ARRAY(SELECT p FROM unnest(patterns) WITH ORDINALITY AS u(p, place)
                        WHERE p ~ '^% ?[[:alnum:]]+%$' ORDER BY place LIMIT 3);
BEGIN
  IF cardinality(asked) = 0 THEN
    asked := ARRAY(SELECT p FROM unnest(patterns) p WHERE show_trgm(p) <> '{{}}' LIMIT 1);
  END IF;
  IF cardinality(asked) = 0 THEN
    RETURN QUERY EXECUTE format('SELECT id FROM %I WHERE tenant_id = $1 AND search_text LIKE ALL ($2)', of_type || 's')
      USING {CURRENT_TENANT}, patterns;
    RETURN;
  END IF;
  PERFORM set_config('app.search_1', coalesce(asked[1], ''), true),
          set_config('app.search_2', coalesce(asked[2], ''), true),
          set_config('app.search_3', coalesce(asked[3], ''), true);
  RETURN QUERY SELECT s.id FROM search_texts s
    WHERE s.tenant_id = {CURRENT_TENANT} AND s.record_type = of_type AND s.text LIKE ALL (patterns);
  -- From here on the table is seen as it is.
  PERFORM set_config('app.search_1', '', true), set_config('app.search_2', '', true), set_config('app.search_3', '', true);
END $$
"""

# The same for orders, whose customer's text counts as their own for those who may read customers. Customers are grouped by the
# patterns that they leave to the order. Few customers are asked for their orders, many are looked up from the orders that hold
# those patterns; but patterns that are common among the newest orders would find more orders than the customers have.
SEARCH_ORDERS = f"""
CREATE FUNCTION search_orders(patterns text[]) RETURNS SETOF uuid LANGUAGE plpgsql SECURITY INVOKER ROWS 100
AS $$
DECLARE
  tenant uuid := {CURRENT_TENANT};
  missing text[];
  found uuid[];
BEGIN
  RETURN QUERY SELECT search_index('order', patterns);
  FOR missing, found IN
    SELECT c.missing, array_agg(c.id) FROM (
      SELECT k.id, ARRAY(SELECT p FROM unnest(patterns) p WHERE k.search_text NOT LIKE p) AS missing
      FROM (SELECT DISTINCT search_index('customer', ARRAY[p]) AS id FROM unnest(patterns) p WHERE show_trgm(p) <> '{{}}') f
      JOIN customers k ON k.tenant_id = tenant AND k.id = f.id
    ) c GROUP BY c.missing
  LOOP
    IF cardinality(missing) = 0 OR cardinality(found) <= 500 OR (
      SELECT count(*) > 10 FROM (
        SELECT o.search_text FROM orders o WHERE o.tenant_id = tenant ORDER BY o.ordered_at DESC, o.id DESC LIMIT 500
      ) o WHERE o.search_text LIKE ALL (missing)
    ) THEN
      RETURN QUERY SELECT o.id FROM orders o
        WHERE o.tenant_id = tenant AND o.customer_id = ANY (found) AND o.search_text LIKE ALL (missing);
    ELSE
      RETURN QUERY SELECT o.id FROM search_index('order', missing) f(id)
        JOIN orders o ON o.tenant_id = tenant AND o.id = f.id
        WHERE o.customer_id IN (SELECT unnest(found));
    END IF;
  END LOOP;
END $$
"""

# Ids of the records that hold all words; where none does, of those that hold words one slip apart from them. A word that is
# used somewhere in the company is taken as it is written. `words` are the words of the patterns, empty where a slip does not
# count.
SEARCH_RECORDS = """
CREATE FUNCTION search_records(of_type text, patterns text[], words text[], with_customers boolean) RETURNS SETOF uuid
LANGUAGE plpgsql SECURITY INVOKER ROWS 100
AS $$
DECLARE
  corrected text[];
BEGIN
  IF with_customers THEN
    RETURN QUERY SELECT search_orders(patterns);
  ELSE
    RETURN QUERY SELECT search_index(of_type, patterns);
  END IF;
  IF FOUND OR NOT EXISTS (SELECT FROM unnest(words) w WHERE w <> '') THEN
    RETURN;
  END IF;
  FOR corrected IN
    WITH RECURSIVE readings AS (
      SELECT place, coalesce('%' || near.word || '%', given.pattern) AS pattern
      FROM unnest(patterns, words) WITH ORDINALITY AS given(pattern, word, place)
      LEFT JOIN LATERAL search_spelled(given.word) AS near(word) ON true
    ), choices AS (
      SELECT 0::bigint AS place, '{}'::text[] AS chosen
      UNION ALL
      SELECT c.place + 1, c.chosen || r.pattern FROM choices c JOIN readings r ON r.place = c.place + 1
    )
    SELECT chosen FROM choices WHERE place = cardinality(patterns) AND chosen <> patterns LIMIT 25
  LOOP
    IF with_customers THEN
      RETURN QUERY SELECT search_orders(corrected);
    ELSE
      RETURN QUERY SELECT search_index(of_type, corrected);
    END IF;
  END LOOP;
END $$
"""

# The words of the company that are one slip apart from a word, those that begin alike first; none where the word is one of them.
SEARCH_SPELLED = f"""
CREATE FUNCTION search_spelled(given text) RETURNS SETOF text LANGUAGE sql STABLE SECURITY INVOKER ROWS 5
AS $$
  SELECT s.word FROM search_spellings s
  WHERE s.tenant_id = {CURRENT_TENANT} AND given <> ''
    AND s.form IN (SELECT given UNION SELECT overlay(given PLACING '' FROM i FOR 1) FROM generate_series(1, length(given)) i)
    AND NOT EXISTS (SELECT FROM search_spellings k
                    WHERE k.tenant_id = {CURRENT_TENANT} AND k.form = given AND k.word = given)
  GROUP BY s.word ORDER BY left(s.word, 1) <> left(given, 1), abs(length(s.word) - length(given)), s.word LIMIT 5
$$
"""


def _matches(setting: str) -> str:
    return f"text LIKE (SELECT coalesce(nullif(current_setting('app.{setting}', true), ''), '%'))"


def upgrade() -> None:
    op.create_table(
        "search_texts",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("record_type", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("search_texts_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("search_texts_pkey")),
    )
    op.create_index(
        "search_texts_text_idx",
        "search_texts",
        ["tenant_id", "record_type", sa.literal_column("text gin_trgm_ops")],
        postgresql_using="gin",
    )
    op.create_table(
        "search_spellings",
        sa.Column("tenant_id", sa.UUID(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("search_spellings_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "form", "word", name=op.f("search_spellings_pkey")),
    )
    for table in ("search_texts", "search_spellings"):
        protect(table)
        grant(table)
    tests = " AND ".join(map(_matches, ("search_1", "search_2", "search_3")))
    op.execute(f"CREATE POLICY searched ON search_texts AS RESTRICTIVE FOR SELECT USING ({tests})")
    for function in (SEARCH_INDEX, SEARCH_ORDERS, SEARCH_SPELLED, SEARCH_RECORDS):
        op.execute(sa.text(function.replace(":", "\\:")))
    for table in RECORDS:
        op.drop_index(f"{table}_search_idx", table_name=table)
