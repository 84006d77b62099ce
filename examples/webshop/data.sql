-- Rows, then indexes and foreign keys, then statistics. Run statement by statement (psql does): VACUUM is not allowed in a transaction.
-- The same rows each time on one major: setseed before each table, fixed dates, no now().
-- power(random(), 3) makes the skew: the first of 100,000 customers places 2 % of the orders; a prime scatters the hot ones over the keys.

INSERT INTO countries
SELECT code, 'Country ' || code, 0.15 + 0.01 * (n % 11)
FROM unnest('{DE,FR,US,GB,NL,AT,PL,IT,ES,SE,DK,NO,FI,BE,CH,CZ,PT,IE,HU,RO,GR,SK,SI,HR,BG,EE,LV,LT,LU,JP}'::text[]) WITH ORDINALITY AS list (code, n);

INSERT INTO warehouses SELECT n, 'Warehouse ' || n, (ARRAY['Hamburg', 'Lyon', 'Porto', 'Gdansk'])[n] FROM generate_series(1, 4) n;

INSERT INTO categories
SELECT n, CASE WHEN n > 8 THEN 1 + n % 8 END, 'category-' || n, 'Category ' || n
FROM generate_series(1, 60) n;

INSERT INTO suppliers SELECT n, 'Supplier ' || n FROM generate_series(1, 300) n;

SELECT setseed(0.11);

INSERT INTO customers
SELECT n,
    (ARRAY['Anna', 'Ben', 'Carla', 'David', 'Eva', 'Finn', 'Greta', 'Hugo'])[1 + n % 8] || '.Customer' || n || '@Mail.'
        || (ARRAY['first-provider', 'second-provider', 'third-provider'])[1 + n % 3] || '.example',
    (ARRAY['Anna', 'Ben', 'Carla', 'David', 'Eva', 'Finn', 'Greta', 'Hugo'])[1 + n % 8] || ' Customer ' || n,
    CASE WHEN random() < 0.7 THEN '+49' || (1500000000 + (random() * 99999999)::int) END,
    (ARRAY['DE', 'FR', 'US', 'GB', 'NL', 'AT', 'PL', 'IT', 'ES', 'SE', 'DK', 'NO', 'FI', 'BE', 'CH'])[1 + floor(15 * power(random(), 2))::int],
    timestamptz '2022-07-01 00:00:00+00' + n * interval '946 seconds' + random() * interval '6 hours',
    CASE WHEN random() < 0.4 THEN date '1950-01-01' + (random() * 20000)::int END,
    random() < 0.3,
    CASE WHEN random() < 0.01 THEN timestamptz '2025-01-01 00:00:00+00' + random() * interval '180 days' END
FROM generate_series(1, 100000) n;

SELECT setseed(0.12);

INSERT INTO addresses
SELECT n,
    CASE WHEN n <= 100000 THEN n ELSE 1 + floor(100000 * random())::int END,
    CASE WHEN n <= 100000 THEN 'billing' ELSE 'shipping' END,
    'Street ' || (random() * 900)::int || ' no. ' || (random() * 120)::int,
    lpad((random() * 99999)::int::text, 5, '0'),
    'City ' || floor(2000 * power(random(), 3))::int,
    (ARRAY['DE', 'FR', 'US', 'GB', 'NL', 'AT', 'PL', 'IT'])[1 + floor(8 * power(random(), 2))::int],
    timestamptz '2022-07-01 00:00:00+00' + random() * interval '1090 days',
    CASE WHEN random() < 0.004 THEN timestamptz '2025-01-01 00:00:00+00' + random() * interval '180 days' END
FROM generate_series(1, 120000) n;

SELECT setseed(0.13);

INSERT INTO products
SELECT n,
    'SKU-' || lpad(n::text, 6, '0'),
    (ARRAY['Wooden', 'Steel', 'Linen', 'Glass', 'Paper', 'Copper', 'Cotton', 'Stone'])[1 + floor(8 * power(random(), 2))::int]
        || ' ' || (ARRAY['chair', 'lamp', 'table', 'vase', 'shelf', 'bowl', 'frame', 'basket'])[1 + n % 8] || ' ' || n,
    1 + floor(60 * power(random(), 2))::int,
    CASE WHEN random() < 0.95 THEN 1 + floor(300 * random())::int END,
    round((5 + 400 * power(random(), 3))::numeric, 2),
    CASE WHEN random() < 0.8 THEN 'Made with care. ' || repeat('Good to look at and good to use. ', 1 + n % 5) END,
    random() < 0.9,
    timestamptz '2022-07-01 00:00:00+00' + random() * interval '1090 days'
FROM generate_series(1, 20000) n;

SELECT setseed(0.14);

INSERT INTO coupons
SELECT n, 'SAVE-' || upper(substr(md5(n::text), 1, 8)), 5 * (1 + n % 8),
    date '2022-07-01' + n / 2, date '2022-07-01' + n / 2 + 90,
    CASE WHEN n % 3 = 0 THEN 100 END
FROM generate_series(1, 2000) n;

SELECT setseed(0.15);

-- updated_at follows placed_at by up to 40 days: nearly sorted over the whole table, and never sorted within a page.
INSERT INTO orders (id, customer_id, coupon_id, status, total, note, placed_at, updated_at)
SELECT n, 1 + (floor(100000 * power(random(), 3))::bigint * 7919 % 100000)::int,
    CASE WHEN random() < 0.08 THEN 1 + floor(2000 * random())::int END,
    CASE WHEN n > 239000 THEN 'pending' WHEN n > 234000 THEN 'paid'
        ELSE (ARRAY['delivered', 'delivered', 'delivered', 'delivered', 'delivered', 'delivered', 'returned', 'returned', 'returned', 'cancelled'])
            [1 + floor(10 * random())::int] END,
    round((8 + 600 * power(random(), 4))::numeric, 2),
    CASE WHEN random() < 0.06 THEN 'Please leave the parcel with the neighbour. ' || md5(n::text) END,
    placed, placed + random() * interval '40 days'
FROM (
    SELECT n, timestamptz '2022-07-01 00:00:00+00' + n * interval '393 seconds' + random() * interval '300 seconds' AS placed
    FROM generate_series(1, 240000) n
) AS series;

-- Drafts without lines, payments or shipments: the only orders that the shop ever deletes.
INSERT INTO orders (id, customer_id, status, total, placed_at, updated_at)
SELECT 240000 + n, n, 'draft', 0, begun, begun
FROM (SELECT n, timestamptz '2025-06-25 00:00:00+00' + n * interval '400 seconds' AS begun FROM generate_series(1, 1000) n) AS series;

SELECT setseed(0.16);

INSERT INTO order_items (order_id, product_id, quantity, unit_price, discount)
SELECT o, 1 + (floor(20000 * power(random(), 3))::bigint * 7919 % 20000)::int,
    1 + floor(4 * power(random(), 3))::int,
    round((5 + 400 * power(random(), 3))::numeric, 2),
    CASE WHEN random() < 0.1 THEN round((20 * random())::numeric, 2) END
FROM generate_series(1, 240000) o, generate_series(1, 4) line
WHERE line <= 1 + o % 4 AND (line < 4 OR o % 3 = 0);

SELECT setseed(0.17);

INSERT INTO payments (order_id, method, provider_reference, amount, status, paid_at)
SELECT n, (ARRAY['card', 'card', 'card', 'paypal', 'paypal', 'invoice'])[1 + floor(6 * random())::int],
    'ch_' || md5('payment' || n), round((8 + 600 * power(random(), 4))::numeric, 2),
    CASE WHEN n > 239000 THEN 'open' WHEN random() < 0.02 THEN 'refunded' ELSE 'captured' END,
    CASE WHEN n <= 239000 THEN timestamptz '2022-07-01 00:00:00+00' + n * interval '393 seconds' + random() * interval '3 days' END
FROM generate_series(1, 240000) n
WHERE n % 20 <> 0;

SELECT setseed(0.18);

INSERT INTO shipments (order_id, warehouse_id, carrier, tracking_number, shipped_at, delivered_at)
SELECT n, 1 + floor(4 * power(random(), 2))::int, (ARRAY['DHL', 'UPS', 'DPD', 'GLS'])[1 + floor(4 * random())::int],
    CASE WHEN random() < 0.97 THEN upper(substr(md5('shipment' || n), 1, 16)) END,
    shipped, CASE WHEN n <= 232000 THEN shipped + random() * interval '5 days' END
FROM (
    SELECT n, timestamptz '2022-07-02 00:00:00+00' + n * interval '393 seconds' + random() * interval '2 days' AS shipped
    FROM generate_series(1, 234000) n
    WHERE n % 6 <> 0
) AS series;

SELECT setseed(0.19);

-- Not in the order of their dates: they were imported product by product. The broken parcels are from the first month, when a carrier was on strike.
INSERT INTO reviews (product_id, customer_id, rating, title, body, created_at, deleted_at)
SELECT 1 + (floor(20000 * power(random(), 3))::bigint * 7919 % 20000)::int,
    CASE WHEN random() < 0.9 THEN 1 + floor(100000 * random())::int END,
    CASE WHEN strike THEN 1 ELSE 1 + floor(5 * sqrt(random()))::int END,
    CASE WHEN random() < 0.6 THEN 'Review ' || n END,
    CASE WHEN strike THEN 'Arrived broken in transit. ' ELSE '' END || repeat('I looked at it for a long time and then wrote this. ', 1 + n % 4),
    CASE WHEN strike THEN timestamptz '2022-07-01 00:00:00+00' + random() * interval '20 days'
        ELSE timestamptz '2022-07-21 00:00:00+00' + random() * interval '1070 days' END,
    CASE WHEN random() < 0.03 THEN timestamptz '2025-01-01 00:00:00+00' + random() * interval '180 days' END
FROM (SELECT n, random() < 0.05 AS strike FROM generate_series(1, 70000) n) AS series;

SELECT setseed(0.20);

INSERT INTO carts (token, customer_id, created_at, updated_at, checked_out_at)
SELECT md5('cart' || n), CASE WHEN random() < 0.55 THEN 1 + floor(100000 * random())::int END,
    created, created + random() * interval '2 days', CASE WHEN random() < 0.7 THEN created + interval '2 days' END
FROM (SELECT n, timestamptz '2024-07-01 00:00:00+00' + n * interval '788 seconds' AS created FROM generate_series(1, 40000) n) AS series;

INSERT INTO cart_items (cart_id, product_id, quantity, added_at)
SELECT c, 1 + (floor(20000 * power(random(), 3))::bigint * 7919 % 20000)::int, 1 + floor(3 * random())::int,
    timestamptz '2024-07-01 00:00:00+00' + c * interval '788 seconds' + random() * interval '1 day'
FROM generate_series(1, 40000) c, generate_series(1, 4) line
WHERE line <= 1 + c % 4;

ALTER SEQUENCE page_views_id_seq RESTART WITH 1900000000;

SELECT setseed(0.21);

INSERT INTO page_views (session_id, customer_id, url, referrer, user_agent, duration_ms, viewed_at)
SELECT md5('session' || n / 5)::uuid,
    CASE WHEN n / 5 % 3 = 0 THEN 1 + (n / 5 * 7919::bigint % 100000)::int END,
    '/products/' || 1 + floor(19800 * power(random(), 3))::int,
    CASE WHEN random() < 0.4 THEN 'https://search.example/?q=' || substr(md5(n::text), 1, 6) END,
    'Mozilla/5.0 (' || (ARRAY['X11; Linux x86_64', 'Windows NT 10.0', 'Macintosh; Intel Mac OS X', 'iPhone; CPU iPhone OS'])
        [1 + floor(4 * random())::int] || ') Engine/' || 100 + (20 * random())::int,
    CASE WHEN random() < 0.8 THEN (60000 * power(random(), 4))::int END,
    timestamptz '2025-06-01 00:00:00+00' + n * interval '10.8 seconds'
FROM generate_series(1, 240000) n;

INSERT INTO blocked_emails
SELECT 'Blocked.Customer' || n || '@Mail.' || (ARRAY['first-provider', 'second-provider', 'third-provider'])[1 + n % 3] || '.example',
    CASE WHEN n % 4 > 0 THEN (ARRAY['bounce', 'complaint', 'unsubscribed'])[n % 4] END,
    timestamptz '2022-07-01 00:00:00+00' + n * interval '700 seconds'
FROM generate_series(1, 130000) n;

SELECT setseed(0.22);

INSERT INTO stock_levels
SELECT p, w, floor(300 * random())::int FROM generate_series(1, 20000) p, generate_series(1, 2) w;

-- Loaded product by product from the old system. The large write-offs all date from the flood of the first month.
INSERT INTO stock_movements (product_id, warehouse_id, quantity, reason, moved_at)
SELECT p, 1 + floor(4 * random())::int,
    CASE WHEN flood THEN -60 - floor(40 * random())::int ELSE -40 + floor(120 * random())::int END,
    CASE WHEN flood THEN 'write-off' ELSE (ARRAY['sale', 'sale', 'sale', 'delivery', 'count'])[1 + floor(5 * random())::int] END,
    CASE WHEN flood THEN timestamptz '2022-07-01 00:00:00+00' + random() * interval '20 days'
        ELSE timestamptz '2022-07-21 00:00:00+00' + random() * interval '1070 days' END
FROM (SELECT p, random() < 0.12 AS flood FROM generate_series(1, 20000) p, generate_series(1, 8) AS line) AS series;

SELECT setseed(0.23);

INSERT INTO notifications (customer_id, channel, status, subject, created_at, sent_at)
SELECT 1 + floor(100000 * random())::int, (ARRAY['email', 'email', 'sms', 'push'])[1 + floor(4 * random())::int],
    CASE WHEN pending THEN 'pending' WHEN random() < 0.02 THEN 'failed' ELSE 'sent' END,
    'Your order ' || n || ' is on its way', created, CASE WHEN NOT pending THEN created + random() * interval '1 hour' END
FROM (
    SELECT n, random() < 0.002 AS pending, timestamptz '2024-07-01 00:00:00+00' + n * interval '315 seconds' AS created
    FROM generate_series(1, 100000) n
) AS series;

SELECT setseed(0.24);

INSERT INTO supplier_articles
SELECT 'ART-' || lpad(n::text, 6, '0'), 1 + n / 1000, CASE WHEN random() < 0.9 THEN n END
FROM generate_series(0, 8999) n;

INSERT INTO supplier_prices (batch, supplier_id, article, price, imported_at)
SELECT 1 + n % 40, 1 + n % 9000 / 1000, 'ART-' || lpad((n % 9000)::text, 6, '0'), round((5 + 400 * random())::numeric, 2),
    timestamptz '2025-05-01 00:00:00+00' + n % 40 * interval '1 day'
FROM generate_series(1, 10000) n;

SELECT setval(pg_get_serial_sequence('orders', 'id'), 241000);

-- Indexes
CREATE INDEX addresses_customer_id_idx ON addresses (customer_id);
CREATE INDEX products_category_id_idx ON products (category_id);
CREATE INDEX products_supplier_id_idx ON products (supplier_id);
CREATE INDEX products_name_idx ON products (name);
CREATE INDEX products_name_pattern_idx ON products (name text_pattern_ops);
CREATE INDEX coupons_code_valid_to_idx ON coupons (code, valid_to);
CREATE INDEX orders_placed_at_idx ON orders (placed_at);
CREATE INDEX orders_placed_at_idx1 ON orders (placed_at);
CREATE INDEX orders_coupon_id_idx ON orders (coupon_id);
CREATE INDEX order_items_product_id_idx ON order_items (product_id);
CREATE INDEX payments_order_id_idx ON payments (order_id);
CREATE INDEX payments_order_id_paid_at_idx ON payments (order_id, paid_at);
CREATE INDEX shipments_order_id_idx ON shipments (order_id);
CREATE INDEX shipments_warehouse_shipped_idx ON shipments (warehouse_id, shipped_at);
CREATE INDEX shipments_warehouse_latest_idx ON shipments (warehouse_id, shipped_at DESC);
CREATE INDEX carts_customer_id_idx ON carts (customer_id);
CREATE INDEX carts_updated_at_idx ON carts (updated_at);
CREATE INDEX carts_abandoned_idx ON carts (updated_at) WHERE checked_out_at IS NULL;
CREATE INDEX page_views_customer_viewed_idx ON page_views (customer_id, viewed_at DESC);
CREATE INDEX page_views_agent_referrer_url_idx ON page_views (user_agent, referrer, url);
CREATE INDEX stock_movements_product_moved_idx ON stock_movements (product_id, moved_at);
CREATE INDEX notifications_customer_id_idx ON notifications (customer_id);
CREATE INDEX supplier_articles_supplier_id_idx ON supplier_articles (supplier_id);
CREATE INDEX reviews_customer_id_idx ON reviews (customer_id);

-- Foreign keys
ALTER TABLE categories ADD FOREIGN KEY (parent_id) REFERENCES categories;
ALTER TABLE customers ADD FOREIGN KEY (country_code) REFERENCES countries;
ALTER TABLE addresses ADD FOREIGN KEY (customer_id) REFERENCES customers;
ALTER TABLE products ADD FOREIGN KEY (category_id) REFERENCES categories;
ALTER TABLE products ADD FOREIGN KEY (supplier_id) REFERENCES suppliers;
ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers;
ALTER TABLE orders ADD FOREIGN KEY (coupon_id) REFERENCES coupons;
ALTER TABLE order_items ADD FOREIGN KEY (order_id) REFERENCES orders;
ALTER TABLE order_items ADD FOREIGN KEY (product_id) REFERENCES products;
ALTER TABLE payments ADD FOREIGN KEY (order_id) REFERENCES orders;
ALTER TABLE shipments ADD FOREIGN KEY (order_id) REFERENCES orders;
ALTER TABLE shipments ADD FOREIGN KEY (warehouse_id) REFERENCES warehouses;
ALTER TABLE reviews ADD FOREIGN KEY (product_id) REFERENCES products;
ALTER TABLE reviews ADD FOREIGN KEY (customer_id) REFERENCES customers;
ALTER TABLE carts ADD FOREIGN KEY (customer_id) REFERENCES customers;
ALTER TABLE cart_items ADD FOREIGN KEY (cart_id) REFERENCES carts ON DELETE CASCADE;
ALTER TABLE stock_levels ADD FOREIGN KEY (product_id) REFERENCES products;
ALTER TABLE stock_movements ADD FOREIGN KEY (product_id) REFERENCES products;
ALTER TABLE notifications ADD FOREIGN KEY (customer_id) REFERENCES customers;

VACUUM ANALYZE;

SELECT setseed(0.25);

-- Tonight's price lists arrive after the statistics were taken, and autovacuum is off on this table.
INSERT INTO supplier_prices (batch, supplier_id, article, price, imported_at)
SELECT 41, 1 + n / 1000, 'ART-' || lpad(n::text, 6, '0'), round((5 + 400 * random())::numeric, 2), timestamptz '2025-06-30 02:00:00+00'
FROM generate_series(0, 5999) n;
