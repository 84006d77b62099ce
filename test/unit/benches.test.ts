import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** `[file, module of src, name]` of everything that plain JavaScript imports from the build: no compiler looks at it. */
const imported = ['bench', 'scripts'].flatMap((folder) =>
  readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.mjs'))
    .flatMap((file) =>
      [
        ...readFileSync(`${root}${folder}/${file}`, 'utf8').matchAll(
          /import\s*\{([^}]*)\}\s*from\s*'[./]*\/dist\/([^']+)\.js'/g,
        ),
      ].flatMap(([, names = '', module = '']) =>
        names
          .split(',')
          .map((one) => one.trim().split(' as ')[0] ?? '')
          .filter((name) => name !== '')
          .map((name) => [`${folder}/${file}`, module, name] as const),
      ),
    ),
);

test('what benchmarks and scripts import from the build is exported there', () => {
  expect(imported.length).toBeGreaterThan(50);
  const missing = imported.filter(([, module, name]) => {
    const text = readFileSync(`${root}src/${module}.ts`, 'utf8');
    return !new RegExp(
      String.raw`export (?:(?:async )?(?:function|const|class|let)\*? ${name}\b|\{[^}]*\b${name}\b)`,
    ).test(text);
  });
  expect(missing).toEqual([]);
});
