// Pairs about types and their edges: moments and days, documents, arrays, ranges, texts of a length, doubles, numbers with a scale, enums, domains, parts of a table.

export const SCHEMA = `
CREATE TYPE urgency AS ENUM ('routine', 'soon', 'emergency');
CREATE DOMAIN share AS numeric(5, 4) CHECK (VALUE >= 0 AND VALUE <= 1);
CREATE TABLE ward (id int PRIMARY KEY, name varchar(20) NOT NULL, beds int, floor smallint, lead_id int);
CREATE TABLE doctor (id int PRIMARY KEY, ward_id int REFERENCES ward, chief_id int REFERENCES doctor, name text NOT NULL, title char(6), hourly numeric(7, 2), rating float8, flags int NOT NULL, skills text[], settings jsonb, hired date);
CREATE TABLE patient (id bigint PRIMARY KEY, ref uuid, last_name text NOT NULL, first_name text, born date NOT NULL, weight real, allergies text[], chart json, notes text, insured share, vip boolean);
CREATE TABLE stay (id int PRIMARY KEY, patient_id bigint NOT NULL REFERENCES patient, ward_id int REFERENCES ward, during daterange NOT NULL, arrived timestamptz NOT NULL, gone timestamptz, urgency urgency, cost numeric(10, 2));
CREATE TABLE slot (doctor_id int NOT NULL REFERENCES doctor, at timestamp NOT NULL, minutes int NOT NULL CHECK (minutes > 0), patient_id bigint, room text, PRIMARY KEY (doctor_id, at));
CREATE TABLE reading (patient_id bigint, taken timestamp, kind text, value numeric, raw float8);
CREATE TABLE supply (code text, lot text, amount int, unit_price numeric(12, 4), expires date, UNIQUE (code, lot));
`;

export const DIFFERENT = [
  [
    'arrivals until the last of a month',
    "SELECT id FROM stay WHERE arrived >= '2025-04-01' AND arrived < '2025-05-01'",
    "SELECT id FROM stay WHERE arrived BETWEEN '2025-04-01' AND '2025-04-30 23:59:59'",
  ],
  [
    'a day of UTC and a day here',
    "SELECT id FROM stay WHERE (arrived AT TIME ZONE 'UTC')::date = '2025-07-01'",
    "SELECT id FROM stay WHERE arrived::date = '2025-07-01'",
  ],
  [
    'day of the month by thirty days',
    "SELECT id FROM doctor WHERE hired >= date '2025-03-31' - interval '1 month'",
    "SELECT id FROM doctor WHERE hired >= date '2025-03-31' - 30",
  ],
  [
    'age in years by days',
    "SELECT id FROM patient WHERE extract(year FROM age(date '2025-06-01', born)) >= 65",
    "SELECT id FROM patient WHERE (date '2025-06-01' - born) / 365 >= 65",
  ],
  [
    'the week of a year and its days',
    "SELECT taken FROM reading WHERE to_char(taken, 'IYYY-IW') = '2025-01'",
    "SELECT taken FROM reading WHERE to_char(taken, 'YYYY-WW') = '2025-01'",
  ],
  [
    'quarter by months',
    "SELECT taken FROM reading WHERE date_trunc('quarter', taken) = '2025-04-01'",
    "SELECT taken FROM reading WHERE taken >= '2025-04-01' AND taken <= '2025-06-30'",
  ],
  [
    'hours that a stay lasted',
    "SELECT id, gone - arrived > interval '24 hours' FROM stay",
    "SELECT id, gone > arrived + interval '1 day' FROM stay",
  ],
  [
    'month of a moment cut to text',
    'SELECT left(arrived::text, 7) AS m, count(*) FROM stay GROUP BY 1',
    "SELECT to_char(arrived AT TIME ZONE 'UTC', 'YYYY-MM') AS m, count(*) FROM stay GROUP BY 1",
  ],
  [
    'ends of generated days',
    "SELECT d::date FROM generate_series(timestamp '2025-01-01', timestamp '2025-01-31', interval '1 day') d LEFT JOIN slot s ON s.at >= d AND s.at < d + interval '1 day' WHERE s.doctor_id IS NULL",
    "SELECT d::date FROM generate_series(timestamp '2025-01-01', timestamp '2025-01-30', interval '1 day') d LEFT JOIN slot s ON s.at >= d AND s.at < d + interval '1 day' WHERE s.doctor_id IS NULL",
  ],
  [
    'overlap that only touches',
    "SELECT a.doctor_id FROM slot a JOIN slot b ON b.doctor_id = a.doctor_id AND b.at > a.at WHERE b.at < a.at + a.minutes * interval '1 minute'",
    "SELECT a.doctor_id FROM slot a JOIN slot b ON b.doctor_id = a.doctor_id AND b.at > a.at WHERE b.at <= a.at + a.minutes * interval '1 minute'",
  ],
  [
    'range that holds a day',
    "SELECT id FROM stay WHERE during @> date '2025-02-10'",
    "SELECT id FROM stay WHERE lower(during) <= '2025-02-10' AND upper(during) >= '2025-02-10'",
  ],
  [
    'range without an end',
    "SELECT id FROM stay WHERE during && daterange('2025-02-01', '2025-03-01')",
    "SELECT id FROM stay WHERE lower(during) < '2025-03-01' AND upper(during) > '2025-02-01'",
  ],
  [
    'an empty range is within all',
    'SELECT a.id, b.id FROM stay a, stay b WHERE a.during <@ b.during',
    'SELECT a.id, b.id FROM stay a, stay b WHERE lower(a.during) >= lower(b.during) AND upper(a.during) <= upper(b.during)',
  ],
  [
    'ranges beside each other',
    'SELECT a.id FROM stay a WHERE EXISTS (SELECT 1 FROM stay b WHERE b.ward_id = a.ward_id AND b.id <> a.id AND b.during && a.during)',
    'SELECT a.id FROM stay a WHERE EXISTS (SELECT 1 FROM stay b WHERE b.ward_id = a.ward_id AND b.id <> a.id AND (b.during && a.during OR b.during -|- a.during))',
  ],
  [
    'a document key that is null',
    "SELECT id FROM doctor WHERE settings -> 'theme' IS NULL",
    "SELECT id FROM doctor WHERE settings ->> 'theme' IS NULL",
  ],
  [
    'a document key that is there',
    "SELECT id FROM doctor WHERE settings ? 'pager'",
    "SELECT id FROM doctor WHERE settings ->> 'pager' IS NOT NULL",
  ],
  [
    'number and text in a document',
    "SELECT id FROM doctor WHERE settings ->> 'level' = '3'",
    'SELECT id FROM doctor WHERE settings @> \'{"level": 3}\'',
  ],
  [
    'one element and a list of it',
    "SELECT id FROM doctor WHERE settings -> 'langs' = '[\"de\"]'",
    "SELECT id FROM doctor WHERE settings -> 'langs' @> '[\"de\"]'",
  ],
  [
    'documents compared as text',
    'SELECT a.id FROM doctor a JOIN doctor b ON a.settings = b.settings AND a.id < b.id',
    'SELECT a.id FROM doctor a JOIN doctor b ON a.settings::text = b.settings::text AND a.id < b.id',
  ],
  [
    'path to a depth',
    "SELECT id FROM doctor WHERE settings #>> '{call,phone}' = '112'",
    "SELECT id FROM doctor WHERE settings -> 'call' ->> 'phone' LIKE '112%'",
  ],
  [
    'elements of an empty array',
    'SELECT id, a FROM patient LEFT JOIN LATERAL unnest(allergies) a ON true',
    'SELECT id, unnest(allergies) AS a FROM patient',
  ],
  [
    'length of an empty array',
    'SELECT id FROM patient WHERE coalesce(array_length(allergies, 1), 0) = 0',
    'SELECT id FROM patient WHERE array_length(allergies, 1) = 0',
  ],
  [
    'cardinality and NULL',
    "SELECT id FROM patient WHERE NOT ('latex' = ANY (allergies))",
    "SELECT id FROM patient WHERE NOT (allergies @> ARRAY['latex'])",
  ],
  [
    'arrays that share and arrays that hold',
    "SELECT id FROM doctor WHERE skills && ARRAY['suture', 'triage']",
    "SELECT id FROM doctor WHERE skills @> ARRAY['suture', 'triage']",
  ],
  [
    'first of an array',
    'SELECT id, allergies[1] FROM patient WHERE cardinality(allergies) > 0',
    'SELECT id, (SELECT a FROM unnest(allergies) a LIMIT 1) FROM patient WHERE cardinality(allergies) > 0',
  ],
  [
    'blanks at the end of a title',
    "SELECT id FROM doctor WHERE title = 'Dr'",
    "SELECT id FROM doctor WHERE title LIKE 'Dr'",
  ],
  [
    'a title and more text',
    'SELECT id, title || name AS full_name FROM doctor',
    'SELECT id, concat(title, name) AS full_name FROM doctor',
  ],
  [
    'an underscore means itself',
    "SELECT code FROM supply WHERE starts_with(code, 'IV_')",
    "SELECT code FROM supply WHERE code LIKE 'IV_%'",
  ],
  [
    'percent in the middle',
    "SELECT code FROM supply WHERE position('5%' IN code) > 0",
    "SELECT code FROM supply WHERE code LIKE '%5%%'",
  ],
  [
    'a long pattern',
    "SELECT notes FROM patient WHERE notes LIKE 'discharged against%advice of the attending physician%'",
    "SELECT notes FROM patient WHERE notes LIKE 'discharged against%advice of the attending physicians%'",
  ],
  [
    'names in two cases',
    'SELECT lower(last_name) AS n, count(*) FROM patient GROUP BY lower(last_name)',
    'SELECT min(lower(last_name)) AS n, count(*) FROM patient GROUP BY last_name',
  ],
  [
    'names between letters',
    "SELECT id FROM patient WHERE last_name BETWEEN 'A' AND 'C'",
    "SELECT id FROM patient WHERE left(last_name, 1) BETWEEN 'A' AND 'C'",
  ],
  [
    'from the fourth letter',
    "SELECT code FROM supply WHERE substring(code FROM 4 FOR 3) = '-20'",
    "SELECT code FROM supply WHERE substring(code FROM 4) LIKE '%-20%'",
  ],
  [
    'part before a dash',
    "SELECT code FROM supply WHERE split_part(code, '-', 2) = 'B7'",
    "SELECT code FROM supply WHERE code LIKE '%-B7'",
  ],
  [
    'shown with its sign',
    'SELECT id, (rating * 0)::text FROM doctor WHERE rating * 0 = 0',
    'SELECT id, 0::float8::text FROM doctor WHERE rating * 0 = 0',
  ],
  [
    'distance from nothing',
    'SELECT patient_id FROM reading WHERE abs(value) > 5',
    'SELECT patient_id FROM reading WHERE value > 5',
  ],
  [
    'outside of a band',
    'SELECT patient_id FROM reading WHERE abs(value - 37) > 2',
    'SELECT patient_id FROM reading WHERE value > 39',
  ],
  [
    'square of a number',
    'SELECT patient_id FROM reading WHERE value * value >= 144',
    'SELECT patient_id FROM reading WHERE value >= 12',
  ],
  [
    'single and double precision',
    'SELECT id FROM patient WHERE weight = 70.1::real',
    'SELECT id FROM patient WHERE weight = 70.1',
  ],
  [
    'a double less itself',
    'SELECT patient_id FROM reading WHERE raw - raw = 0',
    'SELECT patient_id FROM reading WHERE raw IS NOT NULL',
  ],
  [
    'scale of a product',
    'SELECT code, (amount * unit_price)::numeric(12, 2) FROM supply',
    'SELECT code, amount * unit_price::numeric(12, 2) FROM supply',
  ],
  [
    'rounding before the sum',
    'SELECT round(sum(unit_price), 2) FROM supply',
    'SELECT sum(round(unit_price, 2)) FROM supply',
  ],
  [
    'halves up and halves to even',
    'SELECT patient_id, round(raw) FROM reading',
    'SELECT patient_id, round(raw::numeric)::float8 FROM reading',
  ],
  ['remainder and floor', 'SELECT id, flags / 8 FROM doctor', 'SELECT id, flags >> 3 FROM doctor'],
  ['a bit and a power', 'SELECT id FROM doctor WHERE flags & 16 <> 0', 'SELECT id FROM doctor WHERE flags >= 16'],
  [
    'two bits and any of them',
    'SELECT id FROM doctor WHERE flags & 6 = 6',
    'SELECT id FROM doctor WHERE flags & 6 > 0',
  ],
  [
    'order of labels',
    "SELECT id FROM stay WHERE urgency > 'routine'",
    "SELECT id FROM stay WHERE urgency::text > 'routine'",
  ],
  [
    'greatest label by text',
    'SELECT patient_id, max(urgency) FROM stay GROUP BY patient_id',
    'SELECT patient_id, max(urgency::text)::urgency FROM stay GROUP BY patient_id',
  ],
  [
    'all labels but one',
    "SELECT id FROM stay WHERE urgency IS DISTINCT FROM 'soon'",
    "SELECT id FROM stay WHERE urgency IN ('routine', 'emergency')",
  ],
  [
    'a domain without its ends',
    'SELECT id FROM patient WHERE insured BETWEEN 0 AND 1',
    'SELECT id FROM patient WHERE insured > 0',
  ],
  ['unique with NULL', 'SELECT DISTINCT code, lot FROM supply', 'SELECT code, lot FROM supply'],
  [
    'the same lot twice',
    'SELECT a.code, a.lot FROM supply a JOIN supply b USING (code, lot)',
    'SELECT code, lot FROM supply',
  ],
  [
    'count of distinct pairs',
    'SELECT count(DISTINCT (code, lot)) FROM supply',
    'SELECT count(DISTINCT code || lot) FROM supply',
  ],
  [
    'a page after a pair',
    "SELECT doctor_id, at FROM slot WHERE (doctor_id, at) > (4, timestamp '2025-01-01 09:00') ORDER BY doctor_id, at LIMIT 5",
    "SELECT doctor_id, at FROM slot WHERE doctor_id >= 4 AND at > '2025-01-01 09:00' ORDER BY doctor_id, at LIMIT 5",
  ],
  [
    'joined text in another order',
    "SELECT doctor_id, string_agg(room, ', ' ORDER BY at) FROM slot GROUP BY doctor_id",
    "SELECT doctor_id, string_agg(room, ', ' ORDER BY room) FROM slot GROUP BY doctor_id",
  ],
  [
    'array with and without NULL',
    'SELECT doctor_id, array_agg(room ORDER BY at) FROM slot GROUP BY doctor_id',
    'SELECT doctor_id, array_agg(room ORDER BY at) FILTER (WHERE room IS NOT NULL) FROM slot GROUP BY doctor_id',
  ],
  [
    'the middle value and the value in the middle',
    'SELECT kind, percentile_cont(0.5) WITHIN GROUP (ORDER BY raw) FROM reading GROUP BY kind',
    'SELECT kind, percentile_disc(0.5) WITHIN GROUP (ORDER BY raw) FROM reading GROUP BY kind',
  ],
  ['most frequent', 'SELECT mode() WITHIN GROUP (ORDER BY kind) FROM reading', 'SELECT max(kind) FROM reading'],
  [
    'days between far dates',
    "SELECT id FROM doctor WHERE hired < '1995-01-01'",
    "SELECT id FROM doctor WHERE hired < date '2025-01-01' - interval '29 years'",
  ],
  [
    'a uuid and its text',
    "SELECT id FROM patient WHERE ref::text LIKE 'a%'",
    "SELECT id FROM patient WHERE ref >= 'a0000000-0000-0000-0000-000000000000'",
  ],
  [
    'minutes of an interval',
    'SELECT id FROM stay WHERE extract(epoch FROM gone - arrived) / 60 > 90',
    'SELECT id FROM stay WHERE extract(minute FROM gone - arrived) > 90',
  ],
  [
    'twenty and more readings',
    'SELECT patient_id FROM reading GROUP BY patient_id HAVING count(*) > 20',
    'SELECT patient_id FROM reading WHERE patient_id IS NOT NULL GROUP BY patient_id HAVING count(kind) > 20',
  ],
  [
    'longer than a varchar',
    "SELECT id FROM ward WHERE name = 'a ward with a rather long name'",
    "SELECT id FROM ward WHERE name = left('a ward with a rather long name', 20)",
  ],
];

export const EQUAL = [
  [
    'pair out of a list with NULL',
    "SELECT amount FROM supply WHERE (code, lot) NOT IN (('a', 'x'), ('b', NULL))",
    "SELECT amount FROM supply WHERE NOT (code = 'a' AND lot = 'x') AND code <> 'b'",
  ],
  [
    'arrivals of a month',
    "SELECT id FROM stay WHERE date_trunc('month', arrived) = '2025-04-01'",
    "SELECT id FROM stay WHERE arrived >= '2025-04-01' AND arrived < '2025-05-01'",
  ],
  [
    'a day of UTC',
    "SELECT id FROM stay WHERE (arrived AT TIME ZONE 'UTC')::date = '2025-07-01'",
    "SELECT id FROM stay WHERE arrived >= '2025-07-01 00:00+00' AND arrived < '2025-07-02 00:00+00'",
  ],
  [
    'a week by its days',
    "SELECT taken FROM reading WHERE to_char(taken, 'IYYY-IW') = '2025-01'",
    "SELECT taken FROM reading WHERE taken >= '2024-12-30' AND taken < '2025-01-06'",
  ],
  [
    'a quarter by its days',
    "SELECT taken FROM reading WHERE date_trunc('quarter', taken) = '2025-04-01'",
    "SELECT taken FROM reading WHERE taken >= '2025-04-01' AND taken < '2025-07-01'",
  ],
  [
    'a range that holds a day by its bounds',
    "SELECT id FROM stay WHERE during @> date '2025-02-10'",
    "SELECT id FROM stay WHERE NOT isempty(during) AND (lower(during) <= '2025-02-10' OR lower_inf(during)) AND (upper(during) > '2025-02-10' OR upper_inf(during))",
  ],
  [
    'a key that is missing',
    "SELECT id FROM doctor WHERE settings -> 'theme' IS NULL AND settings IS NOT NULL AND jsonb_typeof(settings) = 'object'",
    "SELECT id FROM doctor WHERE NOT settings ? 'theme' AND jsonb_typeof(settings) = 'object'",
  ],
  [
    'a value of a document',
    "SELECT id FROM doctor WHERE settings -> 'level' = '3'",
    "SELECT id FROM doctor WHERE settings -> 'level' = '3' AND settings @> '{\"level\": 3}'",
  ],
  [
    'elements as rows',
    'SELECT id, a FROM patient CROSS JOIN LATERAL unnest(allergies) a',
    'SELECT id, unnest(allergies) AS a FROM patient',
  ],
  [
    'no elements',
    'SELECT id FROM patient WHERE coalesce(array_length(allergies, 1), 0) = 0',
    'SELECT id FROM patient WHERE coalesce(cardinality(allergies), 0) = 0',
  ],
  [
    'some of two skills',
    "SELECT id FROM doctor WHERE skills && ARRAY['suture', 'triage']",
    "SELECT id FROM doctor WHERE skills @> '{suture}' OR skills @> '{triage}'",
  ],
  [
    'an escaped underscore',
    "SELECT code FROM supply WHERE starts_with(code, 'IV_')",
    "SELECT code FROM supply WHERE code LIKE 'IV\\_%'",
  ],
  [
    'letters before another',
    "SELECT code FROM supply WHERE left(code, 3) = 'IV-'",
    "SELECT code FROM supply WHERE code LIKE 'IV-%'",
  ],
  [
    'both sides of nothing',
    'SELECT patient_id FROM reading WHERE abs(value) > 5',
    'SELECT patient_id FROM reading WHERE value > 5 OR value < -5',
  ],
  [
    'both sides of a band',
    'SELECT patient_id FROM reading WHERE abs(value - 37) > 2',
    'SELECT patient_id FROM reading WHERE value > 39 OR value < 35',
  ],
  [
    'a bit by its shift',
    'SELECT id FROM doctor WHERE flags & 16 <> 0',
    'SELECT id FROM doctor WHERE (flags >> 4) & 1 = 1',
  ],
  [
    'labels above one',
    "SELECT id FROM stay WHERE urgency > 'routine'",
    "SELECT id FROM stay WHERE urgency IN ('soon', 'emergency')",
  ],
  [
    'a domain within its ends',
    'SELECT id FROM patient WHERE insured BETWEEN 0 AND 1',
    'SELECT id FROM patient WHERE insured IS NOT NULL',
  ],
  [
    'unique without NULL',
    'SELECT DISTINCT code, lot FROM supply WHERE code IS NOT NULL AND lot IS NOT NULL',
    'SELECT code, lot FROM supply WHERE code IS NOT NULL AND lot IS NOT NULL',
  ],
  [
    'a page after a pair written out',
    "SELECT doctor_id, at FROM slot WHERE (doctor_id, at) > (4, timestamp '2025-01-01 09:00') ORDER BY doctor_id, at LIMIT 5",
    "SELECT doctor_id, at FROM slot WHERE doctor_id > 4 OR (doctor_id = 4 AND at > '2025-01-01 09:00') ORDER BY doctor_id, at LIMIT 5",
  ],
  ['minutes are above nothing', 'SELECT doctor_id FROM slot WHERE minutes >= 1', 'SELECT doctor_id FROM slot'],
  [
    'a parent of a NOT NULL key',
    'SELECT s.id FROM stay s JOIN patient p ON p.id = s.patient_id',
    'SELECT id FROM stay',
  ],
  [
    'a parent of a key that may be NULL',
    'SELECT s.id FROM stay s JOIN ward w ON w.id = s.ward_id',
    'SELECT id FROM stay WHERE ward_id IS NOT NULL',
  ],
  [
    'the first of all and the least',
    'SELECT kind, percentile_disc(0) WITHIN GROUP (ORDER BY patient_id) FROM reading GROUP BY kind',
    'SELECT kind, min(patient_id) FROM reading GROUP BY kind',
  ],
  [
    'titles with their blanks',
    "SELECT id FROM doctor WHERE title = 'Dr'",
    "SELECT id FROM doctor WHERE title = 'Dr  '",
  ],
  [
    'not equal, NULL included',
    "SELECT id FROM stay WHERE urgency IS DISTINCT FROM 'soon'",
    "SELECT id FROM stay WHERE urgency IN ('routine', 'emergency') OR urgency IS NULL",
  ],
  [
    'part before a dash by pattern',
    "SELECT code FROM supply WHERE split_part(code, '-', 1) = 'B7'",
    "SELECT code FROM supply WHERE code = 'B7' OR code LIKE 'B7-%'",
  ],
  [
    'rows of a whole number of minutes',
    'SELECT id FROM stay WHERE extract(epoch FROM gone - arrived) > 5400',
    "SELECT id FROM stay WHERE gone > arrived + interval '5400 seconds'",
  ],
  [
    'born before',
    "SELECT id FROM patient WHERE born < date '2025-06-01' - 7",
    "SELECT id FROM patient WHERE born + 7 < date '2025-06-01'",
  ],
  [
    'square on both sides',
    'SELECT patient_id FROM reading WHERE value * value >= 144',
    'SELECT patient_id FROM reading WHERE value >= 12 OR value <= -12',
  ],
  [
    'either spelling',
    "SELECT id FROM patient WHERE lower(last_name) = 'meyer'",
    "SELECT id FROM patient WHERE last_name ILIKE 'meyer'",
  ],
];
