import { z } from 'zod';
import { parseBytes, parseDurationMs } from '../base/units.js';

/** What is looked at. */
export const targetInput = z
  .string()
  .optional()
  .describe('connection string of the target; PG* variables fill what it leaves out');

/** The statements that count. */
export const workloadInput = z
  .string()
  .optional()
  .describe(
    "a file of SQL statements, a server log, an export of pg_stat_statements or a program's SQL log, gzip or not; or pg_stat_statements (the default)",
  );

/** Where changes are tried. */
export const labInput = z
  .string()
  .default('auto')
  .describe('auto: a server of our own; or the connection string of a staging server');

/** `15m`, `90s`, `2h`, to milliseconds. */
export const durationInput = z.string().transform((text, check) => {
  const value = parseDurationMs(text);
  if (value !== null && value > 0) return value;
  check.addIssue({ code: 'custom', message: `"${text}" is not a time; write 90s, 15m or 2h` });
  return z.NEVER;
});

/** The same, or `0`. */
export const durationOrZeroInput = z.string().transform((text, check) => {
  const value = text.trim() === '0' ? 0 : parseDurationMs(text);
  if (value !== null) return value;
  check.addIssue({ code: 'custom', message: `"${text}" is not a time; write 0, 90s, 15m or 2h` });
  return z.NEVER;
});

/** `500MB`, `2GB`, to bytes. */
export const sizeInput = z.string().transform((text, check) => {
  const value = parseBytes(text);
  if (value !== null) return value;
  check.addIssue({ code: 'custom', message: `"${text}" is not a size; write 500MB or 2GB` });
  return z.NEVER;
});

/** The load that a run ends with. */
export const clientsInput = z.coerce
  .number()
  .int()
  .min(1)
  .max(100)
  .optional()
  .describe(
    'target load: the end of the run is measured with the workload sent from 1, 2, 4, ... up to so many clients at once (default: the cores of this machine)',
  );

/** Standbys of the target, whose scans count as well. */
export const replicaInput = z
  .array(z.string())
  .default([])
  .describe('connection string of a standby whose index scans count as well; give it once for each');

/** Program text. */
export const sourceInput = z
  .string()
  .optional()
  .describe('folder of the program that sends the statements: where each stands there, and patches with better texts');

/** Reading every page instead of estimating. */
export const exactBloatInput = z
  .boolean()
  .default(false)
  .describe('read all pages of the large btrees through pgstattuple, instead of estimating their bloat');
