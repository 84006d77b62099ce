/** Two blocks around a change in one transaction. */
export interface KeptAside {
  /** Writes down, while it is there, what makes it again. */
  readonly keep: string;
  /** Makes it again. */
  readonly give: string;
}

/** Keeps statements in a setting, which lives until the end of the transaction. `selects` gives their one text, null for none; `lost` is what the second block says where the first did not run in its transaction. */
export function keptInSetting(setting: string, selects: string, lost: string): KeptAside {
  return {
    keep: `DO $keep$
BEGIN
  PERFORM pg_catalog.set_config('${setting}', ';' || coalesce((${selects}), ''), true);
END $keep$`,
    give: `DO $give$
BEGIN
  IF pg_catalog.current_setting('${setting}') = '' THEN
    RAISE EXCEPTION '${lost}';
  END IF;
  EXECUTE pg_catalog.current_setting('${setting}');
END $give$`,
  };
}
