import { readFileSync } from 'node:fs';

/** From package.json, wherever the package is installed. */
export const version: string = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
).version;
