-- The statements of the web shop, with how often each runs in an hour.
-- A block is: name, calls, and for parameters one line for each set of values, with where the values sit in the column's distribution.

-- name: log-in
-- calls: 600
-- params[frequent]: 'ben.customer1@mail.second-provider.example'
-- params[typical]: 'CARLA.CUSTOMER50002@MAIL.THIRD-PROVIDER.EXAMPLE'
-- params[absent]: 'nobody@mail.example'
SELECT id, full_name, deleted_at FROM customers WHERE lower(email) = lower($1);

-- name: customer-orders
-- calls: 300
-- params[frequent]: 1, '2024-07-01'
-- params[typical]: 23758, '2024-07-01'
-- params[rare]: 99999, '2024-07-01'
SELECT id, status, total, placed_at FROM orders
WHERE customer_id = $1 AND placed_at >= $2
ORDER BY placed_at DESC LIMIT 20;

-- name: order-lines
-- calls: 300
-- params[typical]: 120000
-- params[rare]: 239999
-- params[absent]: 240500
SELECT i.id, p.sku, p.name, i.quantity, i.unit_price
FROM order_items i JOIN products p ON p.id = i.product_id
WHERE i.order_id = $1
ORDER BY i.id;

-- name: order-header
-- calls: 300
-- params[typical]: 120000
-- params[absent]: 999999
SELECT o.id, o.status, o.total, c.full_name FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.id = $1;

-- name: order-payments
-- calls: 200
-- params[typical]: 120001
-- params[absent]: 240500
SELECT id, method, amount, status, paid_at FROM payments WHERE order_id = $1 ORDER BY paid_at;

-- name: track-parcel
-- calls: 150
-- params[typical]: 'AAAEC31F82695002'
-- params[absent]: 'FFFFFFFFFFFFFFFF'
SELECT order_id, carrier, shipped_at, delivered_at FROM shipments WHERE tracking_number = $1;

-- name: product-page
-- calls: 900
-- params[frequent]: 'SKU-000001'
-- params[typical]: 'SKU-010000'
-- params[absent]: 'SKU-999999'
SELECT p.id, p.name, p.price, p.description, c.name AS category
FROM products p JOIN categories c ON c.id = p.category_id
WHERE p.sku = $1;

-- name: product-reviews
-- calls: 900
-- params[frequent]: 1
-- params[typical]: 3758
-- params[rare]: 12082
SELECT rating, title, body, created_at FROM reviews
WHERE product_id = $1 AND deleted_at IS NULL
ORDER BY created_at DESC LIMIT 10;

-- name: product-sales
-- calls: 60
-- params[frequent]: 1
-- params[typical]: 3758
-- params[rare]: 12082
SELECT count(*), sum(quantity) AS pieces, sum(quantity * unit_price) AS turnover FROM order_items WHERE product_id = $1;

-- name: category-listing
-- calls: 400
-- params[frequent]: 1
-- params[typical]: 20
-- params[rare]: 60
SELECT id, sku, name, price FROM products WHERE category_id = $1 AND active ORDER BY price, id LIMIT 40;

-- name: product-search
-- calls: 200
-- params[frequent]: 'Wooden chair%'
-- params[rare]: 'Stone vase 1111%'
SELECT id, sku, name, price FROM products WHERE name LIKE $1 ORDER BY price, id LIMIT 25;

-- name: product-index
-- calls: 50
-- params[typical]: 'Paper lamp 7'
SELECT id, name FROM products WHERE name > $1 ORDER BY name LIMIT 50;

-- name: country-list
-- calls: 500
SELECT code, name, vat_rate FROM countries ORDER BY name;

-- name: customer-history
-- calls: 100
-- params[typical]: 23758
-- params[absent]: 0
SELECT url, viewed_at FROM page_views WHERE customer_id = $1 ORDER BY viewed_at DESC LIMIT 20;

-- name: abandoned-carts
-- calls: 4
SELECT id, token, customer_id, updated_at FROM carts
WHERE checked_out_at IS NULL AND updated_at >= '2025-06-29' ORDER BY updated_at LIMIT 100;

-- name: next-notifications
-- calls: 120
SELECT id, customer_id, channel, subject FROM notifications WHERE status = 'pending' ORDER BY created_at LIMIT 50;

-- name: warehouse-latest
-- calls: 20
SELECT warehouse_id, order_id, shipped_at FROM shipments ORDER BY warehouse_id, shipped_at DESC LIMIT 50;

-- name: warehouse-oldest
-- calls: 20
SELECT warehouse_id, order_id, shipped_at FROM shipments ORDER BY warehouse_id, shipped_at LIMIT 50;

-- name: daily-turnover
-- calls: 6
SELECT date_trunc('day', placed_at AT TIME ZONE 'UTC') AS day, count(*), sum(total) FROM orders
WHERE placed_at >= '2025-06-01' AND placed_at < '2025-07-01' GROUP BY 1 ORDER BY 1;

-- name: price-list-check
-- calls: 1
SELECT count(*), sum(s.price) FROM supplier_prices s JOIN supplier_articles a ON a.supplier_id = s.supplier_id AND a.article = s.article
WHERE s.batch = 41 AND a.product_id IS NOT NULL;

-- name: welcome-mail
-- calls: 1
SELECT id, email FROM customers
WHERE registered_at >= '2025-06-29 12:00:00+00' AND email NOT IN (SELECT email FROM blocked_emails)
ORDER BY id;

-- name: coupons-nobody-used
-- calls: 2
SELECT id, code FROM coupons
WHERE id NOT IN (SELECT coupon_id FROM orders WHERE placed_at >= '2025-06-15');

-- name: products-never-viewed
-- calls: 2
SELECT id, sku FROM products
WHERE created_at >= '2025-06-21' AND '/products/' || id NOT IN (SELECT url FROM page_views)
ORDER BY id;

-- name: best-order-of-each-customer
-- calls: 2
SELECT count(*), avg(total) FROM (
    SELECT total, row_number() OVER (PARTITION BY customer_id ORDER BY total DESC, id) AS place FROM orders WHERE status <> 'draft'
) AS ranked
WHERE place = 1;

-- name: returned-value
-- calls: 4
SELECT count(*), sum(total), max(total) FROM orders WHERE status = 'returned';

-- name: last-write-offs
-- calls: 6
SELECT id, product_id, quantity, moved_at FROM stock_movements
WHERE quantity <= -60 ORDER BY moved_at DESC LIMIT 10;

-- name: orders-changed-in-year
-- calls: 4
SELECT count(*), sum(total) FROM orders WHERE updated_at >= '2024-07-01' AND updated_at < '2025-07-01';

-- name: last-broken-parcels
-- calls: 6
SELECT id, product_id, rating, created_at FROM reviews
WHERE body LIKE '%broken in transit%' ORDER BY created_at DESC LIMIT 10;

-- name: addresses-to-purge
-- calls: 4
SELECT id, customer_id FROM addresses WHERE deleted_at < '2025-03-01' ORDER BY deleted_at;

-- name: session-trail
-- calls: 2
-- params[typical]: 'd76e7615-219c-f852-a545-32240f706793'
-- params[absent]: '00000000-0000-0000-0000-000000000000'
SELECT url, viewed_at FROM page_views WHERE session_id = $1 ORDER BY viewed_at;

-- name: record-page-view
-- calls: 6000
-- params[typical]: '0b6a8a1c-5a0e-4c1a-9b1e-3d3f0a7c1d11', 4711
-- params[rare]: '7e57ab1e-0000-4000-8000-000000000001', NULL
INSERT INTO page_views (session_id, customer_id, url, user_agent, duration_ms, viewed_at)
VALUES ($1, $2, '/products/1', 'Mozilla/5.0 (X11; Linux x86_64) Engine/120', 900, now());

-- name: place-order
-- calls: 60
-- params[frequent]: 1
-- params[typical]: 23758
INSERT INTO orders (customer_id, status, total, placed_at, updated_at) VALUES ($1, 'pending', 49.90, now(), now());

-- name: add-order-line
-- calls: 150
-- params[frequent]: 239999, 1
-- params[typical]: 120000, 3758
INSERT INTO order_items (order_id, product_id, quantity, unit_price) VALUES ($1, $2, 1, 24.95);

-- name: set-stock
-- calls: 100
-- params[typical]: 3758, 1
-- params[absent]: 3758, 4
INSERT INTO stock_levels (product_id, warehouse_id, on_hand) VALUES ($1, $2, 10)
ON CONFLICT (product_id, warehouse_id) DO UPDATE SET on_hand = stock_levels.on_hand + excluded.on_hand;

-- name: capture-payment
-- calls: 60
-- params[typical]: 239999
UPDATE payments SET status = 'captured', paid_at = now() WHERE order_id = $1 AND status = 'open';

-- name: order-paid
-- calls: 60
-- params[typical]: 239999
-- params[absent]: 999999
UPDATE orders SET status = 'paid', updated_at = now() WHERE id = $1;

-- name: notification-sent
-- calls: 120
-- params[typical]: 60000
UPDATE notifications SET status = 'sent', sent_at = now() WHERE id = $1;

-- name: drop-cart
-- calls: 30
-- params[typical]: 20000
-- params[rare]: 39999
DELETE FROM carts WHERE id = $1;

-- name: delete-draft
-- calls: 30
-- params[typical]: 240500
DELETE FROM orders WHERE id = $1 AND status = 'draft';
