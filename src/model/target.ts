/** `production` is never experimented on; `lab` is a staging copy that may be changed and thrown away. */
export type TargetRole = 'production' | 'lab';

/** A database under care, as shown to people: never holds a password. */
export interface Target {
  readonly role: TargetRole;
  /** `host:port/database`, or the socket's folder. */
  readonly label: string;
  readonly database: string;
  /** `server_version_num`, e.g. 150018. */
  readonly serverVersionNum: number;
  readonly major: number;
}
