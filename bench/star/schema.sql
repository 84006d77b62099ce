-- A retailer's star: seven dimensions, four tables of facts, about 0.9 million rows, 110 MB. The same rows each time.
CREATE FUNCTION part(seed bigint, salt int, most int) RETURNS int LANGUAGE sql IMMUTABLE
  RETURN abs(hashint8extended(seed, salt) % most)::int;
-- As part(), with small numbers far more often: the square of an even distribution.
CREATE FUNCTION skewed(seed bigint, salt int, most int) RETURNS int LANGUAGE sql IMMUTABLE
  RETURN floor(most * power(part(seed, salt, 1000000) / 1000000.0, 2))::int;

CREATE TABLE calendar (day_id int PRIMARY KEY, day date NOT NULL, year int NOT NULL, quarter int NOT NULL, month int NOT NULL, weekday text NOT NULL, holiday boolean NOT NULL, week_no int NOT NULL);
INSERT INTO calendar
SELECT n, date '2021-01-01' + n, extract(year FROM date '2021-01-01' + n), extract(quarter FROM date '2021-01-01' + n), extract(month FROM date '2021-01-01' + n),
       trim(to_char(date '2021-01-01' + n, 'Day')), part(n, 1, 40) = 0, n / 7 FROM generate_series(0, 1825) AS n;

CREATE TABLE product (product_id int PRIMARY KEY, code char(16) NOT NULL, name text NOT NULL, category text, brand text, class text, colour text, price numeric(8, 2) NOT NULL, maker_id int, since date NOT NULL);
INSERT INTO product
SELECT n, 'P' || lpad(n::text, 15, '0'), md5(n::text), (ARRAY['Books', 'Music', 'Home', 'Shoes', 'Sports', 'Women', 'Men', 'Children', 'Jewelry', 'Electronics', NULL])[1 + part(n, 2, 11)],
       'brand ' || skewed(n, 3, 400), 'class ' || part(n, 4, 90), (ARRAY['red', 'green', 'blue', 'white', 'black', 'ivory', 'plum', 'navy'])[1 + skewed(n, 5, 8)],
       0.5 + part(n, 6, 30000) / 100.0, skewed(n, 7, 700), date '2015-01-01' + part(n, 8, 2500) FROM generate_series(1, 12000) AS n;

CREATE TABLE address (address_id int PRIMARY KEY, street text NOT NULL, city text NOT NULL, state char(2) NOT NULL, zip char(5) NOT NULL, country text NOT NULL, utc_offset int);
INSERT INTO address
SELECT n, md5('s' || n) || ' street', 'city ' || skewed(n, 9, 600), chr(65 + skewed(n, 10, 26)) || chr(65 + part(skewed(n, 10, 26), 11, 26)), lpad(skewed(n, 12, 90000)::text, 5, '0'), 'United States', -5 - part(n, 13, 4) FROM generate_series(1, 40000) AS n;

CREATE TABLE household (household_id int PRIMARY KEY, income_band int NOT NULL, buys text NOT NULL, dependants int NOT NULL, vehicles int NOT NULL);
INSERT INTO household SELECT n, n % 20, (ARRAY['>10000', '5001-10000', '1001-5000', '501-1000', '0-500', 'Unknown'])[1 + n % 6], n % 10, (n / 7) % 6 - 1 FROM generate_series(1, 7200) AS n;

CREATE TABLE shopper (shopper_id int PRIMARY KEY, first_name text, last_name text, email text, born int, household_id int REFERENCES household, address_id int NOT NULL REFERENCES address, first_day int REFERENCES calendar, preferred boolean);
INSERT INTO shopper
SELECT n, initcap(substr(md5('f' || skewed(n, 14, 3000)), 1, 6)), initcap(substr(md5('l' || skewed(n, 15, 6000)), 1, 8)), 'u' || n || '@example.org', CASE WHEN part(n, 16, 30) > 0 THEN 1925 + part(n, 17, 70) END,
       CASE WHEN part(n, 18, 25) > 0 THEN 1 + part(n, 19, 7200) END, 1 + part(n, 20, 40000), part(n, 21, 1500), part(n, 22, 2) = 0 FROM generate_series(1, 80000) AS n;

CREATE TABLE outlet (outlet_id int PRIMARY KEY, name text NOT NULL, city text NOT NULL, state char(2) NOT NULL, employees int NOT NULL, zone int NOT NULL);
INSERT INTO outlet SELECT n, (ARRAY['able', 'ought', 'bar', 'ese', 'anti', 'cally'])[1 + n % 6], 'city ' || n % 9, chr(65 + n % 7) || 'A', 200 + n, -5 - n % 3 FROM generate_series(1, 40) AS n;

CREATE TABLE campaign (campaign_id int PRIMARY KEY, by_mail boolean NOT NULL, by_event boolean NOT NULL, by_television boolean NOT NULL, purpose text);
INSERT INTO campaign SELECT n, part(n, 23, 10) = 0, part(n, 24, 12) = 0, part(n, 25, 2) = 0, 'Unknown' FROM generate_series(1, 300) AS n;

CREATE TABLE sale (day_id int, minute_id int, product_id int NOT NULL REFERENCES product, shopper_id int REFERENCES shopper, household_id int, outlet_id int, campaign_id int, ticket bigint NOT NULL, quantity int, list_price numeric(7, 2), price numeric(7, 2), discount numeric(7, 2), cost numeric(7, 2), profit numeric(9, 2), PRIMARY KEY (product_id, ticket));
INSERT INTO sale
SELECT CASE WHEN part(t, 30, 50) > 0 THEN least(1825, t / 40 + part(t, 31, 3)) END, 480 + skewed(t, 32, 900), 1 + (skewed(t * 10 + l, 33, 12000) + l * 997) % 12000, CASE WHEN part(t, 34, 40) > 0 THEN 1 + skewed(t, 35, 80000) END,
       CASE WHEN part(t, 36, 40) > 0 THEN 1 + part(t, 37, 7200) END, 1 + part(t, 38, 40), CASE WHEN part(t, 39, 3) > 0 THEN 1 + part(t * 10 + l, 40, 300) END, t, 1 + part(t * 10 + l, 41, 100), p, p * (60 + part(t * 10 + l, 42, 40)) / 100,
       CASE WHEN part(t * 10 + l, 43, 10) = 0 THEN p * 0.1 ELSE 0 END, p * 0.7, p * (part(t * 10 + l, 44, 60) - 20) / 100
FROM generate_series(1, 73000) AS t, generate_series(1, 8) AS l, LATERAL (SELECT (1 + part(t * 10 + l, 45, 20000) / 100.0)::numeric(7, 2) AS p) AS priced
WHERE l <= 2 + part(t, 46, 7) ON CONFLICT DO NOTHING;

CREATE TABLE refund (day_id int, product_id int NOT NULL, shopper_id int, outlet_id int, reason_id int, ticket bigint NOT NULL, quantity int, amount numeric(7, 2), loss numeric(7, 2), PRIMARY KEY (product_id, ticket), FOREIGN KEY (product_id, ticket) REFERENCES sale);
INSERT INTO refund
SELECT least(1825, day_id + 1 + part(ticket * 10 + product_id, 50, 60)), product_id, shopper_id, outlet_id, 1 + part(ticket + product_id, 51, 35), ticket, greatest(1, quantity / 2), price * quantity / 2, 5 + part(ticket, 52, 90) FROM sale WHERE part(ticket * 31 + product_id, 53, 10) = 0;

CREATE TABLE web_order (day_id int, ship_day_id int, product_id int NOT NULL, shopper_id int, ship_address_id int, campaign_id int, order_no bigint NOT NULL, warehouse int NOT NULL, ship_mode int NOT NULL, quantity int, list_price numeric(7, 2), price numeric(7, 2), discount numeric(7, 2), shipping numeric(7, 2), profit numeric(9, 2), PRIMARY KEY (product_id, order_no));
INSERT INTO web_order
SELECT least(1825, o / 15), least(1825, o / 15 + 1 + part(o * 10 + l, 60, 130)), 1 + (skewed(o * 10 + l, 61, 12000) + l * 1291) % 12000, 1 + part(o, 62, 80000), 1 + part(o, 63, 40000), 1 + part(o * 10 + l, 64, 300), o, 1 + part(o * 10 + l, 65, 5), 1 + part(o, 66, 20), 1 + part(o * 10 + l, 67, 100), p, p * (50 + part(o * 10 + l, 68, 50)) / 100,
       CASE WHEN part(o * 10 + l, 69, 4) = 0 THEN p * 0.2 ELSE 0 END, 2 + part(o, 70, 3000) / 100.0, p * (part(o * 10 + l, 71, 80) - 30) / 100
FROM generate_series(1, 27000) AS o, generate_series(1, 9) AS l, LATERAL (SELECT (1 + part(o * 10 + l, 72, 25000) / 100.0)::numeric(7, 2) AS p) AS priced
WHERE l <= 1 + part(o, 73, 9) ON CONFLICT DO NOTHING;

CREATE TABLE stock (day_id int NOT NULL, product_id int NOT NULL, warehouse int NOT NULL, on_hand int, PRIMARY KEY (day_id, product_id, warehouse));
INSERT INTO stock SELECT w * 7, 1 + (i * 3 + w % 3) % 12000, h, CASE WHEN part(w * 100000 + i * 5 + h, 80, 20) > 0 THEN part(w * 100000 + i * 5 + h, 81, 1000) END FROM generate_series(0, 259) AS w, generate_series(0, 399) AS i, generate_series(1, 3) AS h;
