// Writes the catalogues from folder listings (`catalogues` says which folders). The folder is the registry.
// `node scripts/generate-catalogue.mjs` writes them; `catalogue.test.ts` beside each fails when it is stale.
import { readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const source = new URL('../src/', import.meta.url);

/** What is generated: where from, where to, and the words of the text. */
export const catalogues = {
  advisors: {
    folder: new URL('advisors/', source),
    path: new URL('advisors/catalogue.ts', source),
    type: 'Advisor',
    from: './define.js',
    prefix: './',
    noun: 'advisor',
  },
  rewrites: {
    folder: new URL('rewrites/rules/', source),
    path: new URL('rewrites/catalogue.ts', source),
    type: 'RewriteRule',
    from: './define.js',
    prefix: './rules/',
    noun: 'rule',
  },
  patterns: {
    folder: new URL('profiling/patterns/', source),
    path: new URL('profiling/catalogue.ts', source),
    type: 'Pattern',
    from: './define.js',
    prefix: './patterns/',
    noun: 'pattern of use',
  },
  planFindings: {
    folder: new URL('plans/findings/', source),
    path: new URL('plans/catalogue.ts', source),
    type: 'PlanFindingKind',
    from: './define.js',
    prefix: './findings/',
    noun: 'kind of finding',
  },
  migrations: {
    folder: new URL('migrations/rules/', source),
    path: new URL('migrations/catalogue.ts', source),
    type: 'MigrationRule',
    from: './define.js',
    prefix: './rules/',
    noun: 'rule',
  },
  formats: {
    folder: new URL('report/formats/', source),
    path: new URL('report/formats/catalogue.ts', source),
    type: 'MigrationFormat',
    from: './define.js',
    prefix: './',
    noun: 'format of migrations',
  },
};

/** The ids that a folder holds, sorted: `<category>/<name>`. */
export function idsIn({ folder }) {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((category) =>
      readdirSync(new URL(`${category.name}/`, folder))
        .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
        .map((file) => `${category.name}/${file.slice(0, -'.ts'.length)}`),
    )
    .toSorted();
}

/** The text of catalogue.ts for these ids. */
export function catalogueSource({ type, from, prefix, noun }, ids) {
  const lines = [
    '// Generated from the folder listing by scripts/generate-catalogue.mjs. Do not edit.',
    `import type { ${type} } from '${from}';`,
    ...ids.map((id) => `import ${variableName(id)} from '${prefix}${id}.js';`),
    '',
    `/** Every ${noun}, sorted by id. */`,
    `export const catalogue: readonly ${type}[] = [`,
    ...ids.map((id) => `  ${variableName(id)},`),
    '];',
    '',
  ];
  return lines.join('\n');
}

function variableName(id) {
  return id.replace(/[/-](\w)/g, (_, letter) => letter.toUpperCase());
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const catalogue of Object.values(catalogues))
    writeFileSync(catalogue.path, catalogueSource(catalogue, idsIn(catalogue)));
}
