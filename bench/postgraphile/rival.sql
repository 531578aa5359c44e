-- What PostGraphile needs to do the same work: a role that row security does not bind, own fields as computed columns, and its
-- way to write, functions. Numbers come from a sequence, for a counter's row would make all orders wait for one another.

CREATE ROLE bench_rival LOGIN BYPASSRLS PASSWORD 'bench-rival';
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO bench_rival;
CREATE SEQUENCE bench_numbers START 5000000;
GRANT USAGE ON SEQUENCE bench_numbers TO bench_rival;

CREATE FUNCTION orders_score(o orders) RETURNS numeric LANGUAGE sql STABLE
  AS $$ SELECT (o.custom->>'score')::numeric $$;
CREATE FUNCTION orders_install_date(o orders) RETURNS date LANGUAGE sql STABLE
  AS $$ SELECT (o.custom->>'install_date')::date $$;
CREATE FUNCTION orders_indexed_score(o orders) RETURNS numeric LANGUAGE sql STABLE
  AS $$ SELECT (o.custom->>'indexed_score')::numeric $$;
CREATE FUNCTION orders_indexed_install_date(o orders) RETURNS date LANGUAGE sql STABLE
  AS $$ SELECT (o.custom->>'indexed_install_date')::date $$;
COMMENT ON FUNCTION orders_score(orders) IS E'@behavior +filterBy +orderBy';
COMMENT ON FUNCTION orders_install_date(orders) IS E'@behavior +filterBy +orderBy';
COMMENT ON FUNCTION orders_indexed_score(orders) IS E'@behavior +filterBy +orderBy';
COMMENT ON FUNCTION orders_indexed_install_date(orders) IS E'@behavior +filterBy +orderBy';

CREATE FUNCTION take_order(tenant uuid, member uuid, actor text, customer uuid, lines jsonb) RETURNS orders
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  taken orders;
  told jsonb;
  words jsonb;
  entry uuid := uuidv7();
  year text := extract(year FROM now())::text;
BEGIN
  taken.tenant_id := tenant; taken.id := uuidv7(); taken.version := 1; taken.status := 'draft'; taken.customer_id := customer;
  taken.number := 'SO-' || year || '-' || nextval('bench_numbers');
  taken.currency := 'EUR'; taken.channel := ''; taken.priority := 'normal'; taken.owner_id := member; taken.tags := '{}';
  taken.notes := ''; taken.custom := '{}'; taken.discount_total := 0.00;
  taken.ordered_at := now(); taken.created_at := now(); taken.updated_at := now();
  SELECT sum(round(l.quantity * l."unitPrice", 2)),
         sum(round(round(l.quantity * l."unitPrice", 2) * l."taxRate", 2)),
         lower(taken.number) || ' ' || lower(string_agg(l.name, ' '))
    INTO taken.subtotal, taken.tax_total, taken.search_text
    FROM jsonb_to_recordset(lines) AS l(name text, quantity numeric, "unitPrice" numeric, "taxRate" numeric);
  taken.total := taken.subtotal + taken.tax_total;
  INSERT INTO orders (tenant_id, id, version, number, status, customer_id, currency, channel, priority, owner_id, tags, notes,
                      custom, ordered_at, created_at, updated_at, status_since, subtotal, discount_total, tax_total, total,
                      search_text)
  VALUES (taken.tenant_id, taken.id, taken.version, taken.number, taken.status, taken.customer_id, taken.currency,
          taken.channel, taken.priority, taken.owner_id, taken.tags, taken.notes, taken.custom, taken.ordered_at,
          taken.created_at, taken.updated_at, taken.created_at, taken.subtotal, taken.discount_total, taken.tax_total, taken.total,
          taken.search_text);
  INSERT INTO search_texts (tenant_id, id, record_type, text) VALUES (tenant, taken.id, 'order', taken.search_text);
  WITH given AS (
    SELECT uuidv7() AS id, g.place, g.line->>'name' AS name, (g.line->>'quantity')::numeric AS quantity,
           (g.line->>'unitPrice')::numeric AS price, (g.line->>'taxRate')::numeric AS rate
    FROM jsonb_array_elements(lines) WITH ORDINALITY AS g(line, place)),
  priced AS (SELECT *, round(quantity * price, 2) AS net, round(round(quantity * price, 2) * rate, 2) AS tax FROM given),
  added AS (
    INSERT INTO order_lines (tenant_id, id, order_id, position, name, currency, quantity, unit_price, discount_rate,
                             discount_amount, tax_rate, tax_amount, net_amount, total)
    SELECT tenant, id, taken.id, place, name, 'EUR', quantity, price, 0, 0.00, rate, tax, net, net + tax FROM priced)
  SELECT jsonb_agg(jsonb_build_object('field', 'lines', 'old', NULL, 'new', jsonb_build_object(
    'id', id, 'position', place, 'name', name, 'currency', 'EUR', 'quantity', quantity::text, 'unitPrice', price::text,
    'discountRate', '0', 'discountAmount', '0.00', 'taxRate', rate::text, 'taxAmount', tax::text, 'netAmount', net::text,
    'total', (net + tax)::text)) ORDER BY place) INTO told FROM priced;
  SELECT jsonb_agg(jsonb_build_object('field', c.field, 'old', NULL, 'new', c.new)) INTO words
    FROM (VALUES ('status', 'draft'), ('currency', 'EUR'), ('priority', 'normal'), ('orderedAt', taken.ordered_at::text),
                 ('ownerId', member::text), ('customerId', customer::text), ('subtotal', taken.subtotal::text),
                 ('discountTotal', taken.discount_total::text), ('taxTotal', taken.tax_total::text),
                 ('total', taken.total::text), ('number', taken.number)) AS c(field, new);
  words := words || told;
  INSERT INTO events (tenant_id, id, kind, record_type, record_id, record_version, at, actor_kind, actor_id, actor_name,
                      depth, changes, hash)
  VALUES (tenant, entry, 'created', 'order', taken.id, 1, now(), 'member', member, actor, 0, words,
          sha256(convert_to(words::text, 'UTF8')));
  RETURN taken;
END $$;

CREATE FUNCTION step_order(tenant uuid, member uuid, actor text, target uuid, to_status text) RETURNS orders
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  stepped orders;
  before text;
  words jsonb;
BEGIN
  SELECT status INTO before FROM orders o WHERE o.tenant_id = tenant AND o.id = target AND o.voided_at IS NULL FOR UPDATE;
  UPDATE orders o SET status = to_status, version = version + 1, updated_at = now(), status_since = now()
    WHERE o.tenant_id = tenant AND o.id = target RETURNING o.* INTO stepped;
  words := jsonb_build_array(jsonb_build_object('field', 'status', 'old', before, 'new', to_status));
  INSERT INTO events (tenant_id, id, kind, record_type, record_id, record_version, at, actor_kind, actor_id, actor_name,
                      depth, changes, hash)
  VALUES (tenant, uuidv7(), 'status_changed', 'order', target, stepped.version, now(), 'member', member, actor, 0, words,
          sha256(coalesce((SELECT e.hash FROM events e WHERE e.tenant_id = tenant AND e.record_type = 'order'
                             AND e.record_id = target AND e.record_version = stepped.version - 1), '')
                 || convert_to(words::text, 'UTF8')));
  RETURN stepped;
END $$;
