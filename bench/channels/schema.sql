-- A retailer of three channels (shops, mail order, web): 17 dimensions, 7 tables of facts, about 1.2 million rows. Five years of trade from 2019 to 2023; the same rows each time.
-- Rows that grow with --scale: 70000 37000 21000 389
CREATE FUNCTION part(seed bigint, salt int, most int) RETURNS int LANGUAGE sql IMMUTABLE
  RETURN abs(hashint8extended(seed, salt) % most)::int;
-- As part(), with small numbers far more often: the square of an even distribution.
CREATE FUNCTION skewed(seed bigint, salt int, most int) RETURNS int LANGUAGE sql IMMUTABLE
  RETURN floor(most * power(part(seed, salt, 1000000) / 1000000.0::float8, 2))::int;
-- The day of the n-th of so many: a third of a year's trade is in its last two months.
CREATE FUNCTION traded(n int, most int) RETURNS int LANGUAGE sql IMMUTABLE
  RETURN 10593 + n * 5 / (most + 1) * 365 + (SELECT CASE WHEN f < 0.65 THEN f / 0.65 * 304 ELSE 304 + (f - 0.65) / 0.35 * 61 END FROM (SELECT n * 5.0::float8 / (most + 1) - n * 5 / (most + 1) AS f) AS share)::int;
-- Who holds a shop's ticket, and what is on its at most 12 lines, no article twice: mail and web orders of the same people often follow.
CREATE FUNCTION holder(ticket bigint) RETURNS int LANGUAGE sql IMMUTABLE RETURN 1 + skewed(ticket, 1, 30000);
CREATE FUNCTION bought(ticket bigint, line int, salt int) RETURNS int LANGUAGE sql IMMUTABLE RETURN 1 + 12 * skewed(ticket * 16 + line, salt, 750) + ((ticket + line) % 12)::int;

CREATE TABLE calendar (day_key int PRIMARY KEY, day date NOT NULL, year int NOT NULL, quarter int NOT NULL, month int NOT NULL, day_of_month int NOT NULL, weekday text NOT NULL, week_no int NOT NULL, month_no int NOT NULL, quarter_no int NOT NULL, holiday boolean NOT NULL, weekend boolean NOT NULL);
INSERT INTO calendar
SELECT n + 1, d, extract(year FROM d), extract(quarter FROM d), extract(month FROM d), extract(day FROM d), trim(to_char(d, 'Day')), (n + 1) / 7, (extract(year FROM d) - 1990) * 12 + extract(month FROM d), (extract(year FROM d) - 1990) * 4 + extract(quarter FROM d),
       part(n, 3, 36) = 0, extract(isodow FROM d) > 5 FROM generate_series(0, 14609) AS n, LATERAL (SELECT date '1990-01-01' + n AS d) AS made;

CREATE TABLE minute (minute_key int PRIMARY KEY, hour int NOT NULL, minute_of_hour int NOT NULL, half text NOT NULL, shift text NOT NULL, meal text);
INSERT INTO minute
SELECT n, n / 60, n % 60, CASE WHEN n < 720 THEN 'AM' ELSE 'PM' END, (ARRAY['third', 'first', 'second'])[1 + n / 480], CASE WHEN n / 60 BETWEEN 6 AND 8 THEN 'breakfast' WHEN n / 60 BETWEEN 11 AND 13 THEN 'lunch' WHEN n / 60 BETWEEN 18 AND 20 THEN 'dinner' END FROM generate_series(0, 1439) AS n;

CREATE TABLE article (article_key int PRIMARY KEY, code char(16) NOT NULL, title text NOT NULL, category text, class text, brand_no int, brand text, maker_no int, maker text, size text, colour text, packing text, manager_no int, price numeric(7, 2) NOT NULL, cost numeric(7, 2) NOT NULL, listed_from date NOT NULL, listed_until date);
INSERT INTO article
SELECT n, 'A' || lpad((n / 2)::text, 15, '0'), md5(n::text) || ' ' || md5((n / 3)::text), (ARRAY['Garden', 'Books', 'Toys', 'Shoes', 'Kitchen', 'Sport', 'Music', 'Jewellery', 'Electronics', 'Linen', NULL])[1 + c], 'class ' || c || '.' || k, c * 100 + k * 10 + part(n, 4, 8), 'brand ' || (c * 100 + k * 10 + part(n, 4, 8)),
       m, 'maker ' || m, (ARRAY['none', 'medium', 'large', 'small', 'huge', 'petite'])[1 + skewed(n, 5, 6)], (ARRAY['white', 'black', 'ivory', 'red', 'plum', 'navy', 'olive', 'sand', 'coral', 'teal', 'amber', 'lilac'])[1 + skewed(n, 6, 12)], (ARRAY['each', 'box', 'dozen', 'pallet', 'bag'])[1 + part(n, 7, 5)], 1 + skewed(n, 8, 100), p, p * 0.6, date '2015-01-01' + part(n, 9, 2000), CASE WHEN n % 2 = 0 THEN date '2021-01-01' + part(n, 10, 900) END
FROM generate_series(1, 9000) AS n, LATERAL (SELECT skewed(n, 11, 11) AS c, part(n, 12, 9) AS k, 1 + skewed(n, 13, 600) AS m, (0.9 + skewed(n, 14, 25000) / 100.0)::numeric(7, 2) AS p) AS made;

CREATE TABLE place (place_key int PRIMARY KEY, code char(16) NOT NULL, house_no int, street text NOT NULL, city text NOT NULL, county text NOT NULL, state char(2) NOT NULL, zip char(5) NOT NULL, country text NOT NULL, utc_offset int NOT NULL, dwelling text NOT NULL);
INSERT INTO place
SELECT n, 'P' || lpad(n::text, 15, '0'), part(n, 15, 999), 'street ' || part(n, 16, 4000), 'city ' || y % 300, 'county ' || y / 4, (ARRAY['TX', 'CA', 'GA', 'OH', 'VA', 'IL', 'NC', 'KS', 'TN', 'IA', 'MO', 'IN', 'NE', 'KY', 'MI', 'MN', 'AL', 'WI', 'ND', 'WA'])[1 + y / 40], lpad((y * 113 + part(n, 17, 8))::text, 5, '0'), 'United States', -5 - y / 200, (ARRAY['flat', 'house', 'shared'])[1 + part(n, 18, 3)]
FROM generate_series(1, 15000) AS n, LATERAL (SELECT skewed(n, 19, 800) AS y) AS made;

CREATE TABLE income (income_key int PRIMARY KEY, least int NOT NULL, most int NOT NULL);
INSERT INTO income SELECT n, (n - 1) * 10000, n * 10000 FROM generate_series(1, 20) AS n;

CREATE TABLE home (home_key int PRIMARY KEY, income_key int NOT NULL, buying text NOT NULL, dependants int NOT NULL, cars int NOT NULL);
INSERT INTO home SELECT n, 1 + n % 20, (ARRAY['tiny', 'small', 'middling', 'large', 'huge', 'unknown'])[1 + n / 20 % 6], n / 120 % 10, n / 1200 % 6 - 1 FROM generate_series(1, 7200) AS n;

CREATE TABLE person (person_key int PRIMARY KEY, gender char(1) NOT NULL, marital char(1) NOT NULL, education text NOT NULL, credit text NOT NULL, spends int NOT NULL, dependants int NOT NULL);
INSERT INTO person
SELECT n, (ARRAY['M', 'F'])[1 + n % 2], (ARRAY['S', 'M', 'D', 'W', 'U'])[1 + n / 2 % 5], (ARRAY['none', 'school', 'trade', 'college', 'bachelor', 'master', 'doctor'])[1 + n / 10 % 7], (ARRAY['low', 'fair', 'good', 'high'])[1 + n / 70 % 4], 500 + 1500 * (n / 280 % 5), n / 1400 % 7 FROM generate_series(1, 9800) AS n;

CREATE TABLE client (client_key int PRIMARY KEY, code char(16) NOT NULL, person_key int, home_key int, place_key int NOT NULL, first_day_key int, first_ship_day_key int, title text, first_name text, last_name text, preferred boolean, birth_month int, birth_year int, birth_country text, email text);
INSERT INTO client
SELECT n, 'C' || lpad(n::text, 15, '0'), CASE WHEN part(n, 20, 30) > 0 THEN 1 + part(n, 21, 9800) END, CASE WHEN part(n, 22, 30) > 0 THEN 1 + part(n, 23, 7200) END, 1 + part(n, 24, 15000), f, f + 30, (ARRAY['Mr', 'Ms', 'Dr'])[1 + part(n, 25, 3)], initcap(substr(md5('f' || skewed(n, 26, 2000)), 1, 6)), initcap(substr(md5('l' || skewed(n, 27, 4000)), 1, 8)), part(n, 28, 2) = 0,
       CASE WHEN part(n, 29, 30) > 0 THEN 1 + part(n, 30, 12) END, CASE WHEN part(n, 31, 30) > 0 THEN 1930 + part(n, 32, 65) END, 'country ' || part(n, 33, 120), 'c' || n || '@example.org' FROM generate_series(1, 30000) AS n, LATERAL (SELECT 10600 + part(n, 34, 1700) AS f) AS made;

CREATE TABLE offer (offer_key int PRIMARY KEY, name text NOT NULL, from_day_key int NOT NULL, until_day_key int NOT NULL, article_key int NOT NULL, by_mail boolean NOT NULL, by_email boolean NOT NULL, by_television boolean NOT NULL, by_event boolean NOT NULL, costs numeric(9, 2) NOT NULL);
INSERT INTO offer SELECT n, 'offer ' || n % 10, f, f + 45, 1 + part(n, 35, 9000), part(n, 36, 10) = 0, part(n, 37, 8) = 0, part(n, 38, 2) = 0, part(n, 39, 12) = 0, 1000 FROM generate_series(1, 400) AS n, LATERAL (SELECT 10600 + part(n, 40, 1700) AS f) AS made;

CREATE TABLE shop (shop_key int PRIMARY KEY, code char(16) NOT NULL, name text NOT NULL, city text NOT NULL, county text NOT NULL, state char(2) NOT NULL, zip char(5) NOT NULL, employees int NOT NULL, floor_space int NOT NULL, market_no int NOT NULL, manager text NOT NULL, utc_offset int NOT NULL);
INSERT INTO shop SELECT n, 'S' || lpad((n / 2)::text, 15, '0'), (ARRAY['mill', 'harbour', 'station', 'market', 'river', 'north'])[1 + n % 6], 'city ' || n % 7, 'county ' || n % 5, (ARRAY['TX', 'CA', 'GA', 'OH'])[1 + n % 4], lpad((n % 9 * 113)::text, 5, '0'), 200 + n * 5, 5000000 + n * 100000, 1 + n % 8, 'manager ' || n, -5 - n % 3 FROM generate_series(1, 24) AS n;

CREATE TABLE depot (depot_key int PRIMARY KEY, name text NOT NULL, space int NOT NULL, city text NOT NULL, state char(2) NOT NULL);
INSERT INTO depot SELECT n, 'depot ' || n, 100000 * n, 'city ' || n, (ARRAY['TX', 'CA', 'GA'])[1 + n % 3] FROM generate_series(1, 6) AS n;

CREATE TABLE desk (desk_key int PRIMARY KEY, name text NOT NULL, manager text NOT NULL, county text NOT NULL, size text NOT NULL);
INSERT INTO desk SELECT n, 'desk ' || n, 'manager ' || n % 5, 'county ' || n % 3, (ARRAY['small', 'medium', 'large'])[1 + n % 3] FROM generate_series(1, 8) AS n;

CREATE TABLE leaflet (leaflet_key int PRIMARY KEY, code char(16) NOT NULL, department text NOT NULL, number int NOT NULL, page_no int NOT NULL, kind text NOT NULL);
INSERT INTO leaflet SELECT n, 'L' || lpad(n::text, 15, '0'), 'department ' || n % 12, n / 100, n % 100, (ARRAY['monthly', 'quarterly', 'yearly'])[1 + n % 3] FROM generate_series(1, 3000) AS n;

CREATE TABLE site (site_key int PRIMARY KEY, code char(16) NOT NULL, name text NOT NULL, company text NOT NULL, manager text NOT NULL);
INSERT INTO site SELECT n, 'W' || lpad((n / 2)::text, 15, '0'), 'site ' || n / 3, (ARRAY['able', 'prime', 'allied'])[1 + n % 3], 'manager ' || n FROM generate_series(1, 12) AS n;

CREATE TABLE page (page_key int PRIMARY KEY, kind text NOT NULL, characters int NOT NULL, links int NOT NULL, images int NOT NULL);
INSERT INTO page SELECT n, (ARRAY['order', 'search', 'welcome', 'review', 'general'])[1 + n % 5], 1000 + part(n, 41, 7000), 2 + part(n, 42, 24), part(n, 43, 7) FROM generate_series(1, 60) AS n;

CREATE TABLE carriage (carriage_key int PRIMARY KEY, kind text NOT NULL, vehicle text NOT NULL, carrier text NOT NULL);
INSERT INTO carriage SELECT n, (ARRAY['express', 'overnight', 'regular', 'library'])[1 + n % 4], (ARRAY['air', 'surface', 'sea'])[1 + n % 3], 'carrier ' || n FROM generate_series(1, 20) AS n;

CREATE TABLE motive (motive_key int PRIMARY KEY, says text NOT NULL);
INSERT INTO motive SELECT n, 'motive ' || n FROM generate_series(1, 35) AS n;

CREATE TABLE shop_sale (day_key int, minute_key int, article_key int NOT NULL, client_key int, person_key int, home_key int, place_key int, shop_key int, offer_key int, ticket bigint NOT NULL, units int, cost_price numeric(7, 2), list_price numeric(7, 2), price numeric(7, 2), discount numeric(9, 2), sales numeric(9, 2), costs numeric(9, 2), tax numeric(9, 2), coupon numeric(9, 2), paid numeric(9, 2), profit numeric(9, 2));
INSERT INTO shop_sale
WITH held AS MATERIALIZED (
  SELECT t, CASE WHEN part(t, 50, 40) > 0 THEN traded(t, 70000) END AS day_key, 480 + skewed(t, 51, 840) AS minute_key, CASE WHEN part(t, 52, 40) > 0 THEN holder(t) END AS client_key, CASE WHEN part(t, 53, 40) > 0 THEN 1 + part(t, 54, 9800) END AS person_key, CASE WHEN part(t, 55, 40) > 0 THEN 1 + part(t, 56, 7200) END AS home_key,
         CASE WHEN part(t, 57, 40) > 0 THEN 1 + part(holder(t), CASE WHEN part(t, 58, 4) = 0 THEN 59 ELSE 24 END, 15000) END AS place_key, CASE WHEN part(t, 60, 40) > 0 THEN 1 + skewed(t, 61, 24) END AS shop_key, 1 + part(t, 62, 11) AS lines FROM generate_series(1, 70000) AS t)
SELECT day_key, minute_key, a.article_key, client_key, person_key, home_key, place_key, shop_key, CASE WHEN part(g, 63, 3) > 0 THEN 1 + part(g, 64, 400) END, t, q, a.cost, a.price, p, q * (a.price - p), q * p, q * a.cost, q * p * 0.08, c, q * p - c, q * (p - a.cost) - c
FROM held, LATERAL generate_series(1, lines) AS l, LATERAL (SELECT t * 16::bigint + l AS g, bought(t, l, 2) AS b OFFSET 0) AS line JOIN article a ON a.article_key = b,
     LATERAL (SELECT 1 + part(g, 65, 100) AS q, (a.price * (40 + part(g, 66, 61)) / 100)::numeric(7, 2) AS p, CASE WHEN part(g, 67, 9) = 0 THEN a.price ELSE 0 END AS c OFFSET 0) AS priced;

CREATE TABLE shop_return (day_key int, minute_key int, article_key int NOT NULL, client_key int, person_key int, home_key int, place_key int, shop_key int, motive_key int, ticket bigint NOT NULL, units int, amount numeric(9, 2), fee numeric(9, 2), freight numeric(9, 2), cash numeric(9, 2), credit numeric(9, 2), loss numeric(9, 2));
INSERT INTO shop_return
SELECT day_key + 1 + skewed(g, 70, 120), 480 + part(g, 71, 700), article_key, client_key, person_key, home_key, place_key, shop_key, 1 + skewed(g, 72, 35), ticket, greatest(1, units / 2), price * greatest(1, units / 2), 0.5 + part(g, 73, 9950) / 100.0, part(g, 74, 5000) / 100.0, price * greatest(1, units / 2) * 0.7, price * greatest(1, units / 2) * 0.3, 5 + part(g, 75, 90000) / 100.0
FROM (SELECT *, ticket * 10007 + article_key AS g FROM shop_sale) AS sold WHERE part(g, 76, CASE WHEN price > 60 THEN 8 ELSE 15 END) = 0;

CREATE TABLE mail_sale (day_key int, minute_key int, ship_day_key int, client_key int, person_key int, home_key int, place_key int, ship_client_key int, ship_place_key int, desk_key int, leaflet_key int, carriage_key int, depot_key int, article_key int NOT NULL, offer_key int, order_no bigint NOT NULL, units int, cost_price numeric(7, 2), list_price numeric(7, 2), price numeric(7, 2), discount numeric(9, 2), sales numeric(9, 2), costs numeric(9, 2), tax numeric(9, 2), coupon numeric(9, 2), freight numeric(9, 2), paid numeric(9, 2), profit numeric(9, 2));
INSERT INTO mail_sale
WITH ordered AS MATERIALIZED (
  SELECT o, part(o, 80, 5) = 0 AS follows, o::bigint * 70000 / 37000 AS t, traded(o, 37000) AS day_key, part(o, 81, 1440) AS minute_key, CASE WHEN part(o, 82, 60) > 0 THEN CASE WHEN part(o, 80, 5) = 0 THEN holder(o::bigint * 70000 / 37000) ELSE 1 + part(o, 83, 30000) END END AS client_key, 1 + part(o, 84, 9800) AS person_key, 1 + part(o, 85, 7200) AS home_key,
         1 + part(o, 86, 15000) AS place_key, part(o, 87, 6) = 0 AS is_gift, CASE WHEN part(o, 88, 50) > 0 THEN 1 + skewed(o, 89, 8) END AS desk_key, 1 + part(o, 90, 20) AS carriage_key, 1 + part(o, 91, 10) AS lines FROM generate_series(1, 37000) AS o)
SELECT day_key, minute_key, day_key + 2 + skewed(g, 92, 130), client_key, person_key, home_key, place_key, CASE WHEN is_gift THEN 1 + part(o, 93, 30000) ELSE client_key END, CASE WHEN is_gift THEN 1 + part(o, 94, 15000) ELSE place_key END, desk_key, 1 + part(g, 95, 3000), carriage_key, 1 + part(g, 96, 6), a.article_key, CASE WHEN part(g, 97, 2) > 0 THEN 1 + part(g, 98, 400) END, o, q, a.cost, a.price, p, q * (a.price - p), q * p, q * a.cost, q * p * 0.07, c, f, q * p - c, q * (p - a.cost) - c
FROM ordered, LATERAL generate_series(1, lines) AS l, LATERAL (SELECT o * 16::bigint + l AS g, CASE WHEN follows THEN bought(t, l, 2) ELSE bought(o, l, 99) END AS b OFFSET 0) AS line JOIN article a ON a.article_key = b,
     LATERAL (SELECT 1 + part(g, 100, 100) AS q, (a.price * (45 + part(g, 101, 56)) / 100)::numeric(7, 2) AS p, CASE WHEN part(g, 102, 7) = 0 THEN a.price ELSE 0 END AS c, part(g, 103, 20000) / 100.0 AS f OFFSET 0) AS priced;

CREATE TABLE mail_return (day_key int, article_key int NOT NULL, client_key int, place_key int, person_key int, desk_key int, leaflet_key int, carriage_key int, depot_key int, motive_key int, order_no bigint NOT NULL, units int, amount numeric(9, 2), fee numeric(9, 2), freight numeric(9, 2), cash numeric(9, 2), credit numeric(9, 2), loss numeric(9, 2));
INSERT INTO mail_return
SELECT ship_day_key + 1 + skewed(g, 110, 80), article_key, CASE WHEN part(g, 111, 8) > 0 THEN ship_client_key ELSE 1 + part(g, 112, 30000) END, ship_place_key, person_key, desk_key, leaflet_key, carriage_key, depot_key, 1 + skewed(g, 113, 35), order_no, greatest(1, units / 2), price * greatest(1, units / 2), 0.5 + part(g, 114, 9950) / 100.0, freight / 2, price * greatest(1, units / 2) * 0.6, price * greatest(1, units / 2) * 0.4, 5 + part(g, 115, 90000) / 100.0
FROM (SELECT *, order_no * 10009 + article_key AS g FROM mail_sale) AS sold WHERE part(g, 116, 12) = 0;

CREATE TABLE web_sale (day_key int, minute_key int, ship_day_key int, article_key int NOT NULL, client_key int, person_key int, home_key int, place_key int, ship_client_key int, ship_home_key int, ship_place_key int, page_key int, site_key int, carriage_key int, depot_key int, offer_key int, order_no bigint NOT NULL, units int, cost_price numeric(7, 2), list_price numeric(7, 2), price numeric(7, 2), discount numeric(9, 2), sales numeric(9, 2), costs numeric(9, 2), tax numeric(9, 2), coupon numeric(9, 2), freight numeric(9, 2), paid numeric(9, 2), profit numeric(9, 2));
INSERT INTO web_sale
WITH ordered AS MATERIALIZED (
  SELECT o, part(o, 120, 6) = 0 AS follows, o::bigint * 70000 / 21000 AS t, traded(o, 21000) AS day_key, skewed(o, 121, 1440) AS minute_key, CASE WHEN part(o, 122, 60) > 0 THEN CASE WHEN part(o, 120, 6) = 0 THEN holder(o::bigint * 70000 / 21000) ELSE 1 + skewed(o, 123, 30000) END END AS client_key, 1 + part(o, 124, 9800) AS person_key, 1 + part(o, 125, 7200) AS home_key,
         1 + part(o, 126, 15000) AS place_key, part(o, 127, 5) = 0 AS is_gift, 1 + skewed(o, 128, 12) AS site_key, 1 + part(o, 129, 20) AS carriage_key, 1 + part(o, 130, 10) AS lines FROM generate_series(1, 21000) AS o)
SELECT day_key, minute_key, day_key + 1 + skewed(g, 131, 120), a.article_key, client_key, person_key, home_key, place_key, CASE WHEN is_gift THEN 1 + part(o, 132, 30000) ELSE client_key END, 1 + part(o, 133, 7200), CASE WHEN is_gift THEN 1 + part(o, 134, 15000) ELSE place_key END, 1 + part(g, 135, 60), site_key, carriage_key, CASE WHEN part(g, 136, 50) > 0 THEN 1 + part(g, 137, 6) END, CASE WHEN part(g, 138, 2) > 0 THEN 1 + part(g, 139, 400) END, o, q, a.cost, a.price, p, q * (a.price - p), q * p, q * a.cost, q * p * 0.07, c, f, q * p - c, q * (p - a.cost) - c
FROM ordered, LATERAL generate_series(1, lines) AS l, LATERAL (SELECT o * 16::bigint + l AS g, CASE WHEN follows THEN bought(t, l, 2) ELSE bought(o, l, 140) END AS b OFFSET 0) AS line JOIN article a ON a.article_key = b,
     LATERAL (SELECT 1 + part(g, 141, 100) AS q, (a.price * (45 + part(g, 142, 56)) / 100)::numeric(7, 2) AS p, CASE WHEN part(g, 143, 8) = 0 THEN a.price ELSE 0 END AS c, part(g, 144, 15000) / 100.0 AS f OFFSET 0) AS priced;

CREATE TABLE web_return (day_key int, article_key int NOT NULL, client_key int, person_key int, home_key int, place_key int, return_person_key int, page_key int, motive_key int, order_no bigint NOT NULL, units int, amount numeric(9, 2), fee numeric(9, 2), freight numeric(9, 2), cash numeric(9, 2), credit numeric(9, 2), loss numeric(9, 2));
INSERT INTO web_return
SELECT ship_day_key + 1 + skewed(g, 150, 80), article_key, client_key, person_key, home_key, place_key, CASE WHEN part(g, 151, 3) > 0 THEN person_key ELSE 1 + part(g, 152, 9800) END, page_key, 1 + skewed(g, 153, 35), order_no, greatest(1, units / 2), price * greatest(1, units / 2), 0.5 + part(g, 154, 9950) / 100.0, freight / 2, price * greatest(1, units / 2) * 0.6, price * greatest(1, units / 2) * 0.4, 5 + part(g, 155, 90000) / 100.0
FROM (SELECT *, order_no * 10037 + article_key AS g FROM web_sale) AS sold WHERE part(g, 156, 11) = 0;

CREATE TABLE stock (day_key int NOT NULL, article_key int NOT NULL, depot_key int NOT NULL, on_hand int);
INSERT INTO stock
SELECT 10593 + w * 7, 1 + (i * 23 + w % 4) % 9000, h, CASE WHEN part(g, 160, 20) > 0 THEN CASE WHEN i % 5 = 0 THEN skewed(g, 161, 1500) ELSE 300 + part(g, 162, 500) END END
FROM generate_series(0, 260) AS w, generate_series(0, 389) AS i, generate_series(1, 3) AS h, LATERAL (SELECT (w * 1000 + i) * 10::bigint + h AS g) AS made;

ALTER TABLE shop_sale ADD PRIMARY KEY (article_key, ticket);
ALTER TABLE shop_return ADD PRIMARY KEY (article_key, ticket);
ALTER TABLE mail_sale ADD PRIMARY KEY (article_key, order_no);
ALTER TABLE mail_return ADD PRIMARY KEY (article_key, order_no);
ALTER TABLE web_sale ADD PRIMARY KEY (article_key, order_no);
ALTER TABLE web_return ADD PRIMARY KEY (article_key, order_no);
ALTER TABLE stock ADD PRIMARY KEY (day_key, article_key, depot_key);
ALTER TABLE home ADD FOREIGN KEY (income_key) REFERENCES income;
ALTER TABLE client ADD FOREIGN KEY (person_key) REFERENCES person, ADD FOREIGN KEY (home_key) REFERENCES home, ADD FOREIGN KEY (place_key) REFERENCES place, ADD FOREIGN KEY (first_day_key) REFERENCES calendar, ADD FOREIGN KEY (first_ship_day_key) REFERENCES calendar;
ALTER TABLE offer ADD FOREIGN KEY (from_day_key) REFERENCES calendar, ADD FOREIGN KEY (until_day_key) REFERENCES calendar, ADD FOREIGN KEY (article_key) REFERENCES article;
ALTER TABLE shop_sale ADD FOREIGN KEY (day_key) REFERENCES calendar, ADD FOREIGN KEY (article_key) REFERENCES article, ADD FOREIGN KEY (client_key) REFERENCES client, ADD FOREIGN KEY (home_key) REFERENCES home, ADD FOREIGN KEY (shop_key) REFERENCES shop, ADD FOREIGN KEY (offer_key) REFERENCES offer;
ALTER TABLE shop_return ADD FOREIGN KEY (day_key) REFERENCES calendar, ADD FOREIGN KEY (article_key, ticket) REFERENCES shop_sale, ADD FOREIGN KEY (motive_key) REFERENCES motive;
ALTER TABLE mail_sale ADD FOREIGN KEY (day_key) REFERENCES calendar, ADD FOREIGN KEY (article_key) REFERENCES article, ADD FOREIGN KEY (client_key) REFERENCES client, ADD FOREIGN KEY (desk_key) REFERENCES desk, ADD FOREIGN KEY (leaflet_key) REFERENCES leaflet, ADD FOREIGN KEY (depot_key) REFERENCES depot;
ALTER TABLE mail_return ADD FOREIGN KEY (day_key) REFERENCES calendar, ADD FOREIGN KEY (article_key, order_no) REFERENCES mail_sale, ADD FOREIGN KEY (motive_key) REFERENCES motive;
ALTER TABLE web_sale ADD FOREIGN KEY (day_key) REFERENCES calendar, ADD FOREIGN KEY (article_key) REFERENCES article, ADD FOREIGN KEY (client_key) REFERENCES client, ADD FOREIGN KEY (site_key) REFERENCES site, ADD FOREIGN KEY (page_key) REFERENCES page, ADD FOREIGN KEY (carriage_key) REFERENCES carriage;
ALTER TABLE web_return ADD FOREIGN KEY (day_key) REFERENCES calendar, ADD FOREIGN KEY (article_key, order_no) REFERENCES web_sale, ADD FOREIGN KEY (motive_key) REFERENCES motive;
ALTER TABLE stock ADD FOREIGN KEY (article_key) REFERENCES article, ADD FOREIGN KEY (depot_key) REFERENCES depot;
