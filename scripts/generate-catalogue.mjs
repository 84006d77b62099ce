// Writes src/advisors/catalogue.ts from the listing of src/advisors/*/*.ts: the folder is the registry.
// `node scripts/generate-catalogue.mjs` writes it; `catalogue.test.ts` fails when it is stale.
import { readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const advisorsFolder = new URL('../src/advisors/', import.meta.url);
const cataloguePath = new URL('catalogue.ts', advisorsFolder);

/** The ids that the folder holds, sorted: `<category>/<symptom>`. */
export function advisorIds(folder = advisorsFolder) {
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
export function catalogueSource(ids) {
  const lines = [
    '// Generated from the folder listing by scripts/generate-catalogue.mjs. Do not edit.',
    "import type { Advisor } from './define.js';",
    ...ids.map((id) => `import ${variableName(id)} from './${id}.js';`),
    '',
    '/** Every advisor, sorted by id. */',
    'export const catalogue: readonly Advisor[] = [',
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
  writeFileSync(cataloguePath, catalogueSource(advisorIds()));
}
