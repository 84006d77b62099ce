import type { IndexSpec } from '../src/model/action.js';

export const SCHEMA: string;
export const DATA: string;
export const ANALYZE: string;
export const LATER: string;
export const QUERIES: Readonly<Record<string, string>>;
export const CANDIDATES: Readonly<Record<string, readonly [spec: IndexSpec, query: string]>>;
