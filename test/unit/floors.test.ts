import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';

const FLOORS: Readonly<Record<string, number>> = {
  base: 0,
  model: 1,
  sql: 1,
  stats: 1,
  indexes: 2,
  logs: 2,
  migrations: 2,
  plans: 2,
  programs: 2,
  rewrites: 2,
  advisors: 3,
  kernel: 3,
  profiling: 3,
  report: 3,
  postgres: 4,
  ledger: 4,
  git: 4,
  deploy: 5,
  lab: 5,
  app: 6,
  cli: 7,
};
const DRIVERS = ['pg', 'pg-copy-streams'];
/** `from '...'`, `import '...'`, `import('...')`, `require('...')`, types included. */
const IMPORTS = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)(['"`])([^'"`]+)\1/g;

const source = new URL('../../src/', import.meta.url);
const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts'));
const imports = files.flatMap((file) =>
  importsOf(readFileSync(new URL(file, source), 'utf8')).map((specifier) => ({ file, specifier })),
);

describe('the floors of src/', () => {
  it('reads imports of every form', () => {
    const text = `import a from './a.js';\nimport "./b.js";\nexport * from './c.js';\nawait import('./d.js');\nimport type { E } from "./e.js";\nrequire('f')`;
    expect(importsOf(text)).toEqual(['./a.js', './b.js', './c.js', './d.js', './e.js', 'f']);
    expect(files.length).toBeGreaterThan(20);
  });

  it('holds known folders and the two entry files only', () => {
    const tops = [...new Set(files.map((file) => file.split('/')[0] ?? ''))];
    expect(tops.filter((top) => FLOORS[top] === undefined && top !== 'index.ts' && top !== 'advisor.ts')).toEqual([]);
  });

  it('lets a folder import from lower floors and itself only', () => {
    const climbing = imports.filter(({ file, specifier }) => specifier.startsWith('.') && !isAllowed(file, specifier));
    expect(climbing.map(({ file, specifier }) => `${file} -> ${specifier}`)).toEqual([]);
  });

  it('keeps the driver inside src/postgres', () => {
    const foreign = imports.filter(({ file, specifier }) => isDriver(specifier) && !file.startsWith('postgres/'));
    expect(foreign.map(({ file, specifier }) => `${file} -> ${specifier}`)).toEqual([]);
  });

  it('lets a deployment alone open the session that may change a target', () => {
    const reaching = imports.filter(({ file, specifier }) =>
      isRuntimeImportOf(file, specifier, 'postgres/deployment/session'),
    );
    expect([...new Set(reaching.map(({ file }) => file))].toSorted()).toEqual(['app/deployment/deploy.ts']);
    const opening = files.filter((file) =>
      /\bopenDeploymentSession\b/.test(readFileSync(new URL(file, source), 'utf8')),
    );
    expect(opening.toSorted()).toEqual(['app/deployment/deploy.ts', 'postgres/deployment/session.ts']);
  });

  it('lets the deploy command alone reach the deployment', () => {
    const reaching = imports.filter(({ file, specifier }) => targetOf(file, specifier) === 'app/deployment/deploy.js');
    expect([...new Set(reaching.map(({ file }) => file))].toSorted()).toEqual([
      'app/commands/deploy.ts',
      'app/deployment/deploy-facts.ts',
    ]);
  });

  it('imports by a plain text, so that this test sees it', () => {
    const computed = files.filter((file) =>
      /\bimport\s*\(\s*(?!['"])/.test(withoutComments(readFileSync(new URL(file, source), 'utf8'))),
    );
    expect(computed).toEqual([]);
  });
});

function importsOf(text: string): readonly string[] {
  return [...withoutComments(text).matchAll(IMPORTS)].map((match) => match[2] ?? '');
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
}

/** The entry files stand above every floor. Tests may reach `test/` and `scripts/` besides. */
function isAllowed(file: string, specifier: string): boolean {
  const target = posix.normalize(posix.join(posix.dirname(file), specifier));
  const [from, to] = [file.split('/')[0] ?? '', target.split('/')[0] ?? ''];
  if (to === '..') return file.endsWith('.test.ts') || /^\.\.\/package\.json$/.test(target);
  if (!file.includes('/')) return true;
  return from === to || (FLOORS[to] ?? Number.POSITIVE_INFINITY) < (FLOORS[from] ?? -1);
}

function targetOf(file: string, specifier: string): string {
  return specifier.startsWith('.') ? posix.normalize(posix.join(posix.dirname(file), specifier)) : specifier;
}

/** Types alone open nothing. */
function isRuntimeImportOf(file: string, specifier: string, target: string): boolean {
  if (targetOf(file, specifier) !== `${target}.js`) return false;
  const text = withoutComments(readFileSync(new URL(file, source), 'utf8'));
  return !new RegExp(`\\bimport type [^;]*from '${specifier}'`).test(text);
}

function isDriver(specifier: string): boolean {
  return DRIVERS.some((driver) => specifier === driver || specifier.startsWith(`${driver}/`));
}
