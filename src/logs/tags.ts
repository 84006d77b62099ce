/** What a comment in a statement says of the program that sent it. */
export type StatementTags = Readonly<Record<string, string>>;

/**
 * Tags of the comments of a statement: sqlcommenter (`key='value',...`, URL-encoded; its specification, "Key Value Format") and marginalia (`key:value,...`).
 * Null where a comment is neither. Trace ids, which differ with every execution, are left out.
 */
export function readTags(comments: readonly string[]): StatementTags | null {
  const tags: Record<string, string> = {};
  for (const comment of comments) {
    const pairs = comment.includes("='") ? commenterPairs(comment) : marginaliaPairs(comment);
    for (const [key, value] of pairs ?? []) if (!PASSING.has(key)) tags[key] = value;
  }
  return Object.keys(tags).length > 0 ? tags : null;
}

/** Where in the program a statement comes from, as far as its tags say: a source line, else a route, a controller's action, a job. Null when they say nothing of that. */
export function sourceOf(tags: StatementTags): string | null {
  const file = tags['file'] ?? tags['source_location'] ?? tags['code.filepath'];
  const line = tags['line'] ?? tags['code.lineno'];
  if (file !== undefined) return line === undefined ? file : `${file}:${line}`;
  if (line !== undefined && /[/.]/.test(line)) return line;
  const action = tags['action'];
  const controller = tags['controller_with_namespace'] ?? tags['controller'];
  if (controller !== undefined) return action === undefined ? controller : `${controller}#${action}`;
  return tags['route'] ?? tags['job'] ?? tags['job_class'] ?? tags['graphql'] ?? action ?? null;
}

/** They are of one request. */
const PASSING = new Set(['traceparent', 'tracestate', 'request_id', 'trace_id', 'span_id', 'pid', 'job_id']);

/** What tells the request apart that a statement belongs to; null when its comments hold nothing of that. */
export function requestOf(comments: readonly string[]): string | null {
  for (const comment of comments) {
    const traced = /\btraceparent='[0-9a-f]{2}-([0-9a-f]{32})-/.exec(comment)?.[1];
    if (traced !== undefined) return traced;
    const named = /\b(?:request_id|trace_id|job_id)(?:=|:)'?([^',]+)/.exec(comment)?.[1];
    if (named !== undefined) return named;
  }
  return null;
}

const PAIR = /^\s*([\w.%-]+)='((?:[^'\\]|\\.)*)'\s*$/;

function commenterPairs(comment: string): readonly (readonly [string, string])[] | null {
  const pairs = comment.split(/,(?=\s*[\w.%-]+=')/).map((part) => PAIR.exec(part));
  if (pairs.some((match) => match === null)) return null;
  return pairs.map(
    (match) => [decode(match?.[1] ?? ''), decode((match?.[2] ?? '').replaceAll(/\\(.)/g, '$1'))] as const,
  );
}

function marginaliaPairs(comment: string): readonly (readonly [string, string])[] | null {
  const pairs = comment.split(',').map((part) => /^\s*([a-z_]\w*):(\S.*?)\s*$/.exec(part));
  if (pairs.some((match) => match === null)) return null;
  return pairs.map((match) => [match?.[1] ?? '', match?.[2] ?? ''] as const);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
