// examples/webshop, with indexes that it lacks.
import { readFileSync } from 'node:fs';
import { indexSpec as spec } from '../comparison.mjs';

const read = (file) => readFileSync(new URL(`../../examples/webshop/${file}`, import.meta.url), 'utf8');

export const webshop = {
  name: 'webshop',
  fitted: false,
  analyze: [
    'orders',
    'order_items',
    'customers',
    'addresses',
    'page_views',
    'reviews',
    'payments',
    'stock_movements',
    'notifications',
    'supplier_prices',
  ],
  async load(session) {
    await session.run(read('schema.sql'));
    // VACUUM is not allowed among the statements of one message.
    for (const part of read('data.sql').split(/;[ \t]*(?:\n|$)/)) if (part.trim() !== '') await session.run(part);
  },
  indexes: {
    ws_orders_status: [
      spec('orders', ['status', 'placed_at']),
      `SELECT * FROM orders WHERE status = 'pending' AND placed_at > '2025-06-01'`,
    ],
    ws_orders_customer: [spec('orders', ['customer_id']), `SELECT * FROM orders WHERE customer_id = 4711`],
    ws_orders_customer_at: [
      spec('orders', ['customer_id', 'placed_at DESC']),
      `SELECT * FROM orders WHERE customer_id = 4711 ORDER BY placed_at DESC LIMIT 3`,
    ],
    ws_orders_coupon: [spec('orders', ['coupon_id']), `SELECT * FROM orders WHERE coupon_id = 17`],
    ws_orders_total: [spec('orders', ['total']), `SELECT * FROM orders WHERE total > 5000`],
    ws_orders_day: [
      spec('orders', [`((placed_at AT TIME ZONE 'UTC')::date)`]),
      `SELECT count(*) FROM orders WHERE (placed_at AT TIME ZONE 'UTC')::date = '2025-02-03'`,
    ],
    ws_items_product: [spec('order_items', ['product_id']), `SELECT * FROM order_items WHERE product_id = 777`],
    ws_items_product_order: [
      spec('order_items', ['product_id', 'order_id']),
      `SELECT order_id FROM order_items WHERE product_id = 777`,
    ],
    ws_items_order: [
      spec('order_items', ['order_id'], { include: ['quantity', 'unit_price'] }),
      `SELECT sum(quantity * unit_price) FROM order_items WHERE order_id = 777`,
    ],
    ws_items_quantity: [
      spec('order_items', ['quantity', 'product_id']),
      `SELECT * FROM order_items WHERE quantity = 5 AND product_id = 7`,
    ],
    ws_customers_name: [
      spec('customers', ['full_name']),
      `SELECT * FROM customers WHERE full_name = 'Anna Customer 8'`,
    ],
    ws_customers_mail: [spec('customers', ['(lower(email))']), `SELECT * FROM customers WHERE lower(email) = 'x'`],
    ws_customers_phone: [spec('customers', ['phone']), `SELECT * FROM customers WHERE phone = '+491599999999'`],
    ws_customers_country: [
      spec('customers', ['country_code', 'birthday']),
      `SELECT * FROM customers WHERE country_code = 'CH' AND birthday = '1970-02-02'`,
    ],
    ws_addresses_city: [
      spec('addresses', ['city', 'postcode']),
      `SELECT * FROM addresses WHERE city = 'City 77' AND postcode = '01234'`,
    ],
    ws_addresses_street: [spec('addresses', ['street']), `SELECT * FROM addresses WHERE street = 'Street 7 no. 7'`],
    ws_views_session: [
      spec('page_views', ['session_id']),
      `SELECT * FROM page_views WHERE session_id = md5('7')::uuid`,
    ],
    ws_views_url: [spec('page_views', ['url']), `SELECT * FROM page_views WHERE url = '/x'`],
    ws_views_agent: [
      spec('page_views', ['user_agent', 'viewed_at']),
      `SELECT * FROM page_views WHERE user_agent = 'x' AND viewed_at > '2025-06-20'`,
    ],
    ws_views_customer: [spec('page_views', ['customer_id']), `SELECT * FROM page_views WHERE customer_id = 4711`],
    ws_payments_status: [
      spec('payments', ['status', 'method']),
      `SELECT * FROM payments WHERE status = 'failed' AND method = 'card'`,
    ],
    ws_reviews_product: [
      spec('reviews', ['product_id', 'rating']),
      `SELECT * FROM reviews WHERE product_id = 7 AND rating = 5`,
    ],
    ws_reviews_body: [spec('reviews', ['body']), `SELECT * FROM reviews WHERE body = 'x'`],
    ws_stock: [
      spec('stock_movements', ['product_id', 'warehouse_id', 'moved_at']),
      `SELECT * FROM stock_movements WHERE product_id = 7 AND warehouse_id = 2 ORDER BY moved_at LIMIT 5`,
    ],
    ws_stock_reason: [spec('stock_movements', ['reason']), `SELECT * FROM stock_movements WHERE reason = 'loss'`],
    ws_unsent: [
      spec('notifications', ['created_at'], { where: 'sent_at IS NULL' }),
      `SELECT * FROM notifications WHERE sent_at IS NULL ORDER BY created_at LIMIT 10`,
    ],
    ws_prices_article: [
      spec('supplier_prices', ['article', 'batch']),
      `SELECT * FROM supplier_prices WHERE article = 'A-77'`,
    ],
    ws_prices_supplier: [
      spec('supplier_prices', ['supplier_id', 'batch']),
      `SELECT * FROM supplier_prices WHERE supplier_id = 7 AND batch = 9`,
    ],
    ws_hash_customer: [
      spec('orders', ['customer_id'], { method: 'hash' }),
      `SELECT * FROM orders WHERE customer_id = 4711`,
    ],
    ws_brin_viewed: [
      spec('page_views', ['viewed_at'], { method: 'brin' }),
      `SELECT * FROM page_views WHERE viewed_at > '2025-06-29'`,
    ],
  },
};
