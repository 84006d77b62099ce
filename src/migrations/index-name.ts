import { bodiesOf, list, textOf } from '../sql/tree.js';
import type { Operation } from './operation.js';
import { objectName } from './relation.js';

/** What PostgreSQL would call it (`ChooseIndexName`): expressions are `expr`, a function call by its name. */
export function indexName(table: string, body: Operation['body']): string {
  const seen = new Map<string, number>();
  const parts = bodiesOf(list(body, 'indexParams'), 'IndexElem').map((element) => {
    const name = textOf(element, 'name') ?? expressionName(element);
    const times = seen.get(name) ?? 0;
    seen.set(name, times + 1);
    return times === 0 ? name : `${name}${times}`;
  });
  return objectName(table, parts.join('_'), 'idx');
}

/** `FigureIndexColname` of the parser, for the usual case of a call. */
function expressionName(element: Operation['body']): string {
  const call = bodiesOf([element['expr']], 'FuncCall')[0];
  const path = call ? bodiesOf(list(call, 'funcname'), 'String') : [];
  return textOf(path.at(-1) ?? {}, 'sval') ?? 'expr';
}
