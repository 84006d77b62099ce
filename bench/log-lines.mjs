// Lines of a server's log for benchmarks: shapes by a power law, values and times from a seeded stream.
import { seededRandom } from '../dist/stats/random.js';

const random = seededRandom(7);
/** A thousand messages a second. */
let clock = Date.UTC(2026, 10, 25, 3);

/** One of `count` shapes, the first ones most often. */
function shape(count) {
  return Math.floor(count * random() ** 3);
}

function sql(n) {
  const id = Math.floor(random() * 1e6);
  const day = `2026-${String(1 + Math.floor(random() * 12)).padStart(2, '0')}-01`;
  switch (n % 4) {
    case 0:
      return `SELECT o.id, o.total, c.name FROM orders_${n} o JOIN customer c ON c.id = o.customer_id WHERE o.customer_id = ${id} AND o.placed_at >= '${day}' ORDER BY o.placed_at DESC LIMIT 20`;
    case 1:
      return `UPDATE stock_${n} SET quantity = quantity - ${1 + (id % 5)}, touched_at = now() WHERE product_id = ${id} AND warehouse = 'w${id % 9}'`;
    case 2:
      return `SELECT count(*), sum(amount) FROM payment_${n}\nWHERE state IN ('paid', 'open', 'late')\n  AND account_id IN (${Array.from({ length: 1 + (id % 6) }, (_, i) => id + i).join(', ')}) /*controller='orders',action='a${n % 50}'*/`;
    default:
      return `INSERT INTO event_${n} (id, kind, body) VALUES (${id}, 'k${id % 20}', 'it''s the text of an event which is neither long nor short ${id}')`;
  }
}

function entry(shapes) {
  const n = shape(shapes);
  clock += random() * 2;
  return {
    n,
    time: `${new Date(clock).toISOString().slice(0, -1).replace('T', ' ')} UTC`,
    pid: 1000 + Math.floor(random() * 200),
    ms: (0.05 + 200 * random() ** 6).toFixed(3),
    text: sql(n),
    prepared: `SELECT * FROM account_${n} WHERE id = $1 AND state = $2 ORDER BY created_at LIMIT $3`,
    extended: n % 3 === 0,
    values: `$1 = '${Math.floor(random() * 1e6)}', $2 = 'open', $3 = '20'`,
  };
}

/** One message in the form that a server writes it, its newline included. */
export const forms = {
  stderr(shapes) {
    const { time, pid, ms, text, prepared, extended, values } = entry(shapes);
    const prefix = `${time} [${pid}] app@shop `;
    return extended
      ? `${prefix}LOG:  duration: ${ms} ms  execute <unnamed>: ${prepared}\n${prefix}DETAIL:  parameters: ${values}\n`
      : `${prefix}LOG:  duration: ${ms} ms  statement: ${text.replaceAll('\n', '\n\t')}\n`;
  },
  csvlog(shapes) {
    const { time, pid, ms, text, prepared, extended, values } = entry(shapes);
    const quote = (field) => `"${field.replaceAll('"', '""')}"`;
    const message = extended
      ? `duration: ${ms} ms  execute <unnamed>: ${prepared}`
      : `duration: ${ms} ms  statement: ${text}`;
    const detail = extended ? quote(`parameters: ${values}`) : '';
    return `${time},"app","shop",${pid},"[local]",67450000.${pid.toString(16)},5,"SELECT",${time.slice(0, 19)} UTC,3/12,0,LOG,00000,${quote(message)},${detail},,,,,,,,"shop web","client backend",,0\n`;
  },
  jsonlog(shapes) {
    const { time, pid, ms, text, prepared, extended, values } = entry(shapes);
    return `${JSON.stringify({
      timestamp: time,
      user: 'app',
      dbname: 'shop',
      pid,
      remote_host: '[local]',
      session_id: `67450000.${pid.toString(16)}`,
      line_num: 5,
      ps: 'SELECT',
      session_start: `${time.slice(0, 19)} UTC`,
      vxid: '3/12',
      txid: 0,
      error_severity: 'LOG',
      message: extended
        ? `duration: ${ms} ms  execute <unnamed>: ${prepared}`
        : `duration: ${ms} ms  statement: ${text}`,
      ...(extended ? { detail: `parameters: ${values}` } : {}),
      application_name: 'shop web',
      backend_type: 'client backend',
      query_id: 0,
    })}\n`;
  },
};

/** Pieces of about 64 kB, as the command reads them, until `bytes` were given. The same 32 MB of lines come again and again, so that making them does not count. */
export function pieces(form, shapes) {
  const made = [];
  for (let size = 0; size < 32 * 1024 * 1024;) {
    const lines = [];
    for (let length = 0; length < 64 * 1024;) {
      const line = forms[form](shapes);
      lines.push(line);
      length += line.length;
    }
    const piece = lines.join('');
    made.push(Buffer.from(piece));
    size += piece.length;
  }
  return made;
}
