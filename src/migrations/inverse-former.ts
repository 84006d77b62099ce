import { list, textOf, bodiesOf, field } from '../sql/tree.js';
import { cascadesOf } from './cascades.js';
import { keyOf } from './context.js';
import type { MigrationContext } from './context.js';
import { partitionOf } from './effects/attach.js';
import { formerOf, formerPlace, questionsOf } from './formers.js';
import type { FormerQuestion } from './formers.js';
import { attachedAgain } from './inverse-partition.js';
import { CREATIONS } from './inverse-create.js';
import { asSql } from './inverse-rename.js';
import type { Inverse } from './inverse.js';
import type { Operation } from './operation.js';

/** What takes back a change of something that was there: what the database says it was. Undefined where that is of no use, or nobody asked. */
export function formerAgain(operation: Operation, context: MigrationContext): Inverse | undefined {
  const { body, type, command } = operation;
  const restarts = bodiesOf(
    list(command ? (field(field(command.body, 'def') ?? {}, 'List') ?? {}) : body, command ? 'items' : 'options'),
    'DefElem',
  ).some((option) => textOf(option, 'defname') === 'restart');
  if (restarts && (type === 'AlterSeqStmt' || command?.subtype === 'AT_SetIdentity'))
    return { why: 'the number at which the sequence stood is not kept' };
  const questions = questionsOf(operation);
  const answers = inOrder(questions, context).map((question) => formerOf(question, context));
  if (questions.length === 0 || answers.includes(undefined)) return undefined;
  // The catalog was asked along the search path of the connection.
  if (context.state.searchPath !== null && questions.some(isLookedUp))
    return { why: 'what it was before is not known: the file sets the search_path by which it is found' };
  const { relation } = operation;
  const isRetriggered = relation !== null && context.state.retriggered.has(keyOf(context, relation));
  if (isRetriggered && questions.some(({ kind }) => kind === 'trigger states'))
    return {
      why: 'the file drops or renames a trigger of the table before: what their states were is known by the old names',
    };
  const known = answers.flatMap((answer) => answer ?? []);
  if (answers.some((answer) => answer === null)) {
    const absent = ofAbsent(operation, questions, context);
    if (absent !== null) return absent;
  }
  if (body['if_not_exists'] === true) return { sql: [] };
  if (type === 'CommentStmt') return asSql({ CommentStmt: withComment(body, known[0] ?? null) });
  if (command?.subtype === 'AT_DetachPartition') return ofDetach(operation, known, context);
  if (type === 'ViewStmt') return { sql: [replacedView(known)] };
  if (type === 'DropStmt' && textOf(body, 'behavior') === 'DROP_CASCADE' && !isAlone(operation, context))
    return { why: 'what CASCADE takes along is not brought back' };
  return { sql: known };
}

function ofDetach({ command }: Operation, [attach]: readonly string[], context: MigrationContext): Inverse {
  const partition = command && partitionOf(command);
  const isConcurrent = field(field(command?.body ?? {}, 'def') ?? {}, 'PartitionCmd')?.['concurrent'] === true;
  if (!partition || attach === undefined) return { why: 'the bounds that it had are not known' };
  return { sql: [attachedAgain(attach, partition, isConcurrent, context)] };
}

/** As they can be made again: younger ones after those on which they may stand. */
function inOrder(questions: readonly FormerQuestion[], context: MigrationContext): readonly FormerQuestion[] {
  return questions.toSorted((a, b) => formerPlace(a, context) - formerPlace(b, context));
}

/** Something was not there before the file; null where that makes no difference. */
function ofAbsent(
  operation: Operation,
  questions: readonly FormerQuestion[],
  context: MigrationContext,
): Inverse | null {
  const { type, body } = operation;
  const isRenamed = questions.some(({ name, sub }) =>
    context.file.renamed.some((one) => sub === one || bare(name).endsWith(`.${one}`)),
  );
  if (isRenamed) return { why: 'it had another name before this file, and what it was is not known' };
  const create = CREATIONS[type];
  if (create && body['replace'] === true) return create({ ...operation, body: { ...body, replace: false } }, context);
  if (create && body['if_not_exists'] === true)
    return create({ ...operation, body: { ...body, if_not_exists: false } }, context);
  if (type === 'DropStmt' && body['missing_ok'] !== true)
    return { why: 'the file itself made it, and does not make it again' };
  return null;
}

/** A name without quotes and arguments, with a dot before its last part. */
function bare(name: string): string {
  return `.${name.replace(/\(.*$/s, '').replaceAll('"', '')}`;
}

function isLookedUp({ kind, name }: FormerQuestion): boolean {
  const isOfDatabase = kind === 'setting' || /(?:schema|extension)$/.test(kind);
  return (
    !isOfDatabase &&
    !name
      .replaceAll(/"(?:[^"]|"")*"/g, 'x')
      .replace(/\(.*$/s, '')
      .includes('.')
  );
}

/** Whether all that CASCADE takes along comes back too. */
function isAlone({ body }: Operation, context: MigrationContext): boolean {
  const kind = textOf(body, 'removeType') ?? '';
  if (/^OBJECT_(?:VIEW|MATVIEW|TRIGGER|POLICY|RULE|STATISTIC_EXT)$/.test(kind)) return true;
  return cascadesOf(body, context)?.length === 0;
}

function withComment(body: Operation['body'], text: string | null): Operation['body'] {
  const { comment: _, ...rest } = body;
  return text === null ? rest : { ...rest, comment: text };
}

/** The former view in place of the one of now, or, where that has other columns, both it and the views on it made anew. */
function replacedView([replace = '', drop = '', ...again]: readonly string[]): string {
  const all = [replace, drop, ...again].join('\n');
  const tag = ['back', 'back_1', 'back_2'].find((one) => !all.includes(`$${one}$`)) ?? 'wizard_back';
  return `DO $${tag}$
BEGIN
  ${replace};
EXCEPTION WHEN invalid_table_definition THEN
  ${drop};
${again.map((sql) => `  ${sql};`).join('\n')}
END $${tag}$`;
}
