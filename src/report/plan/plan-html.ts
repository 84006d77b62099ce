import { formatCount, formatCounted, formatMs, formatPercent } from '../../base/units.js';
import { html } from '../html/markup.js';
import type { Markup } from '../html/markup.js';
import { page } from '../html/page.js';
import { evidenceValue, evidenceWords, placeWords } from '../words.js';
import type { PlanReport } from './plan-report.js';
import { amountWords, estimateWords, schemaSteps, summaryWords, trialWords, wrongEstimateWords } from './plan-words.js';

/** A plan as a page that needs nothing else, not even a script: the tree with its figures, findings, advice, what is not known. */
export function renderPlanHtml(report: PlanReport): string {
  const title = report.target === null ? 'A plan, explained' : `${report.target.label}: a plan, explained`;
  const command = report.target === null ? 'explain' : `explain ${report.target.label}`;
  return page(
    title,
    head(report, title),
    [
      ['plan', 'Plan', tree(report)],
      ['causes', 'Where it goes', causes(report)],
      ['estimate', 'The first wrong estimate', paragraph(wrongEstimateWords(report))],
      ['findings', 'Findings', findings(report)],
      ['advice', 'Advice', advice(report)],
      ['found-in', 'Where it comes from', foundIn(report)],
      ['difference', 'What changed', difference(report)],
      ['unknown', 'What it can not know', unknown(report)],
    ],
    { tool: report.tool, command, startedAt: report.startedAt, finishedAt: report.finishedAt },
  );
}

function head(report: PlanReport, title: string): Markup {
  return html`<p class="brand">database-wizard <span>${report.tool.version}</span></p>
    <h1>${title}</h1>
    <p>${summaryWords(report)}</p>
    ${report.query !== null && html`<pre>${report.query}</pre>`}
    ${
      report.overhead !== null &&
      html`<p class="muted small">
        The target was read only: ${formatCounted(report.overhead.statements, 'statement')},
        ${formatMs(report.overhead.totalMs)} (measured).
      </p>`
    }`;
}

/** One row a node, indented by its depth; what else the plan says of it folds out. */
function tree({ plan }: PlanReport): Markup {
  const most = Math.max(1, ...plan.nodes.map(({ selfBlocks }) => selfBlocks ?? 0));
  return html`<div class="scroll">
    <table>
      <tr>
        <th class="n">#</th>
        <th>node</th>
        <th class="n">${plan.ran ? 'self' : 'cost'}</th>
        <th class="barcol"></th>
        <th class="n">rows</th>
        <th class="n">expected</th>
        <th class="n">estimate</th>
        <th class="n">loops</th>
        <th class="n">blocks</th>
        <th class="barcol"></th>
      </tr>
      ${plan.nodes.map(
        (node) =>
          html`<tr id="n${node.id}">
            <td class="n">${node.id}</td>
            <td style="padding-left:${node.depth * 16}px;min-width:${220 + node.depth * 16}px">
              ${node.subplan !== null && html`<small>${node.subplan}</small><br />`}<b>${node.label}</b>${details(node)}
            </td>
            <td class="n">
              ${plan.ran ? (node.loops === 0 ? 'never run' : formatMs(node.selfMs)) : formatCount(node.cost)}
            </td>
            <td class="barcol">${barOf(node.share)}</td>
            <td class="n">${formatCount(node.rows)}</td>
            <td class="n">${formatCount(node.estimatedRows)}</td>
            <td class="n ${(node.estimateFactor ?? 1) >= 10 ? 'bad' : 'muted'}">${estimateWords(node)}</td>
            <td class="n">${formatCount(node.loops)}</td>
            <td class="n">${formatCount(node.selfBlocks)}</td>
            <td class="barcol">${barOf(node.selfBlocks === null ? null : node.selfBlocks / most)}</td>
          </tr>`,
      )}
    </table>
  </div>`;
}

function details({ details }: PlanReport['plan']['nodes'][number]): Markup | null {
  const entries = Object.entries(details);
  if (entries.length === 0) return null;
  return html`<details>
    <summary>${entries.length} more</summary>
    ${entries.map(([key, value]) => html`<div class="small"><span class="muted">${key}</span> ${String(value)}</div>`)}
  </details>`;
}

function barOf(share: number | null): Markup | null {
  if (share === null || share <= 0) return null;
  const width = Math.max(0.5, Math.min(100, share * 100)).toFixed(1);
  return html`<svg
    class="pair"
    viewBox="0 0 100 10"
    preserveAspectRatio="none"
    role="img"
    aria-label="${formatPercent(share)}"
  >
    <rect class="after" x="0" y="2" width="${width}" height="6" />
  </svg>`;
}

function causes({ timeByCause }: PlanReport): Markup | null {
  if (!timeByCause || timeByCause.total <= 0) return null;
  return html`<table>
    <tr>
      <th>cause</th>
      <th class="n">${timeByCause.unit === 'ms' ? 'time' : timeByCause.unit} (${timeByCause.provenance})</th>
      <th class="n">share</th>
      <th class="barcol"></th>
      <th>nodes</th>
    </tr>
    ${timeByCause.causes.map(
      ({ cause, amount, share, nodes }) =>
        html`<tr>
          <td>${cause}</td>
          <td class="n">${amountWords(amount, timeByCause.unit)}</td>
          <td class="n">${formatPercent(share)}</td>
          <td class="barcol">${barOf(share)}</td>
          <td>${nodes.map((id) => html`<a href="#n${id}">${id}</a> `)}</td>
        </tr>`,
    )}
  </table>`;
}

function findings({ findings: rows, plan }: PlanReport): Markup {
  if (rows.length === 0) return html`<p>${plan.ran ? 'None.' : 'None that a plan shows without being run.'}</p>`;
  return html`<ul class="findings">
    ${rows.map(
      (row) =>
        html`<li class="${row.severity}">
          <span class="pill">${row.severity}</span>
          <div>
            ${row.title}
            <small
              >${row.id}${row.node !== null && html`, node <a href="#n${row.node}">${row.node}</a>`}${
                row.share !== null && row.node !== null && html`, ${formatPercent(row.share)} of the statement`
              }</small
            >
            <ul>
              ${row.evidence.map((fact) => html`<li class="small muted">${fact.what}: ${evidenceValue(fact)} (${fact.provenance})</li>`)}
            </ul>
            ${row.remedy}
          </div>
        </li>`,
    )}
  </ul>`;
}

function advice({ advice: rows }: PlanReport): Markup | null {
  if (rows.length === 0) return null;
  return html`<div class="stack">
    ${rows.map(
      (row) =>
        html`<article>
          <h3>${row.kind}: ${row.title}</h3>
          <ul>
            ${row.why.map((text) => html`<li class="small">${text}</li>`)}
            ${row.evidence.map((fact) => html`<li class="small muted">${evidenceWords(fact)}</li>`)}
            ${row.missing.map((text) => html`<li class="small bad">not proved: ${text}</li>`)}
          </ul>
          ${
            row.cost !== null &&
            html`<p>cost ${formatCount(row.cost.before)} → ${formatCount(row.cost.after)} (estimated)</p>`
          }
          <p>${row.trial === null ? `untried: ${row.untried ?? 'unknown'}` : trialWords(row.trial)}</p>
          ${schemaSteps(row).map((sql) => html`<pre>${sql};</pre>`)}
          ${
            row.rewrite !== null &&
            html`<pre>${row.rewrite.difference.join('\n')}</pre>
              <p class="small muted">holds for ${row.rewrite.holdsFor}</p>
              <ul>
                ${row.rewrite.planDifference.map((text) => html`<li class="small">plan on the copy: ${text}</li>`)}
              </ul>
              ${patch(row.rewrite.patch)}`
          }
        </article>`,
    )}
  </div>`;
}

function patch(found: NonNullable<PlanReport['advice'][number]['rewrite']>['patch']): Markup | null {
  if (found === null) return null;
  return found.text === null
    ? html`<p class="small muted">no patch: ${found.reason}</p>`
    : html`<p class="small muted">for git apply</p>
        <pre>${found.text}</pre>`;
}

function foundIn({ foundIn: places }: PlanReport): Markup | null {
  if (places.length === 0) return null;
  return html`<ul>
    ${places.map((place) => html`<li>${placeWords(place)}</li>`)}
  </ul>`;
}

function difference({ difference: found }: PlanReport): Markup | null {
  if (!found) return null;
  return html`<p class="muted">Before: ${found.against}</p>
    <ul>
      ${found.words.map((text) => html`<li>${text}</li>`)}
    </ul>`;
}

function unknown({ coverage }: PlanReport): Markup | null {
  if (coverage.skipped.length === 0) return null;
  return html`<ul class="plainlist">
    ${coverage.skipped.map(
      (row) =>
        html`<li>
          <b>${row.what}</b>: ${row.reason}${row.remedy !== null && html`<br /><small>To see it: ${row.remedy}</small>`}
        </li>`,
    )}
  </ul>`;
}

function paragraph(text: string | null): Markup | null {
  return text === null ? null : html`<p>${text}</p>`;
}
