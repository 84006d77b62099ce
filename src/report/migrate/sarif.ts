import { catalogue } from '../../migrations/catalogue.js';
import type { MigrateReport } from './migrate-report.js';

/** The findings as a SARIF 2.1.0 log, for code scanning services; rules are listed whether they spoke or not. */
export function toSarif(report: Pick<MigrateReport, 'tool' | 'files'>): Record<string, unknown> {
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: report.tool.name,
            semanticVersion: report.tool.version,
            rules: catalogue.map(({ id, docs, severity }) => ({
              id,
              shortDescription: { text: docs.what },
              fullDescription: { text: docs.why },
              help: { text: `${docs.why} ${docs.limits}` },
              defaultConfiguration: { level: LEVELS[severity] },
            })),
          },
        },
        columnKind: 'utf16CodeUnits',
        results: report.files.flatMap((file) =>
          file.findings.map((finding) => ({
            ruleId: finding.rule,
            ruleIndex: catalogue.findIndex(({ id }) => id === finding.rule),
            level: LEVELS[finding.severity],
            message: { text: messageOf(finding) },
            locations: [
              {
                physicalLocation: {
                  artifactLocation: { uri: encodeURI(file.name.replaceAll('\\', '/')) },
                  region: { startLine: finding.line },
                },
              },
            ],
          })),
        ),
      },
    ],
  };
}

const LEVELS = { error: 'error', warning: 'warning', info: 'note' } as const;

function messageOf({ says, locks, unsure }: MigrateReport['files'][number]['findings'][number]): string {
  const taken = locks.map(({ mode, table, blocks }) => ` Takes ${mode} on ${table}, which ${blocks}.`);
  return `${says}.${taken.join('')}${unsure === null ? '' : ` ${unsure.slice(0, 1).toUpperCase()}${unsure.slice(1)}.`}`;
}
