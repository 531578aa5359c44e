"""The SQL of the limit: for each work the fastest statements that we could write by hand, with ``:tenant`` for the company's id.

Reads have two spellings, by PostgreSQL's JSON functions and by putting the text together, which is faster where there are many
small objects; the bench takes whichever answers sooner. Texts that come from users are always quoted by PostgreSQL.
"""

_CUSTOMER = "(SELECT row_to_json(c) FROM (SELECT c.id, c.name FROM customers c WHERE c.tenant_id = :tenant AND c.id = o.customer_id) c)"
_CUSTOMER_TEXT = (
    """coalesce((SELECT '{"id":"' || c.id || '","name":' || to_json(c.name) || '}' FROM customers c"""
    """ WHERE c.tenant_id = :tenant AND c.id = o.customer_id), 'null')"""
)
_NEWEST = (
    "WHERE o.tenant_id = :tenant AND o.voided_at IS NULL ORDER BY o.ordered_at DESC, o.id DESC LIMIT %(first)s::int"
)

W1 = (
    f"""
SELECT json_build_object('nodes', coalesce(json_agg(r), '[]')) FROM (
  SELECT o.id, o.number, json_build_object('key', o.status) AS status, o.channel, upper(o.priority) AS priority,
         o.ordered_at AS "orderedAt", json_build_object('amount', o.total::text, 'currency', o.currency) AS total, o.tags,
         {_CUSTOMER} AS customer,
         (SELECT json_build_object('nodes', coalesce(json_agg(l), '[]')) FROM (
            SELECT l.sku, l.name, l.quantity::text, json_build_object('amount', l.total::text) AS total FROM order_lines l
            WHERE l.tenant_id = :tenant AND l.order_id = o.id ORDER BY l.position, l.id LIMIT 3) l) AS lines
  FROM orders o {_NEWEST}) r
""",
    f"""
SELECT '{{"nodes":[' || coalesce(string_agg(
  '{{"id":"' || o.id || '","number":' || to_json(o.number) || ',"status":{{"key":"' || o.status
  || '"}},"channel":' || to_json(o.channel) || ',"priority":"' || upper(o.priority)
  || '","orderedAt":' || to_json(o.ordered_at)
  || ',"total":{{"amount":"' || o.total || '","currency":"' || o.currency || '"}},"tags":' || to_json(o.tags)
  || ',"customer":' || {_CUSTOMER_TEXT}
  || ',"lines":{{"nodes":[' || coalesce((SELECT string_agg(
       '{{"sku":' || to_json(l.sku) || ',"name":' || to_json(l.name) || ',"quantity":"' || l.quantity
       || '","total":{{"amount":"' || l.total || '"}}}}', ',')
     FROM (SELECT * FROM order_lines l WHERE l.tenant_id = :tenant AND l.order_id = o.id
           ORDER BY l.position, l.id LIMIT 3) l), '') || ']}}}}', ','), '') || ']}}'
FROM (SELECT * FROM orders o {_NEWEST}) o
""",
)

W2 = (
    f"""
SELECT row_to_json(r) FROM (
  SELECT o.id, o.number, json_build_object('key', o.status) AS status, o.channel, upper(o.priority) AS priority,
         o.ordered_at AS "orderedAt", json_build_object('amount', o.total::text, 'currency', o.currency) AS total, o.tags,
         o.notes, {_CUSTOMER} AS customer,
         (SELECT json_build_object('nodes', coalesce(json_agg(l), '[]')) FROM (
            SELECT l.sku, l.name, l.quantity::text, json_build_object('amount', l.unit_price::text) AS "unitPrice",
                   json_build_object('amount', l.total::text) AS total FROM order_lines l
            WHERE l.tenant_id = :tenant AND l.order_id = o.id ORDER BY l.position, l.id LIMIT 20) l) AS lines
  FROM orders o WHERE o.tenant_id = :tenant AND o.id = %(id)s::uuid) r
""",
    f"""
SELECT '{{"id":"' || o.id || '","number":' || to_json(o.number) || ',"status":{{"key":"' || o.status
  || '"}},"channel":' || to_json(o.channel) || ',"priority":"' || upper(o.priority)
  || '","orderedAt":' || to_json(o.ordered_at)
  || ',"total":{{"amount":"' || o.total || '","currency":"' || o.currency || '"}},"tags":' || to_json(o.tags)
  || ',"notes":' || to_json(o.notes) || ',"customer":' || {_CUSTOMER_TEXT}
  || ',"lines":{{"nodes":[' || coalesce((SELECT string_agg(
       '{{"sku":' || to_json(l.sku) || ',"name":' || to_json(l.name) || ',"quantity":"' || l.quantity
       || '","unitPrice":{{"amount":"' || l.unit_price || '"}},"total":{{"amount":"' || l.total || '"}}}}', ',')
     FROM (SELECT * FROM order_lines l WHERE l.tenant_id = :tenant AND l.order_id = o.id
           ORDER BY l.position, l.id LIMIT 20) l), '') || ']}}}}'
FROM orders o WHERE o.tenant_id = :tenant AND o.id = %(id)s::uuid
""",
)

_FILTERED = """o.tenant_id = :tenant AND o.status = %(status)s AND o.ordered_at >= %(from)s::timestamptz
  AND o.ordered_at < %(to)s::timestamptz AND o.voided_at IS NULL"""
_SHORT_TEXT = f"""string_agg(
  '{{"id":"' || o.id || '","number":' || to_json(o.number) || ',"status":{{"key":"' || o.status
  || '"}},"orderedAt":' || to_json(o.ordered_at)
  || ',"total":{{"amount":"' || o.total || '","currency":"' || o.currency || '"}},"customer":' || {_CUSTOMER_TEXT} || '}}', ',')"""

W3 = (
    f"""
SELECT json_build_object('totalCount', (SELECT count(*) FROM orders o WHERE {_FILTERED}),
                         'nodes', coalesce(json_agg(r), '[]')) FROM (
  SELECT o.id, o.number, json_build_object('key', o.status) AS status, o.ordered_at AS "orderedAt",
         json_build_object('amount', o.total::text, 'currency', o.currency) AS total, {_CUSTOMER} AS customer
  FROM orders o WHERE {_FILTERED} ORDER BY o.ordered_at DESC, o.id DESC LIMIT 20) r
""",
    f"""
SELECT '{{"totalCount":' || (SELECT count(*) FROM orders o WHERE {_FILTERED}) || ',"nodes":['
  || coalesce({_SHORT_TEXT}, '') || ']}}'
FROM (SELECT * FROM orders o WHERE {_FILTERED} ORDER BY o.ordered_at DESC, o.id DESC LIMIT 20) o
""",
)


def own_fields(score: str, installed: str) -> tuple[str, ...]:
    """The statements of a filter by one own field and an order by another, both kept in JSON."""
    return _spellings(
        score,
        installed,
        f"""SELECT o.id, o.number, o.status, (o.custom->>'{score}')::numeric::text AS score,
         (o.custom->>'{installed}')::date AS installed
  FROM orders o WHERE o.tenant_id = :tenant AND o.voided_at IS NULL
    AND (o.custom->>'{score}')::numeric >= %(least)s::numeric AND (o.custom->>'{score}')::numeric < %(most)s::numeric
  ORDER BY installed, o.id LIMIT 20""",
    )


def indexed_fields(score: str, installed: str) -> tuple[str, ...]:
    """The same where both are indexed: by the product's index tables, as well as without them, by what else there is."""
    key = "to_char({}::numeric + 1e20, 'FM000000000000000000000.0000000000')"
    by_tables = f"""SELECT o.id, o.number, o.status, (o.custom->>'{score}')::numeric::text AS score, d.value AS installed
  FROM order_numbers n
  JOIN order_dates d ON d.tenant_id = :tenant AND d.record_id = n.record_id AND d.field = '{installed}'
  JOIN orders o ON o.tenant_id = :tenant AND o.id = n.record_id
  WHERE n.tenant_id = :tenant AND n.field = '{score}' AND n.value >= {key.format("%(least)s")} COLLATE "C"
    AND n.value < {key.format("%(most)s")} COLLATE "C" AND o.voided_at IS NULL
  ORDER BY d.value, d.record_id LIMIT 20"""
    return (*own_fields(score, installed), *_spellings(score, installed, by_tables))


def _spellings(score: str, installed: str, found: str) -> tuple[str, str]:
    return (
        f"""
SELECT json_build_object('nodes', coalesce(json_agg(json_build_object(
  'id', r.id, 'number', r.number, 'status', json_build_object('key', r.status),
  'custom', json_build_object('{score}', r.score, '{installed}', r.installed))), '[]'))
FROM ({found}) r
""",
        f"""
SELECT '{{"nodes":[' || coalesce(string_agg(
  '{{"id":"' || r.id || '","number":' || to_json(r.number) || ',"status":{{"key":"' || r.status
  || '"}},"custom":{{"{score}":"' || r.score || '","{installed}":"' || r.installed || '"}}}}', ','), '') || ']}}'
FROM ({found}) r
""",
    )


# The number commits by itself and need not reach the disk at once: the order's commit behind it brings it there.
NUMBER = """
WITH next AS (
  INSERT INTO counters (tenant_id, key, value) VALUES (:tenant, %(key)s, 1)
  ON CONFLICT (tenant_id, key) DO UPDATE SET value = counters.value + 1 RETURNING value)
SELECT set_config('bench.number', %(prefix)s || lpad(value::text, 5, '0'), false), set_config('synchronous_commit', 'off', true)
FROM next
"""
_EVENT_COLUMNS = """tenant_id, id, kind, record_type, record_id, record_version, at, actor_kind, actor_id, actor_name,
                      cause_id, depth, changes, note, hash"""
CREATE = f"""
WITH o AS (
  INSERT INTO orders (tenant_id, id, version, number, status, customer_id, currency, priority, owner_id, ordered_at, subtotal,
                      discount_total, tax_total, total, search_text, created_at, updated_at, status_since)
  SELECT :tenant, %(id)s, 1, number, 'draft', %(customer)s, 'EUR', 'normal', %(member)s, %(now)s, %(subtotal)s,
         %(discount_total)s, %(tax_total)s, %(total)s, lower(number) || ' ' || %(names)s, %(now)s, %(now)s, %(now)s
  FROM (SELECT current_setting('bench.number') AS number) n
  RETURNING id, number, status, total, currency),
l AS (
  INSERT INTO order_lines (tenant_id, id, order_id, position, name, currency, quantity, unit_price, discount_rate,
                           discount_amount, tax_rate, tax_amount, net_amount, total)
  SELECT :tenant, id, order_id, position, name, currency, quantity, unit_price, discount_rate,
         discount_amount, tax_rate, tax_amount, net_amount, total
  FROM json_populate_recordset(NULL::order_lines, %(lines)s)),
s AS (
  INSERT INTO search_texts (tenant_id, id, record_type, text)
  SELECT :tenant, id, 'order', lower(number) || ' ' || %(names)s FROM o),
e AS (
  INSERT INTO events ({_EVENT_COLUMNS})
  SELECT :tenant, %(event)s, 'created', 'order', %(id)s, 1, %(now)s, 'member', %(member)s, %(actor)s, NULL, 0, changes, NULL,
         sha256(convert_to(changes::text, 'UTF8'))
  FROM (SELECT %(changes)s::jsonb || jsonb_build_object('field', 'number', 'old', NULL, 'new', number) AS changes FROM o) c)
SELECT '{{"order":{{"id":"' || id || '","number":' || to_json(number) || ',"status":{{"key":"' || status
  || '"}},"total":{{"amount":"' || total || '","currency":"' || currency || '"}}}}}}' FROM o
"""
CHANGE = f"""
WITH b AS (
  SELECT id, status, version FROM orders WHERE tenant_id = :tenant AND id = %(id)s::uuid AND voided_at IS NULL FOR UPDATE),
o AS (
  UPDATE orders o SET status = %(status)s, version = b.version + 1, updated_at = now(), status_since = now()
  FROM b WHERE o.tenant_id = :tenant AND o.id = b.id RETURNING o.id, o.version, o.status),
e AS (
  INSERT INTO events ({_EVENT_COLUMNS})
  SELECT :tenant, %(event)s, 'status_changed', 'order', b.id, b.version + 1, now(), 'member', %(member)s, %(actor)s, NULL, 0,
         changes, NULL,
         sha256(coalesce((SELECT p.hash FROM events p WHERE p.tenant_id = :tenant AND p.record_type = 'order'
                            AND p.record_id = b.id AND p.record_version = b.version), '') || convert_to(changes::text, 'UTF8'))
  FROM b, LATERAL (SELECT jsonb_build_array(
    jsonb_build_object('field', 'status', 'old', b.status, 'new', %(status)s::text)) AS changes) c)
SELECT '{{"order":{{"id":"' || id || '","version":' || version || ',"status":{{"key":"' || status || '"}}}}}}' FROM o
"""
