import { readFileSync } from 'node:fs';

import { PRODUCT } from '../base/product.js';

/** From package.json, wherever the package is installed. */
export const version: string = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
).version;

/** Who wrote a report. */
export const tool = { name: PRODUCT, version } as const;
