import { quoteIdent, quoteLiteral } from '../../../base/quote.js';
import { USER_SCHEMA, type ExtractContext } from '../context.js';
import { simpleObject, type SchemaObject } from '../script.js';

/** Triggers, rules and event triggers, with the state in which each fires. */
export async function readTriggers(context: ExtractContext): Promise<readonly SchemaObject[]> {
  return [...(await readTableTriggers(context)), ...(await readRules(context)), ...(await readEventTriggers(context))];
}

/** `O` is what a new trigger has. */
const STATES: Readonly<Record<string, string>> = { D: 'DISABLE', R: 'ENABLE REPLICA', A: 'ENABLE ALWAYS' };

async function readTableTriggers(context: ExtractContext): Promise<SchemaObject[]> {
  const rows = await context.rows<{
    key: string;
    tgname: string;
    table: string;
    table_key: string;
    state: string;
    parent_key: string | null;
    constraint_key: string;
    definition: string;
  }>(`
    SELECT 'pg_trigger:' || g.oid AS key, g.tgname::text, g.tgrelid::regclass::text AS "table", 'pg_class:' || g.tgrelid AS table_key,
      g.tgenabled::text AS state, 'pg_trigger:' || NULLIF(g.tgparentid, 0)::oid AS parent_key, 'pg_constraint:' || g.tgconstraint AS constraint_key,
      pg_catalog.pg_get_triggerdef(g.oid) AS definition
    FROM pg_catalog.pg_trigger g JOIN pg_catalog.pg_class c ON c.oid = g.tgrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE (NOT g.tgisinternal OR g.tgparentid <> 0 AND EXISTS (
        SELECT FROM pg_catalog.pg_trigger p WHERE p.oid = g.tgparentid AND NOT p.tgisinternal))
      AND ${USER_SCHEMA} ORDER BY n.nspname, c.relname, g.tgname`);
  return rows
    .filter((row) => !context.isMember(row.table_key))
    .flatMap((row) => {
      const name = quoteIdent(row.tgname);
      const state = STATES[row.state];
      const setState = state === undefined ? null : `ALTER TABLE ONLY ${row.table} ${state} TRIGGER ${name}`;
      const base = { kind: 'trigger', identity: `${row.table} ${name}`, section: 'post' } as const;
      if (row.parent_key !== null) {
        return [simpleObject({ ...base, key: row.key, needs: [row.parent_key] }, setState)];
      }
      return [
        simpleObject(
          { ...base, key: row.key, aliases: [row.constraint_key], needs: [row.table_key] },
          row.definition,
          setState,
        ),
      ];
    });
}

async function readRules(context: ExtractContext): Promise<SchemaObject[]> {
  const rows = await context.rows<{
    key: string;
    rulename: string;
    table: string;
    table_key: string;
    state: string;
    definition: string;
  }>(`
    SELECT 'pg_rewrite:' || r.oid AS key, r.rulename::text, r.ev_class::regclass::text AS "table", 'pg_class:' || r.ev_class AS table_key,
      r.ev_enabled::text AS state, pg_catalog.pg_get_ruledef(r.oid) AS definition
    FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE r.rulename <> '_RETURN' AND ${USER_SCHEMA} ORDER BY n.nspname, c.relname, r.rulename`);
  return rows
    .filter((row) => !context.isMember(row.table_key))
    .map((row) => {
      const name = quoteIdent(row.rulename);
      const state = STATES[row.state];
      const base = {
        key: row.key,
        kind: 'rule',
        identity: `${row.table} ${name}`,
        section: 'post',
        needs: [row.table_key],
      } as const;
      return simpleObject(
        base,
        row.definition.replace(/;\s*$/, ''),
        state === undefined ? null : `ALTER TABLE ${row.table} ${state} RULE ${name}`,
      );
    });
}

async function readEventTriggers(context: ExtractContext): Promise<SchemaObject[]> {
  const rows = await context.rows<{
    key: string;
    evtname: string;
    event: string;
    state: string;
    tags: string[] | null;
    function: string;
  }>(`
    SELECT 'pg_event_trigger:' || e.oid AS key, e.evtname::text, e.evtevent::text AS event, e.evtenabled::text AS state, e.evttags AS tags,
      e.evtfoid::regproc::text AS function
    FROM pg_catalog.pg_event_trigger e ORDER BY e.evtname`);
  return rows
    .filter(({ key }) => !context.isMember(key))
    .map((row) => {
      const identity = quoteIdent(row.evtname);
      const state = STATES[row.state];
      const when =
        row.tags === null || row.tags.length === 0 ? '' : ` WHEN TAG IN (${row.tags.map(quoteLiteral).join(', ')})`;
      const base = { key: row.key, kind: 'event trigger', identity, section: 'post' } as const;
      return simpleObject(
        base,
        `CREATE EVENT TRIGGER ${identity} ON ${row.event}${when} EXECUTE FUNCTION ${row.function}()`,
        state === undefined ? null : `ALTER EVENT TRIGGER ${identity} ${state}`,
      );
    });
}
