import { calledFunctions } from '../sql/functions.js';
import { list, walk } from '../sql/tree.js';
import { missing, seen } from './facts.js';
import type { Fact } from './facts.js';
import { callsAggregate, callsIn } from './shapes.js';
import { originsIn } from './view.js';
import type { StatementView } from './view.js';
import { placeOf } from '../model/catalog.js';

/** What every rewrite needs, whatever it does: no volatile function, no row locks, aggregates of the query that they stand in, relations that are tables. */
export function safetyOf(view: StatementView): readonly Fact[] {
  return [calm(view), unlocked(view), ...ownAggregates(view), ...plain(view)];
}

function calm({ statement, catalog }: StatementView): Fact {
  for (const called of calledFunctions(statement)) {
    const own = catalog.functions.filter(
      (one) => one.name === called.name && (called.schema === null || one.schema === called.schema),
    );
    if (own.some((one) => one.volatility === 'v'))
      return missing(`the function ${called.name} is volatile (pg_proc.provolatile)`);
    if (own.length === 0 && !CALM.has(called.name))
      return missing(`it is not known whether the function ${called.name} is volatile`);
  }
  return seen(
    'the statement calls no volatile function, so it does not matter how often and in which order its parts run',
  );
}

function unlocked({ statement }: StatementView): Fact {
  const locks = [...walk(statement.tree)].some(
    (node) => node.type === 'LockingClause' || list(node.body, 'lockingClause').length > 0,
  );
  return locks
    ? missing('the statement locks rows, and the rewrite may lock others')
    : seen('the statement locks no rows');
}

/** An aggregate of nothing but columns of a query around it belongs to that one, and groups its rows (`check_agg_arguments` of parse_agg.c). */
function ownAggregates(view: StatementView): readonly Fact[] {
  const outer = view.queries.some((query) => {
    const parts = ['targetList', 'havingClause', 'sortClause', 'whereClause'].map((name) => query.body[name]);
    const calls = query.parent === null ? [] : parts.flatMap(callsIn);
    return calls.some(({ body }) => {
      const used = callsAggregate({ FuncCall: body }) ? originsIn(view, query, [{ FuncCall: body }]) : null;
      return used !== null && used.length > 0 && used.every((origin) => origin.query !== query);
    });
  });
  return outer ? [missing('a subquery has an aggregate of columns of the query around it, whose rows it groups')] : [];
}

/** A view or foreign table has rows of which the catalog says nothing; those of the catalog's tables alone are looked at. */
function plain({ queries }: StatementView): readonly Fact[] {
  return queries.flatMap(({ sources }) =>
    sources.flatMap(({ table }) =>
      table && !['r', 'p', 'm'].includes(table.kind)
        ? [missing(`${placeOf(table)} is a view or foreign table, which is not looked into`)]
        : [],
    ),
  );
}

/** Functions of PostgreSQL which are immutable or stable in every form (`pg_proc.provolatile`, majors 14 to 18), of those that statements commonly call. */
const CALM = new Set(
  (
    'abs acos age any_value array_agg array_append array_cat array_length array_lower array_position array_positions array_prepend ' +
    'array_remove array_replace array_to_json array_to_string array_upper ascii asin atan atan2 avg bit_and bit_length bit_or bool_and bool_or btrim ' +
    'cardinality cbrt ceil ceiling char_length character_length chr coalesce concat concat_ws convert_from convert_to corr cos count cume_dist ' +
    'current_database current_schema current_setting current_user date date_bin date_part date_trunc decode degrees dense_rank div encode ' +
    'every exp extract factorial first_value floor format gcd generate_series generate_subscripts get_bit get_byte greatest grouping hashtext initcap ' +
    'isfinite json_agg json_array_elements json_array_elements_text json_array_length json_build_array json_build_object json_each ' +
    'json_each_text json_extract_path json_extract_path_text json_object json_object_agg json_object_keys json_strip_nulls json_typeof ' +
    'jsonb_agg jsonb_array_elements jsonb_array_elements_text jsonb_array_length jsonb_build_array jsonb_build_object jsonb_each ' +
    'jsonb_each_text jsonb_extract_path jsonb_extract_path_text jsonb_object_agg jsonb_object_keys jsonb_path_exists jsonb_path_match ' +
    'jsonb_path_query jsonb_path_query_array jsonb_path_query_first jsonb_set jsonb_strip_nulls jsonb_typeof justify_days justify_hours ' +
    'justify_interval lag last_value lcm lead least left length ln localtime localtimestamp log log10 lower lpad ltrim make_date ' +
    'make_interval make_time make_timestamp make_timestamptz max md5 min mod mode now nth_value ntile num_nonnulls num_nulls octet_length ' +
    'overlay percent_rank percentile_cont percentile_disc phraseto_tsquery pi plainto_tsquery position power quote_ident quote_literal ' +
    'quote_nullable radians range_agg rank regexp_count regexp_instr regexp_like regexp_match regexp_matches regexp_replace regexp_split_to_array ' +
    'regexp_split_to_table regexp_substr repeat replace reverse right round row_number row_to_json rpad rtrim scale sha256 sign sin ' +
    'split_part sqrt starts_with stddev stddev_pop stddev_samp string_agg string_to_array string_to_table strpos substr substring sum tan ' +
    'timezone to_char to_date to_hex to_json to_jsonb to_number to_timestamp to_tsquery to_tsvector translate trim trunc ts_rank ' +
    'ts_rank_cd tsrange tstzrange daterange int4range int8range numrange unnest upper var_pop var_samp variance websearch_to_tsquery width_bucket xmlagg ' +
    'is_normalized normalize pg_typeof'
  ).split(' '),
);
