export interface Setting {
  readonly name: string;
  /** As `SHOW` prints it. */
  readonly value: string;
  /** `pg_settings.unit`, e.g. `8kB`, `ms`; null when it has none. */
  readonly unit: string | null;
  readonly source: string;
  /** `postmaster`, `sighup`, `user`, ... */
  readonly context: string;
}

export type Settings = readonly Setting[];

/** The value of a setting; null when the role may not see it. */
export function settingValue(settings: Settings, name: string): string | null {
  return settings.find((setting) => setting.name === name)?.value ?? null;
}
