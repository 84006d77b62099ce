import { html } from './markup.js';
import type { Markup } from './markup.js';

/** A link to a file of the same output folder; anything else is shown and not linked. */
export function fileLink(path: string): Markup {
  const ours = /^(?:migrations|rewrites)\/[\w.]+\.sql$/.test(path);
  return ours ? html`<a href="${path}"><code>${path}</code></a>` : html`<code>${path}</code>`;
}
