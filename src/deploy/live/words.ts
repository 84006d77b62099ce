import { formatCount, formatMs, formatPercent } from '../../base/units.js';
import { formatRatio } from '../../report/words.js';
import type { MeanRatio } from '../../stats/moments.js';
import type { Rise } from './assess.js';
import type { Comparison, Gain } from './compare.js';
import type { LiveLimits } from './limits.js';

/** `x1.42 (99 %: 1.30..1.55)`. */
export function ratioWords(
  { ratio, ciLow, ciHigh }: MeanRatio,
  { confidence }: Pick<LiveLimits, 'confidence'>,
): string {
  return `x${formatRatio(ratio)} (${Number((confidence * 100).toFixed(2))} %: ${formatRatio(ciLow)}..${formatRatio(ciHigh)})`;
}

/** One statement: its name, its times, its calls, how sure. */
export function comparisonWords(one: Comparison, limits: LiveLimits): string {
  const { name, before, after, ratio, share } = one;
  const times = before ? `${formatMs(before.meanMs)} -> ${formatMs(after.meanMs)}` : formatMs(after.meanMs);
  const calls = before
    ? `${formatCount(before.calls)} and ${formatCount(after.calls)} calls`
    : `${formatCount(after.calls)} calls, none before`;
  return `"${name}" ${times}${ratio ? `, ${ratioWords(ratio, limits)}` : ''}, ${calls}, ${formatPercent(share)} of the time`;
}

/** What a step promised, and what is seen of it. */
export function gainWords({ state, ratio, labRatio, promised, seen }: Gain, limits: LiveLimits): string {
  const which =
    promised === 1
      ? 'the statement that the lab found faster'
      : `${seen} of the ${promised} statements that the lab found faster`;
  if (ratio === null)
    return promised === 1
      ? `${which} was not called often enough`
      : `none of the ${promised} statements that the lab found faster was called often enough`;
  const said = { gained: 'gained', 'no-gain': 'no gain', unclear: 'unclear', 'few-calls': 'few calls' }[state];
  return `${said}: ${which}, time ${ratioWords(ratio, limits)}; x${formatRatio(labRatio)} in the lab`;
}

/** `12 of 4,000 -> 310 of 5,100 transactions`. */
export function riseWords({ before, after }: Rise, of: string): string {
  return `${formatCount(before.count)} of ${formatCount(before.of)} -> ${formatCount(after.count)} of ${formatCount(after.of)} ${of}`;
}
