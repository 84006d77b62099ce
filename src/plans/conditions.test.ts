import { expect, it } from 'vitest';
import { servedColumns } from './conditions.js';

const NONE = { equal: [], several: [], ranges: [], prefixes: [], patterns: [], isOr: false };

it.each([
  ['(owner = 3)', { equal: ['owner'] }],
  ["((a.kind)::text = 'x (y) AND z'::text)", { equal: ['kind'] }],
  ['is_open', { equal: ['is_open'] }],
  ['(NOT done)', { equal: ['done'] }],
  ['((closed_at IS NULL) AND is_open AND ("Tenant Id" = 5))', { equal: ['closed_at', 'is_open', 'Tenant Id'] }],
  [
    "((state = ANY ('{0,1}'::integer[])) AND (at >= now()) AND (at < 'b'::text))",
    { several: ['state'], ranges: ['at'] },
  ],
  ["((name)::text ~~ 'ann%'::text)", { prefixes: ['name'] }],
  ["((name)::text ~~ '%ann'::text)", { patterns: ['name'] }],
  ["(name ~~* 'ann%'::text)", { patterns: ['name'] }],
  ['((a = 1) OR (b = 2))', { equal: ['a', 'b'], isOr: true }],
  ["((name)::text !~~ 'ann%'::text)", {}],
  ['(a <> 3)', {}],
  ['(lower(name) = 1)', {}],
  ['((a + 1) = 3)', {}],
  ['(a IS NOT NULL)', {}],
  ['(hashed SubPlan 1)', {}],
])('%s', (filter, served) => expect(servedColumns(filter)).toEqual({ ...NONE, ...served }));
