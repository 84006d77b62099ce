import type { IndexSpec } from '../src/model/action.js';

export const SCHEMA: string;
/** Inserts about 370,000 rows times `scale`. */
export function data(scale: number): string;
export const ANALYZE: readonly string[];
export const LATER: string;
export const QUERIES: Readonly<Record<string, string>>;
export const CANDIDATES: Readonly<Record<string, readonly [spec: IndexSpec, query: string]>>;
