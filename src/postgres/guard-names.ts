/**
 * Functions that change something outside their own result, wait, run SQL text, or reach files, other sessions or other servers.
 * By name in any schema: extensions sit where their owner put them. Sources: manual, "System Administration Functions",
 * "Advisory Lock Functions", "Sequence Manipulation Functions", "Large Objects", and `pg_proc` of 14 to 18.
 */
const FORBIDDEN = new RegExp(
  `^(?:${[
    'pg_sleep.*',
    'pg_(?:terminate|cancel)_backend',
    'pg_(?:try_)?advisory_.*',
    'pg_(?:reload_conf|rotate_logfile|promote|notify|export_snapshot|switch_wal|switch_xlog|nextoid)',
    'pg_(?:start|stop)_backup|pg_backup_.*|pg_create_.*|pg_drop_.*|pg_copy_.*|pg_import_.*|pg_extension_config_dump',
    'pg_wal_replay_.*|pg_xlog_replay_.*|pg_logical_.*|pg_replication_.*|pg_sync_.*|pg_log_.*|pg_stop_making_pinned_objects',
    'pg_read_.*|pg_stat_file|pg_ls_.*|pg_file_.*|pg_current_logfile',
    'pg_stat_reset.*|pg_stat_statements_reset.*|pg_stat_clear_snapshot|pg_stat_force_next_flush',
    'pg_restore_.*|pg_clear_.*|pg_set_.*|pg_prewarm.*|autoprewarm_.*|pg_truncate_.*|heap_force_.*|injection_points_.*',
    'pg_current_xact_id|txid_current|binary_upgrade_.*|brin_(?:de)?summarize_.*|gin_clean_pending_list|currtid2?',
    'set_config|setseed|lo_.*|loread|lowrite|dblink.*|postgres_fdw_.*|file_fdw_.*',
    '(?:query|table|schema|database|cursor)_to_xml.*|ts_stat|ts_rewrite|crosstab.*|connectby.*|xpath_table',
    // Input functions that make a value of any type, given its oid.
    '(?:domain|array|record|range|multirange|anyarray)_(?:in|recv)',
  ].join('|')})$`,
);

/** Of the same kind, but volatile: the planner does not evaluate them, and statements that insert name them. */
const SEQUENCE_FUNCTIONS = new Set(['nextval', 'setval']);

/** Whether a function may not run on a target, whatever its schema. */
export function isForbidden(name: string): boolean {
  return SEQUENCE_FUNCTIONS.has(name) || FORBIDDEN.test(name);
}

/** Whether a function may not even be planned. */
export function isForbiddenInExplain(name: string): boolean {
  return FORBIDDEN.test(name);
}

/** Whether one of PostgreSQL's own VOLATILE functions is so because its result changes, not because it does something. Every other is refused. */
export function isHarmlessVolatile(name: string): boolean {
  return name.startsWith('pg_stat_get_') || HARMLESS_VOLATILE.has(name);
}

const HARMLESS_VOLATILE = new Set(
  (
    'clock_timestamp timeofday timezone random random_normal gen_random_uuid uuidv4 uuidv7 lastval currval current_query ' +
    'array_sample array_shuffle pg_relation_size pg_total_relation_size pg_table_size pg_indexes_size pg_database_size ' +
    'pg_tablespace_size pg_sequence_last_value pg_get_sequence_data pg_partition_tree pg_partition_ancestors ' +
    'pg_is_in_recovery pg_is_wal_replay_paused pg_last_wal_receive_lsn pg_last_wal_replay_lsn pg_last_xact_replay_timestamp ' +
    'pg_current_wal_lsn pg_current_wal_insert_lsn pg_current_wal_flush_lsn pg_last_committed_xact pg_xact_commit_timestamp ' +
    'pg_xact_status txid_status pg_blocking_pids pg_safe_snapshot_blocking_pids pg_lock_status pg_prepared_xact ' +
    'pg_control_system pg_control_checkpoint pg_control_recovery pg_control_init pg_collation_actual_version ' +
    'pg_database_collation_actual_version pg_notification_queue_usage pg_stat_have_stats'
  ).split(' '),
);

/** Volatile functions of extensions that only read counters or pages, with the extension that must own them. */
export const HARMLESS_OF_EXTENSIONS: ReadonlyMap<string, string> = new Map([
  ['pgstatindex', 'pgstattuple'],
  ['pg_stat_statements', 'pg_stat_statements'],
  ['pg_stat_statements_info', 'pg_stat_statements'],
]);
