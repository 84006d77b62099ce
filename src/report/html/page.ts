import { html, Markup } from './markup.js';
import { STYLE } from './style.js';

/** One titled part of a page; null where there is nothing to say. */
export type Section = readonly [id: string, title: string, body: Markup | null];

/** A page that needs nothing else, not even a script; its policy forbids to load anything. */
export function page(
  title: string,
  head: Markup,
  sections: readonly Section[],
  foot: {
    readonly tool: { readonly name: string; readonly version: string };
    readonly command: string;
    readonly startedAt: string;
    readonly finishedAt: string;
  },
): string {
  const shown = sections.filter(([, , body]) => body !== null);
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <meta name="referrer" content="no-referrer" />
        <title>${title}</title>
        <style>
          ${new Markup(STYLE)}
        </style>
      </head>
      <body>
        <main>
          ${head}
          <nav aria-label="Sections">${shown.map(([id, name]) => html`<a href="#${id}">${name}</a>`)}</nav>
          ${shown.map(
            ([id, name, body]) =>
              html`<section id="${id}">
                <h2>${name}</h2>
                ${body}
              </section>`,
          )}
          <footer>
            ${foot.tool.name} ${foot.tool.version} · <code>${foot.command}</code> · ${foot.startedAt} to
            ${foot.finishedAt}
          </footer>
        </main>
      </body>
    </html> `.text;
}
