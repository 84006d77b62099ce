import { describe, expect, test } from 'vitest';
import { orderObjects, type Dependency } from './order.js';
import { simpleObject, type Kind, type SchemaObject } from './script.js';

describe('orderObjects', () => {
  test('puts what is needed first, and else goes by kind and name', () => {
    const objects = [make('view', 'v'), make('table', 'b'), make('table', 'a'), make('function', 'f')];
    expect(order(objects, ['a -> b'])).toEqual({ before: ['f', 'b', 'a', 'v'], after: [] });
  });

  test('the order does not hang on the order of what it is given', () => {
    const objects = ['c', 'a', 'd', 'b'].map((name) => make('table', name));
    const dependencies = ['a -> d', 'b -> c'];
    expect(order(objects.toReversed(), dependencies.toReversed())).toEqual(order(objects, dependencies));
  });

  test('what needs something of after the rows comes after them too', () => {
    const objects = [make('view', 'grouped'), make('view', 'over'), make('table', 't'), make('constraint', 'key')];
    expect(order(objects, ['key -> t', 'grouped -> key', 'over -> grouped'])).toEqual({
      before: ['t'],
      after: ['key', 'grouped', 'over'],
    });
  });

  test('what a table needs comes before the rows, whatever it is', () => {
    const objects = [make('table', 'holder'), make('table', 't'), make('view', 'v'), make('constraint', 'key')];
    expect(order(objects, ['key -> t', 'v -> key', 'holder -> v']).before).toEqual(['t', 'key', 'v', 'holder']);
  });

  test('a default that closes a circle is made on its own', () => {
    const table = withPart('table', 't', { key: 't default', kind: 'default' });
    const objects = [table, make('function', 'f')];
    expect(order(objects, ['t default -> f', 'f -> t'])).toEqual({
      before: ['t without default', 'f', 't default'],
      after: [],
    });
    expect(order(objects, ['t default -> f'])).toEqual({ before: ['f', 't'], after: [] });
  });

  test('a circle without a part to take out is entered at its lowest member', () => {
    const objects = [make('function', 'b'), make('function', 'a')];
    expect(order(objects, ['a -> b', 'b -> a']).before).toEqual(['a', 'b']);
  });

  test('a dependency on an alias is one on the object', () => {
    const objects: SchemaObject[] = [make('table', 'a'), { ...make('table', 'b'), aliases: ['row type of b'] }];
    expect(order(objects, ['a -> row type of b']).before).toEqual(['b', 'a']);
  });
});

const LATE: ReadonlySet<Kind> = new Set(['constraint', 'index']);

function make(kind: Kind, name: string): SchemaObject {
  return simpleObject({ key: name, kind, identity: name, section: LATE.has(kind) ? 'post' : 'pre' }, name);
}

function withPart(kind: Kind, name: string, part: { readonly key: string; readonly kind: Kind }): SchemaObject {
  return {
    ...make(kind, name),
    parts: [{ ...part, identity: part.key, sql: part.key }],
    sql: (later) => [later.has(part.key) ? `${name} without default` : name],
  };
}

function order(objects: readonly SchemaObject[], arrows: readonly string[]): { before: string[]; after: string[] } {
  const dependencies: Dependency[] = arrows.map((arrow) => {
    const [from = '', to = ''] = arrow.split(' -> ');
    return { from, to };
  });
  const { preData, postData } = orderObjects(objects, dependencies);
  return { before: preData.map(({ sql }) => sql), after: postData.map(({ sql }) => sql) };
}
