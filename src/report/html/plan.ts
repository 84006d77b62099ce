import type { ReportedStatement } from '../run-report.js';
import { html } from './markup.js';
import type { Markup } from './markup.js';

/** A node of a plan's shape. */
interface ShapeNode {
  readonly label: string;
  readonly children: readonly ShapeNode[];
}

/** The plan before and after as trees side by side, with the lines marked that only one of them has. */
export function planChange(statement: ReportedStatement): Markup | null {
  const { planBefore, planAfter } = statement;
  if (planBefore === '' && planAfter === '') return null;
  if (planBefore === planAfter)
    return html`<div class="plans same">
      <h5>${statement.name}</h5>
      <div>
        <h6>same plan before and after</h6>
        ${tree(planBefore, new Set(), '')}
      </div>
    </div>`;
  const before = new Set(labels(parseShape(planBefore)));
  const after = new Set(labels(parseShape(planAfter)));
  return html`<div class="plans">
    <h5>${statement.name}</h5>
    <div>
      <h6>before</h6>
      ${tree(planBefore, after, 'gone')}
    </div>
    <div>
      <h6>after</h6>
      ${tree(planAfter, before, 'new')}
    </div>
  </div>`;
}

/** Reads `Limit(Sort(Seq Scan@orders))`; what does not read as a tree is one node with the text as it is. */
export function parseShape(shape: string): ShapeNode {
  const reader = { at: 0 };
  const node = readNode(shape, reader, 0);
  return node && reader.at === shape.length ? node : { label: shape, children: [] };
}

/** Plans are not deeper; a text that pretends to be would only exhaust the stack. */
const DEEPEST = 200;

function readNode(shape: string, reader: { at: number }, depth: number): ShapeNode | null {
  const start = reader.at;
  while (reader.at < shape.length && !'(),'.includes(shape.charAt(reader.at))) reader.at += 1;
  const label = shape.slice(start, reader.at);
  if (label === '' || depth > DEEPEST) return null;
  const children: ShapeNode[] = [];
  if (shape.charAt(reader.at) !== '(') return { label, children };
  do {
    reader.at += 1;
    const child = readNode(shape, reader, depth + 1);
    if (!child) return null;
    children.push(child);
  } while (shape.charAt(reader.at) === ',');
  if (shape.charAt(reader.at) !== ')') return null;
  reader.at += 1;
  return { label, children };
}

function labels(node: ShapeNode): readonly string[] {
  return [node.label, ...node.children.flatMap(labels)];
}

function tree(shape: string, other: ReadonlySet<string>, mark: 'gone' | 'new' | ''): Markup {
  return html`<ul class="tree">
    ${branch(parseShape(shape), other, mark)}
  </ul>`;
}

function branch(node: ShapeNode, other: ReadonlySet<string>, mark: 'gone' | 'new' | ''): Markup {
  const changed = mark !== '' && !other.has(node.label);
  return html`<li>
    <span class="${changed ? mark : 'kept'}">${pieces(node.label)}</span>${
      node.children.length > 0 &&
      html`<ul>
        ${node.children.map((child) => branch(child, other, mark))}
      </ul>`
    }
  </li>`;
}

/** `Index Scan:orders_pkey@orders` as node, index and table. */
function pieces(label: string): Markup {
  const match = /^([A-Za-z ]+?)(?::(.*?))?(?:@(.*))?$/s.exec(label);
  if (!match) return html`${label}`;
  const [, node = label, index, relation] = match;
  return html`<b>${node}</b
    >${relation !== undefined && html` on ${relation}`}${index !== undefined && html` <em>by ${index}</em>`}`;
}
