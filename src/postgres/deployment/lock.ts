/** The two keys of the advisory lock that one deployment to a database holds at a time: the letters "dbwz", and 1 for deployments. */
export const DEPLOYMENT_LOCK = { key: 0x64_62_77_7a, kind: 1 } as const;
