// Generated from the folder listing by scripts/generate-catalogue.mjs. Do not edit.
import type { MigrationFormat } from './define.js';
import toolsDbmate from './tools/dbmate.js';
import toolsDrizzle from './tools/drizzle.js';
import toolsFlyway from './tools/flyway.js';
import toolsGolangMigrate from './tools/golang-migrate.js';
import toolsNodePgMigrate from './tools/node-pg-migrate.js';
import toolsPlain from './tools/plain.js';
import toolsPrisma from './tools/prisma.js';
import toolsSqitch from './tools/sqitch.js';
import toolsSupabase from './tools/supabase.js';

/** Every format of migrations, sorted by id. */
export const catalogue: readonly MigrationFormat[] = [
  toolsDbmate,
  toolsDrizzle,
  toolsFlyway,
  toolsGolangMigrate,
  toolsNodePgMigrate,
  toolsPlain,
  toolsPrisma,
  toolsSqitch,
  toolsSupabase,
];
