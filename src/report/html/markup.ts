/** HTML that is safe to put on a page: only `html` makes it. */
export class Markup {
  constructor(readonly text: string) {}
}

export type HtmlValue = Markup | string | number | null | false | readonly HtmlValue[];

/** A template in which every value is escaped unless it is Markup itself. Null and false give nothing. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Markup {
  return new Markup(
    strings.map((part, position) => part + (position < values.length ? render(values[position] ?? null) : '')).join(''),
  );
}

/** Escapes for text and for quoted attributes; control characters, which HTML forbids, become U+FFFD. */
export function escapeHtml(text: string): string {
  return text.replace(CONTROLS, '\ufffd').replace(/[&<>"'`]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}

// oxlint-disable-next-line no-control-regex -- these are the characters to be taken out
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;

function render(value: HtmlValue): string {
  if (value === null || value === false) return '';
  if (value instanceof Markup) return value.text;
  if (typeof value === 'string') return escapeHtml(value);
  if (typeof value === 'number') return String(value);
  return value.map(render).join('');
}
