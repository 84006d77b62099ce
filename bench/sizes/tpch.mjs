// TPC-H at scale factor 0.1, from files beside the repository; figures made with it are no TPC results.
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createGunzip } from 'node:zlib';
import { indexSpec as spec } from '../comparison.mjs';

const folder = join(
  process.env.DATABASE_WIZARD_DATA ?? fileURLToPath(new URL('../../../shared/data', import.meta.url)),
  'tpch-sf0.1',
);
const TABLES = ['region', 'nation', 'supplier', 'customer', 'part', 'partsupp', 'orders', 'lineitem'];

export const tpch = {
  name: 'TPC-H scale factor 0.1',
  fitted: false,
  analyze: TABLES,
  missing: existsSync(folder) ? null : 'the files are not there; DATABASE_WIZARD_DATA names their folder',
  async load(session) {
    const [tables, keys] = readFileSync(join(folder, 'schema.sql'), 'utf8').split(/(?=ALTER TABLE)([\s\S]*)/);
    await session.run(tables);
    for (const table of TABLES) {
      const rows = createReadStream(join(folder, `${table}.tbl.gz`)).pipe(createGunzip());
      await pipeline(rows, session.copyIn(`COPY public.${table} FROM STDIN (DELIMITER '|')`));
    }
    await session.run(keys);
  },
  indexes: {
    th_partkey: [spec('lineitem', ['l_partkey']), `SELECT * FROM lineitem WHERE l_partkey = 777`],
    th_suppkey_partkey: [
      spec('lineitem', ['l_suppkey', 'l_partkey']),
      `SELECT * FROM lineitem WHERE l_suppkey = 7 AND l_partkey = 6`,
    ],
    th_orderkey: [spec('lineitem', ['l_orderkey']), `SELECT * FROM lineitem WHERE l_orderkey = 7`],
    th_suppkey: [spec('lineitem', ['l_suppkey']), `SELECT * FROM lineitem WHERE l_suppkey = 7`],
    th_shipdate: [spec('lineitem', ['l_shipdate']), `SELECT * FROM lineitem WHERE l_shipdate = '1995-05-05'`],
    th_ship_receipt: [
      spec('lineitem', ['l_shipdate', 'l_receiptdate']),
      `SELECT * FROM lineitem WHERE l_shipdate = '1995-05-05' AND l_receiptdate < '1995-05-09'`,
    ],
    th_ship_cover: [
      spec('lineitem', ['l_shipdate'], { include: ['l_extendedprice', 'l_discount'] }),
      `SELECT sum(l_extendedprice * l_discount) FROM lineitem WHERE l_shipdate = '1995-05-05'`,
    ],
    th_mode: [spec('lineitem', ['l_shipmode']), `SELECT count(*) FROM lineitem WHERE l_shipmode = 'AIR'`],
    th_flags: [
      spec('lineitem', ['l_returnflag', 'l_linestatus', 'l_shipdate']),
      `SELECT * FROM lineitem WHERE l_returnflag = 'R' AND l_linestatus = 'F' AND l_shipdate = '1993-01-01'`,
    ],
    th_quantity: [
      spec('lineitem', ['l_quantity', 'l_discount']),
      `SELECT count(*) FROM lineitem WHERE l_quantity = 3 AND l_discount = 0.05`,
    ],
    th_price: [spec('lineitem', ['l_extendedprice']), `SELECT * FROM lineitem WHERE l_extendedprice < 905`],
    th_line_comment: [spec('lineitem', ['l_comment']), `SELECT * FROM lineitem WHERE l_comment = 'x'`],
    th_late: [
      spec('lineitem', ['l_orderkey'], { where: 'l_receiptdate > l_commitdate' }),
      `SELECT * FROM lineitem WHERE l_receiptdate > l_commitdate AND l_orderkey = 7`,
    ],
    th_custkey: [spec('orders', ['o_custkey']), `SELECT * FROM orders WHERE o_custkey = 7`],
    th_cust_date: [
      spec('orders', ['o_custkey', 'o_orderdate']),
      `SELECT * FROM orders WHERE o_custkey = 7 AND o_orderdate > '1998-01-01'`,
    ],
    th_orderdate: [spec('orders', ['o_orderdate']), `SELECT * FROM orders WHERE o_orderdate = '1995-05-05'`],
    th_priority: [
      spec('orders', ['o_orderpriority', 'o_orderdate']),
      `SELECT * FROM orders WHERE o_orderpriority = '1-URGENT' AND o_orderdate = '1995-05-05'`,
    ],
    th_clerk: [spec('orders', ['o_clerk']), `SELECT * FROM orders WHERE o_clerk = 'Clerk#000000077'`],
    th_year: [
      spec('orders', ['(extract(year FROM o_orderdate))']),
      `SELECT count(*) FROM orders WHERE extract(year FROM o_orderdate) = 1998`,
    ],
    th_type: [spec('part', ['p_type']), `SELECT * FROM part WHERE p_type = 'PROMO BURNISHED COPPER'`],
    th_brand: [
      spec('part', ['p_brand', 'p_container']),
      `SELECT * FROM part WHERE p_brand = 'Brand#23' AND p_container = 'MED BOX'`,
    ],
    th_size_type: [
      spec('part', ['p_size', 'p_type']),
      `SELECT * FROM part WHERE p_size = 15 AND p_type = 'PROMO BURNISHED COPPER'`,
    ],
    th_suppcost: [spec('partsupp', ['ps_supplycost']), `SELECT * FROM partsupp WHERE ps_supplycost < 1.2`],
    th_ps_suppkey: [spec('partsupp', ['ps_suppkey']), `SELECT * FROM partsupp WHERE ps_suppkey = 7`],
    th_ps_comment: [spec('partsupp', ['ps_comment']), `SELECT * FROM partsupp WHERE ps_comment = 'x'`],
    th_phone: [
      spec('customer', ['(substring(c_phone FROM 1 FOR 2))']),
      `SELECT * FROM customer WHERE substring(c_phone FROM 1 FOR 2) = '13'`,
    ],
    th_segment: [
      spec('customer', ['c_mktsegment', 'c_nationkey']),
      `SELECT * FROM customer WHERE c_mktsegment = 'BUILDING' AND c_nationkey = 7`,
    ],
    th_balance: [spec('customer', ['c_acctbal']), `SELECT * FROM customer WHERE c_acctbal > 9990`],
    th_hash_partkey: [
      spec('lineitem', ['l_partkey'], { method: 'hash' }),
      `SELECT * FROM lineitem WHERE l_partkey = 777`,
    ],
    th_brin_shipdate: [
      spec('lineitem', ['l_shipdate'], { method: 'brin' }),
      `SELECT * FROM lineitem WHERE l_shipdate > '1998-11-30'`,
    ],
  },
};
