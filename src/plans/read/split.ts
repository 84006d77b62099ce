import { cleanLines } from './clean.js';

/** Cuts a text that holds several plans in the text form into one piece a plan, each with the query that stands before it. */
export function splitText(text: string): readonly string[] {
  const lines = cleanLines(text);
  const roots = lines.flatMap((line, at) => (ROOT.test(line) ? [beginningOf(lines, at)] : []));
  return between(
    lines,
    roots.map((root, i) => queryBetween(lines, roots[i - 1] ?? 0, root)),
  );
}

/** A line with the figures of a node that is below no other. */
const ROOT = /^\s*(?!->|Worker \d)\S.*\((?:cost=\d[^)]*\)|actual (?:time|rows)=)/;

/** A narrow terminal puts a node's figures on the line below its name. */
function beginningOf(lines: readonly string[], at: number): number {
  return /^\s*\(/.test(lines[at] ?? '') ? Math.max(0, at - 1) : at;
}

function queryBetween(lines: readonly string[], from: number, to: number): number {
  const query = lines.slice(from, to).findIndex((line) => /^\s*Query Text: /.test(line));
  return query === -1 ? to : from + query;
}

/** The same of the YAML form. */
export function splitYaml(text: string): readonly string[] {
  const lines = text.split('\n');
  const plans = lines.flatMap((line, at) => (/^\s*(?:- )?Plan:\s*\+?\s*$/.test(line) ? [at] : []));
  const query = /^\s*(?:- )?Query (?:Text|Identifier|Parameters): /;
  const starts = plans.map((plan, i) => {
    const from = plans[i - 1] ?? 0;
    const before = lines.slice(from, plan).findIndex((line) => query.test(line));
    return before === -1 ? plan : from + before;
  });
  return between(lines, starts);
}

/** The first piece also has what stands before it. */
function between(lines: readonly string[], starts: readonly number[]): readonly string[] {
  return starts.map((start, i) => lines.slice(i === 0 ? 0 : start, starts[i + 1] ?? lines.length).join('\n'));
}

/** The same of the XML form. */
export function splitXml(text: string): readonly string[] {
  return [...text.matchAll(/<Query>[\s\S]*?<\/Query>/g)].map(([query]) => query);
}

/** The same of the JSON form: the objects that hold a plan, whatever is around them. */
export function splitJson(text: string): readonly string[] {
  const found: string[] = [];
  const open: { readonly start: number; holdsPlan: boolean }[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (letter === '{') open.push({ start: at, holdsPlan: false });
    else if (letter === '"' && open.length > 0) {
      const end = stringEnd(text, at);
      const holder = open.at(-1);
      if (holder && text.slice(at, end) === '"Plan"' && /^\s*:/.test(text.slice(end, end + 20)))
        holder.holdsPlan = true;
      at = end - 1;
    } else if (letter === '}') {
      const closed = open.pop();
      if (closed?.holdsPlan === true) found.push(text.slice(closed.start, at + 1));
    }
  }
  return found;
}

function stringEnd(text: string, from: number): number {
  let at = from + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return Math.min(at + 1, text.length);
}
