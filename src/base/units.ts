const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** Bytes for a reader, in powers of 1024 with PostgreSQL's unit names; `unknown` for null. */
export function formatBytes(bytes: number | null): string {
  if (bytes === null || !Number.isFinite(bytes)) return 'unknown';
  let value = Math.abs(bytes);
  let unit = 0;
  while (value >= 1024 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const sign = bytes < 0 ? '-' : '';
  return `${sign}${unit === 0 ? String(Math.round(value)) : significant(value, 3)} ${BYTE_UNITS[unit]}`;
}

/** Milliseconds for a reader; `unknown` for null. */
export function formatMs(ms: number | null): string {
  if (ms === null || !Number.isFinite(ms)) return 'unknown';
  if (Math.abs(ms) >= 2 * 3_600_000) return `${significant(ms / 3_600_000, 3)} h`;
  if (Math.abs(ms) >= 60_000) return `${significant(ms / 60_000, 3)} min`;
  if (Math.abs(ms) >= 1000) return `${significant(ms / 1000, 3)} s`;
  return `${significant(ms, 3)} ms`;
}

/** A count for a reader, with thin thousands separators; `unknown` for null. */
export function formatCount(count: number | null): string {
  if (count === null || !Number.isFinite(count)) return 'unknown';
  return Math.round(count).toLocaleString('en-US');
}

/** `1 statement`, `2,000 statements`; `unknown statements` where nobody counted. */
export function formatCounted(count: number | null, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** A fraction as a percentage; `unknown` for null. */
export function formatPercent(fraction: number | null): string {
  if (fraction === null || !Number.isFinite(fraction)) return 'unknown';
  return `${significant(fraction * 100, 3)} %`;
}

/** Reads `500MB`, `2 GB`, `1024`, in powers of 1024. Null when it is not a size. */
export function parseBytes(text: string): number | null {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(B|kB|KB|MB|GB|TB)?\s*$/i.exec(text);
  if (!match) return null;
  const power = ['B', 'KB', 'MB', 'GB', 'TB'].indexOf((match[2] ?? 'B').toUpperCase());
  return Math.round(Number(match[1]) * 1024 ** power);
}

/** Reads `15m`, `90s`, `2h`, `500ms` to milliseconds. Null when it is not a duration. */
export function parseDurationMs(text: string): number | null {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(ms|s|m|min|h)\s*$/.exec(text);
  if (!match) return null;
  const factor = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000 }[match[2] as 'ms' | 's' | 'm' | 'min' | 'h'];
  return Math.round(Number(match[1]) * factor);
}

/** Milliseconds in the form that `parseDurationMs` reads, in the largest unit that holds them wholly. */
export function durationText(ms: number): string {
  for (const [unit, size] of [
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const)
    if (ms > 0 && ms % size === 0) return `${ms / size}${unit}`;
  return `${ms}ms`;
}

function significant(value: number, digits: number): string {
  if (value === 0) return '0';
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(decimals, 3));
}
