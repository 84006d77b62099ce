import { CsvRows, fieldText } from './csv.js';
import { readJsonlog } from './jsonlog.js';
import type { LinePrefix } from './prefix.js';
import type { ByteReader, RecordSink } from './record.js';

/**
 * Reads a log that a service exported as CSV with a row of column names (Supabase, CloudWatch, Azure): each row is taken as an object of an export in JSON would be,
 * columns that hold JSON taken apart.
 */
export function readExportedCsv(columns: readonly string[], prefix: LinePrefix | null, sink: RecordSink): ByteReader {
  let header = true;
  let line = 0;
  const reader = readJsonlog(prefix, {
    record: (record) => sink.record({ ...record, line }),
    unread: ({ reason }) => sink.unread({ line, reason: reason.replace('an object', 'a row') }),
  });
  const rows = new CsvRows((row) => {
    ({ line } = row);
    if (header) {
      header = false;
      return;
    }
    const value = Object.fromEntries(columns.map((name, i) => [name, structured(fieldText(row, i))]));
    reader.push(`${JSON.stringify(value)}\n`);
  });
  return {
    push: (piece) => rows.push(piece),
    end() {
      rows.end();
      reader.end();
    },
  };
}

function structured(field: string): unknown {
  if (!/^[[{]/.test(field)) return /^\d{14,16}$/.test(field) ? Number(field) : field;
  try {
    return JSON.parse(field) as unknown;
  } catch {
    return field;
  }
}
