import { quoteLiteral, quoteQualified } from '../../../base/quote.js';
import { USER_SCHEMA, type ExtractContext } from '../context.js';
import { simpleObject, type SchemaObject } from '../script.js';

/** Functions, procedures, window functions and aggregates; not those that come with a range type. */
export async function readFunctions(context: ExtractContext): Promise<readonly SchemaObject[]> {
  const rows = await context.rows<{ key: string; identity: string; definition: string }>(`
    SELECT 'pg_proc:' || p.oid AS key, p.oid::regprocedure::text AS identity, pg_catalog.pg_get_functiondef(p.oid) AS definition
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    WHERE p.prokind <> 'a' AND ${USER_SCHEMA} AND NOT EXISTS (
      SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'i')
    ORDER BY n.nspname, p.proname, p.oid`);
  const functions = rows
    .filter(({ key }) => !context.isMember(key))
    .map(({ key, identity, definition }) =>
      simpleObject({ key, kind: 'function', identity, section: 'pre' }, definition.trimEnd()),
    );
  return [...functions, ...(await readAggregates(context))];
}

interface AggregateRow extends Record<string, unknown> {
  readonly key: string;
  readonly nspname: string;
  readonly proname: string;
  readonly identity: string;
  readonly arguments: string;
  readonly parallel: string;
  readonly aggkind: string;
  readonly sfunc: string;
  readonly stype: string;
  readonly sspace: number;
  readonly initval: string | null;
  readonly finalfunc: string | null;
  readonly finalextra: boolean;
  readonly finalmodify: string;
  readonly combinefunc: string | null;
  readonly serialfunc: string | null;
  readonly deserialfunc: string | null;
  readonly msfunc: string | null;
  readonly minvfunc: string | null;
  readonly mstype: string | null;
  readonly msspace: number;
  readonly minitval: string | null;
  readonly mfinalfunc: string | null;
  readonly mfinalextra: boolean;
  readonly mfinalmodify: string;
  readonly sortop: string | null;
}

async function readAggregates(context: ExtractContext): Promise<SchemaObject[]> {
  const rows = await context.rows<AggregateRow>(`
    SELECT 'pg_proc:' || p.oid AS key, n.nspname::text, p.proname::text, p.oid::regprocedure::text AS identity,
      pg_catalog.pg_get_function_arguments(p.oid) AS arguments, p.proparallel::text AS parallel, a.aggkind::text,
      a.aggtransfn::text AS sfunc, pg_catalog.format_type(a.aggtranstype, NULL) AS stype, a.aggtransspace AS sspace, a.agginitval AS initval,
      NULLIF(a.aggfinalfn, 0)::regproc::text AS finalfunc, a.aggfinalextra AS finalextra, a.aggfinalmodify::text AS finalmodify,
      NULLIF(a.aggcombinefn, 0)::regproc::text AS combinefunc,
      NULLIF(a.aggserialfn, 0)::regproc::text AS serialfunc, NULLIF(a.aggdeserialfn, 0)::regproc::text AS deserialfunc,
      NULLIF(a.aggmtransfn, 0)::regproc::text AS msfunc, NULLIF(a.aggminvtransfn, 0)::regproc::text AS minvfunc,
      CASE WHEN a.aggmtranstype <> 0 THEN pg_catalog.format_type(a.aggmtranstype, NULL) END AS mstype, a.aggmtransspace AS msspace,
      a.aggminitval AS minitval, NULLIF(a.aggmfinalfn, 0)::regproc::text AS mfinalfunc, a.aggmfinalextra AS mfinalextra,
      a.aggmfinalmodify::text AS mfinalmodify,
      (SELECT pg_catalog.quote_ident(opn.nspname) || '.' || o.oprname FROM pg_catalog.pg_operator o
        JOIN pg_catalog.pg_namespace opn ON opn.oid = o.oprnamespace WHERE o.oid = a.aggsortop) AS sortop
    FROM pg_catalog.pg_aggregate a JOIN pg_catalog.pg_proc p ON p.oid = a.aggfnoid
    JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    WHERE ${USER_SCHEMA} ORDER BY n.nspname, p.proname, p.oid`);
  return rows
    .filter(({ key }) => !context.isMember(key))
    .map((row) =>
      simpleObject({ key: row.key, kind: 'aggregate', identity: row.identity, section: 'pre' }, aggregateSql(row)),
    );
}

/** What aggfinalmodify and aggmfinalmodify stand for. */
const MODIFY: Readonly<Record<string, string>> = { r: 'READ_ONLY', s: 'SHAREABLE', w: 'READ_WRITE' };
const PARALLEL: Readonly<Record<string, string>> = { s: 'SAFE', r: 'RESTRICTED' };

function aggregateSql(row: AggregateRow): string {
  const options = [`SFUNC = ${row.sfunc}`, `STYPE = ${row.stype}`];
  const option = (name: string, value: string | null | undefined): void => {
    if (value !== null && value !== undefined) options.push(`${name} = ${value}`);
  };
  const usual = row.aggkind === 'n' ? 'r' : 'w';
  option('SSPACE', spaceOf(row.sspace));
  option('INITCOND', row.initval === null ? null : quoteLiteral(row.initval));
  option('FINALFUNC', row.finalfunc);
  if (row.finalextra) options.push('FINALFUNC_EXTRA');
  if (row.finalfunc !== null && row.finalmodify !== usual) option('FINALFUNC_MODIFY', MODIFY[row.finalmodify]);
  option('COMBINEFUNC', row.combinefunc);
  option('SERIALFUNC', row.serialfunc);
  option('DESERIALFUNC', row.deserialfunc);
  option('MSFUNC', row.msfunc);
  option('MINVFUNC', row.minvfunc);
  option('MSTYPE', row.mstype);
  option('MSSPACE', spaceOf(row.msspace));
  option('MINITCOND', row.minitval === null ? null : quoteLiteral(row.minitval));
  option('MFINALFUNC', row.mfinalfunc);
  if (row.mfinalextra) options.push('MFINALFUNC_EXTRA');
  if (row.mfinalfunc !== null && row.mfinalmodify !== usual) option('MFINALFUNC_MODIFY', MODIFY[row.mfinalmodify]);
  option('SORTOP', row.sortop === null ? null : `OPERATOR(${row.sortop})`);
  if (row.aggkind === 'h') options.push('HYPOTHETICAL');
  option('PARALLEL', PARALLEL[row.parallel]);
  const argumentList = row.arguments === '' ? '*' : row.arguments;
  return `CREATE AGGREGATE ${quoteQualified(row.nspname, row.proname)}(${argumentList}) (\n  ${options.join(',\n  ')}\n)`;
}

/** Zero is the default. */
function spaceOf(bytes: number): string | null {
  return bytes > 0 ? String(bytes) : null;
}
