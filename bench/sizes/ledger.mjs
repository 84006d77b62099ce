// A ledger: accounts that depend on branches, long runs of equal keys, rows updated over and over, and a table of which half is gone. Written when the model was finished.
import { indexSpec as spec } from '../comparison.mjs';

const SCHEMA = `
CREATE TYPE booking AS ENUM ('debit', 'credit', 'fee', 'reversal');
CREATE TABLE account (number char(12) PRIMARY KEY, branch smallint NOT NULL, area text NOT NULL, land char(2) NOT NULL, owner text NOT NULL, opened date NOT NULL, closed date, balance numeric(14,2) NOT NULL,
  limit_cents bigint, rate double precision NOT NULL, touched timestamptz NOT NULL);
CREATE TABLE entry (id bigint PRIMARY KEY, account char(12) NOT NULL, booked date NOT NULL, valued date NOT NULL, kind booking NOT NULL, amount numeric(12,2) NOT NULL, currency char(3) NOT NULL,
  reference varchar(35), counterpart text, batch int NOT NULL, memo text);
CREATE TABLE queue (id bigint PRIMARY KEY, entry_id bigint NOT NULL, state text NOT NULL, attempts int NOT NULL, due timestamptz NOT NULL);
`;

const DATA = `
SELECT setseed(0.61);
INSERT INTO account SELECT lpad((g * 7919 % 1000003)::text, 12, '0'), b, 'Area ' || b / 12, CASE WHEN b < 90 THEN 'DE' WHEN b < 110 THEN 'AT' ELSE 'CH' END, 'Owner ' || floor(power(random(), 2) * 30000),
  '1995-01-01'::date + (g / 9)::int, CASE WHEN random() < 0.06 THEN '2020-01-01'::date + floor(random() * 1500)::int END, (random() * random() * 1000000)::numeric(14,2), CASE WHEN random() < 0.4 THEN 100000 * floor(random() * 50)::bigint END,
  round((random() * 8)::numeric, 2), '2024-01-01'::timestamptz + random() * interval '300 days' FROM (SELECT g, floor(power(random(), 3) * 130)::int AS b FROM generate_series(1, 60000) AS g) AS a;
INSERT INTO entry SELECT g, lpad(((1 + floor(power(random(), 2.5) * 60000))::bigint * 7919 % 1000003)::text, 12, '0'), d, d + floor(random() * 3)::int, (ARRAY['debit', 'debit', 'credit', 'credit', 'fee', 'reversal'])[1 + floor(random() * 6)]::booking,
  (exp(random() * 10))::numeric(12,2), CASE WHEN random() < 0.93 THEN 'EUR' ELSE 'CHF' END, CASE WHEN random() < 0.5 THEN 'REF' || lpad((g / 3)::text, 10, '0') END, CASE WHEN random() < 0.7 THEN 'CP ' || floor(power(random(), 4) * 90000) END, g / 450,
  CASE WHEN random() < 0.2 THEN 'Invoice ' || g || ' of ' || d ELSE 'Standing order' END
  FROM (SELECT g, '2021-01-01'::date + (g / 260)::int AS d FROM generate_series(1, 320000) AS g) AS e;
INSERT INTO queue SELECT g, g, 'new', 0, '2024-01-01'::timestamptz + g * interval '3 seconds' FROM generate_series(1, 120000) AS g;
UPDATE queue SET state = 'sent', attempts = attempts + 1 WHERE id % 3 > 0;
UPDATE queue SET attempts = attempts + 1, due = due + interval '1 hour' WHERE id % 5 = 0;
UPDATE account SET touched = touched + interval '1 day', balance = balance + 1 WHERE branch < 20;
DELETE FROM queue WHERE id % 2 = 0;
`;

export const ledger = {
  name: 'ledger',
  fitted: false,
  analyze: ['account', 'entry', 'queue'],
  async load(session) {
    await session.run(SCHEMA);
    await session.run(DATA);
  },
  indexes: {
    le_account: [spec('entry', ['account']), `SELECT * FROM entry WHERE account = '000000007919'`],
    le_account_booked: [
      spec('entry', ['account', 'booked DESC']),
      `SELECT * FROM entry WHERE account = '000000007919' ORDER BY booked DESC LIMIT 5`,
    ],
    le_account_kind: [
      spec('entry', ['account', 'kind']),
      `SELECT * FROM entry WHERE account = '000000007919' AND kind = 'fee'`,
    ],
    le_booked: [spec('entry', ['booked']), `SELECT * FROM entry WHERE booked = '2022-02-02'`],
    le_booked_kind: [
      spec('entry', ['booked', 'kind', 'currency']),
      `SELECT * FROM entry WHERE booked = '2022-02-02' AND kind = 'fee'`,
    ],
    le_kind_valued: [
      spec('entry', ['kind', 'valued']),
      `SELECT * FROM entry WHERE kind = 'fee' AND valued = '2022-02-02'`,
    ],
    le_amount: [spec('entry', ['amount']), `SELECT * FROM entry WHERE amount > 21000`],
    le_currency_amount: [
      spec('entry', ['currency', 'amount']),
      `SELECT * FROM entry WHERE currency = 'CHF' AND amount > 21000`,
    ],
    le_reference: [spec('entry', ['reference']), `SELECT * FROM entry WHERE reference = 'REF0000000077'`],
    le_reference_set: [
      spec('entry', ['reference'], { where: 'reference IS NOT NULL' }),
      `SELECT * FROM entry WHERE reference = 'REF0000000077'`,
    ],
    le_counterpart: [spec('entry', ['counterpart']), `SELECT * FROM entry WHERE counterpart = 'CP 4711'`],
    le_counterpart_booked: [
      spec('entry', ['counterpart', 'booked']),
      `SELECT * FROM entry WHERE counterpart = 'CP 4711' AND booked > '2024-01-01'`,
    ],
    le_batch: [spec('entry', ['batch']), `SELECT * FROM entry WHERE batch = 77`],
    le_batch_account: [
      spec('entry', ['batch', 'account']),
      `SELECT * FROM entry WHERE batch = 77 AND account = '000000007919'`,
    ],
    le_memo: [spec('entry', ['memo']), `SELECT * FROM entry WHERE memo = 'x'`],
    le_fees: [
      spec('entry', ['account'], { where: `kind = 'fee'` }),
      `SELECT * FROM entry WHERE kind = 'fee' AND account = '000000007919'`,
    ],
    le_cover: [
      spec('entry', ['booked'], { include: ['amount', 'kind'] }),
      `SELECT sum(amount) FROM entry WHERE booked = '2022-02-02'`,
    ],
    le_month: [
      spec('entry', [`(date_trunc('month', booked::timestamp))`]),
      `SELECT count(*) FROM entry WHERE date_trunc('month', booked::timestamp) = '2022-02-01'`,
    ],
    le_loose: [
      spec('entry', ['counterpart'], { with: 'fillfactor = 75' }),
      `SELECT * FROM entry WHERE counterpart = 'CP 4711'`,
    ],
    le_place: [
      spec('account', ['land', 'area', 'branch']),
      `SELECT * FROM account WHERE land = 'AT' AND area = 'Area 8' AND branch = 97`,
    ],
    le_owner: [spec('account', ['owner']), `SELECT * FROM account WHERE owner = 'Owner 7'`],
    le_opened: [spec('account', ['opened', 'branch']), `SELECT * FROM account WHERE opened = '2001-01-01'`],
    le_open: [
      spec('account', ['branch', 'touched'], { where: 'closed IS NULL' }),
      `SELECT * FROM account WHERE closed IS NULL AND branch = 77 ORDER BY touched LIMIT 3`,
    ],
    le_closed: [spec('account', ['closed']), `SELECT * FROM account WHERE closed > '2024-01-01'`],
    le_limit: [
      spec('account', ['limit_cents', 'rate']),
      `SELECT * FROM account WHERE limit_cents = 700000 AND rate = 3`,
    ],
    le_state: [spec('queue', ['state', 'due']), `SELECT * FROM queue WHERE state = 'new' ORDER BY due LIMIT 10`],
    le_attempts: [spec('queue', ['attempts', 'state']), `SELECT * FROM queue WHERE attempts = 2 AND state = 'new'`],
    le_new: [
      spec('queue', ['entry_id'], { where: `state = 'new'` }),
      `SELECT * FROM queue WHERE state = 'new' AND entry_id = 77`,
    ],
    le_hash: [spec('entry', ['counterpart'], { method: 'hash' }), `SELECT * FROM entry WHERE counterpart = 'CP 4711'`],
    le_brin: [
      spec('entry', ['booked'], { method: 'brin', with: 'pages_per_range = 32' }),
      `SELECT * FROM entry WHERE booked > '2024-04-01'`,
    ],
  },
};
