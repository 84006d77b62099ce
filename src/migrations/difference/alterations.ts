import { bareLiteral, quoteIdent } from '../../base/quote.js';
import type { DomainFacts, EnumFacts, Grant, PrivilegeFacts, SchemaEntry, ViewFacts } from '../../model/schema.js';

/** How one object becomes another in place. */
export interface Alteration {
  readonly statements: readonly string[];
  /** What must be committed before anything uses it: labels of an enum. */
  readonly before: readonly string[];
}

/** What takes an object to its other definition; null where it has to be dropped and made anew. Tables are not asked about here. */
export function alteration(a: SchemaEntry, b: SchemaEntry): Alteration | null {
  const statements = inPlace(a, b);
  if (statements !== null) return { statements, before: [] };
  if (a.facts?.type === 'enum' && b.facts?.type === 'enum') {
    const before = labelsAdded(a.identity, a.facts, b.facts);
    return before === null ? null : { statements: [], before };
  }
  return null;
}

/** What a new object gets beside its statements, or what one that stays is told. */
export function grantStatements(target: string, from: readonly Grant[], to: readonly Grant[]): readonly string[] {
  const key = (grant: Grant): string => JSON.stringify([grant.grantee, grant.privilege, grant.column, grant.grantable]);
  const [had, has] = [new Set(from.map(key)), new Set(to.map(key))];
  const words = ({ privilege, column }: Grant): string =>
    `${privilege}${column === null ? '' : ` (${quoteIdent(column)})`}`;
  const who = ({ grantee }: Grant): string => (grantee === null ? 'PUBLIC' : quoteIdent(grantee));
  return [
    ...from
      .filter((grant) => !has.has(key(grant)))
      .map((grant) => `REVOKE ${words(grant)} ON ${target} FROM ${who(grant)}`),
    ...to
      .filter((grant) => !had.has(key(grant)))
      .map(
        (grant) => `GRANT ${words(grant)} ON ${target} TO ${who(grant)}${grant.grantable ? ' WITH GRANT OPTION' : ''}`,
      ),
  ];
}

function inPlace(a: SchemaEntry, b: SchemaEntry): readonly string[] | null {
  const [was = '', is = ''] = [a.statements[0], b.statements[0]];
  switch (a.kind) {
    case 'sequence':
      return alterSequence(was, is);
    case 'sequence owner':
    case 'comment':
    case 'row security':
    case 'replica identity':
    case 'default':
    case 'view query':
      return a.kind === 'row security' ? rowSecurity(b) : b.statements;
    case 'function':
      return headOf(was) === headOf(is) ? b.statements : null;
    case 'view':
      return a.facts?.type === 'view' && b.facts?.type === 'view' && isPrefix(a.facts, b.facts)
        ? b.statements.map((sql) => sql.replace(/^CREATE VIEW /, 'CREATE OR REPLACE VIEW '))
        : null;
    case 'foreign key':
      return was === `${is} NOT VALID` ? [validate(is)] : null;
    case 'privileges':
      return a.facts?.type === 'privileges' && b.facts?.type === 'privileges' ? regrant(a.facts, b.facts) : null;
    case 'domain':
      return a.facts?.type === 'domain' && b.facts?.type === 'domain'
        ? alterDomain(a.identity, a.facts, b.facts)
        : null;
    case 'composite type':
      return a.facts?.type === 'composite' && b.facts?.type === 'composite'
        ? addAttributes(a.identity, a.facts.attributes, b.facts.attributes)
        : null;
    default:
      return null;
  }
}

function regrant(a: PrivilegeFacts, b: PrivilegeFacts): readonly string[] {
  return grantStatements(b.target, a.grants, b.grants);
}

function alterSequence(was: string, is: string): readonly string[] {
  const unlogged = / UNLOGGED SEQUENCE /;
  const words = is.replace(/^CREATE (?:UNLOGGED )?SEQUENCE /, 'ALTER SEQUENCE ');
  const alter = words.endsWith(' CYCLE') ? words : `${words} NO CYCLE`;
  if (unlogged.test(was) === unlogged.test(is)) return [alter];
  const name = words.slice('ALTER SEQUENCE '.length, words.search(/ AS (?:smallint|integer|bigint) START WITH /));
  return [alter, `ALTER SEQUENCE ${name} SET ${unlogged.test(is) ? 'UNLOGGED' : 'LOGGED'}`];
}

function rowSecurity(b: SchemaEntry): readonly string[] {
  const has = (word: string): boolean => b.statements.some((sql) => sql.endsWith(` ${word} ROW LEVEL SECURITY`));
  return [
    `ALTER TABLE ${b.identity} ${has('ENABLE') ? 'ENABLE' : 'DISABLE'} ROW LEVEL SECURITY, ${has('FORCE') ? 'FORCE' : 'NO FORCE'} ROW LEVEL SECURITY`,
  ];
}

/** Name, arguments and result: CREATE OR REPLACE takes no others. `pg_get_functiondef` puts the language on the next line. */
function headOf(definition: string): string {
  return definition.slice(0, definition.search(/\n LANGUAGE /));
}

/** CREATE OR REPLACE VIEW adds columns at the end and changes none. */
function isPrefix(a: ViewFacts, b: ViewFacts): boolean {
  return a.columns.every((column, at) => b.columns[at]?.name === column.name && b.columns[at]?.type === column.type);
}

function validate(add: string): string {
  return add
    .replace(/^ALTER TABLE ONLY /, 'ALTER TABLE ')
    .replace(/ ADD CONSTRAINT ((?:"(?:[^"]|"")*")) .*$/s, ' VALIDATE CONSTRAINT $1');
}

function labelsAdded(identity: string, a: EnumFacts, b: EnumFacts): readonly string[] | null {
  const kept = b.labels.filter((label) => a.labels.includes(label));
  if (kept.length !== a.labels.length || kept.some((label, at) => label !== a.labels[at])) return null;
  return b.labels.flatMap((label, at) => {
    if (a.labels.includes(label)) return [];
    const [previous, first] = [b.labels[at - 1], a.labels[0]];
    const place =
      previous === undefined
        ? first === undefined
          ? ''
          : ` BEFORE ${bareLiteral(first)}`
        : ` AFTER ${bareLiteral(previous)}`;
    return [`ALTER TYPE ${identity} ADD VALUE ${bareLiteral(label)}${place}`];
  });
}

function alterDomain(identity: string, a: DomainFacts, b: DomainFacts): readonly string[] | null {
  if (a.base !== b.base) return null;
  const alter = `ALTER DOMAIN ${identity}`;
  const bare = (definition: string): string => definition.replace(/ NOT VALID$/, '');
  const redone = a.checks.filter((check) => {
    const is = b.checks.find(({ name }) => name === check.name);
    return is === undefined || bare(is.definition) !== bare(check.definition) || (check.validated && !is.validated);
  });
  const added = b.checks.flatMap((check) => {
    const was = a.checks.find(({ name }) => name === check.name);
    if (was === undefined || redone.includes(was))
      return [`${alter} ADD CONSTRAINT ${quoteIdent(check.name)} ${check.definition}`];
    return was.validated === check.validated ? [] : [`${alter} VALIDATE CONSTRAINT ${quoteIdent(check.name)}`];
  });
  return [
    ...redone.map(({ name }) => `${alter} DROP CONSTRAINT ${quoteIdent(name)}`),
    ...(a.default === b.default
      ? []
      : [`${alter} ${b.default === null ? 'DROP DEFAULT' : `SET DEFAULT ${b.default}`}`]),
    ...(a.notNull === b.notNull ? [] : [`${alter} ${b.notNull ? 'SET' : 'DROP'} NOT NULL`]),
    ...added,
  ];
}

/** Attributes at the end only: to change one PostgreSQL wants no table to use the type. */
function addAttributes(identity: string, a: readonly string[], b: readonly string[]): readonly string[] | null {
  if (a.some((attribute, at) => b[at] !== attribute)) return null;
  return b.slice(a.length).map((attribute) => `ALTER TYPE ${identity} ADD ATTRIBUTE ${attribute}`);
}
