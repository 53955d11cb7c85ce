/** Renders the top of the page: the most important numbers, then each claim of the paper with its verdict. */

import { armLabel, armOf, type Evaluation } from '../../evaluate/evaluation.ts';
import type { PeopleFindings } from '../../evaluate/people.ts';
import { percent } from '../../text/percent.ts';
import { judgeClaims } from '../claims.ts';
import { points } from '../figures.ts';
import type { Markup } from '../html.ts';
import { html } from '../html.ts';
import type { ReportInput } from '../report-input.ts';

interface Tile {
  readonly name: string;
  readonly value: string;
  readonly range: string;
}

export function headlineSection(input: ReportInput): Markup {
  const tiles = tilesOf(input);
  const claims = judgeClaims(input);
  const measured = claims.filter(({ verdict }) => verdict !== 'not measured');
  const open = claims.filter(({ verdict }) => verdict === 'not measured');
  return html`
${
  tiles.length === 0
    ? undefined
    : html`<div class="headline">${tiles.map(
        ({ name, value, range }) =>
          html`<div class="tile"><div class="name">${name}</div><div class="value">${value}</div><div class="range">${range}</div></div>`,
      )}</div>`
}
<section id="claims">
<h2>What came out</h2>
<p class="lead">Each line is something the paper leads one to expect. “unclear” means that the interval does not exclude the opposite. Intervals are of 95 %.</p>
${
  measured.length === 0
    ? undefined
    : html`<div class="scroll" tabindex="0" role="group" aria-label="Expectations and what came out"><table class="stacked">
<thead><tr><th>Expectation</th><th class="text">Verdict</th><th class="text">Evidence</th></tr></thead>
<tbody>${measured.map(
        ({ claim, verdict, evidence }) =>
          html`<tr><td class="wrap">${claim}</td><td class="text"><span class="verdict ${verdict.replace(' ', '-')}">${verdict}</span></td><td class="text wrap">${evidence}</td></tr>`,
      )}</tbody></table></div>`
}
${open.length === 0 ? undefined : html`<p class="note">Not measured here:</p><ul class="note">${open.map(({ claim, evidence }) => html`<li>${claim}: ${evidence}.</li>`)}</ul>`}
</section>`;
}

function tilesOf({ evaluation, rewards, people }: ReportInput): Tile[] {
  if (!evaluation) return [];
  const shares = ['base', 'tuned', 'bestOf'].flatMap((name): Tile[] => {
    const arm = armOf(evaluation, name);
    if (!arm?.alignment) return [];
    const { mean, lo, hi } = arm.alignment;
    return [
      {
        name: `Aligned images, ${arm.label}`,
        value: percent(mean),
        range: `${percent(lo)} to ${percent(hi)}`,
      },
    ];
  });
  const gain = evaluation.differences.find((d) => d.treated === 'tuned' && d.baseline === 'base')?.interval;
  const aux = rewards?.find(({ variant }) => variant === 'aux');
  return [
    ...peopleTiles(evaluation, people),
    ...(gain
      ? [
          {
            name: 'Tuned minus base, points',
            value: points(gain.mean),
            range: `${points(gain.lo)} to ${points(gain.hi)}`,
          },
        ]
      : []),
    ...shares,
    ...(aux?.unseen
      ? [
          {
            name: 'Reward accuracy, held-out prompts',
            value: percent(aux.unseen.mean),
            range: `${percent(aux.unseen.lo)} to ${percent(aux.unseen.hi)}`,
          },
        ]
      : []),
  ];
}

/**
 * Renders people's verdict from the first comparison that has answers. This verdict is shown before all numbers that
 * programs computed.
 */
function peopleTiles(evaluation: Evaluation, people: PeopleFindings | undefined): Tile[] {
  const comparison = people?.comparisons.find(({ answers }) => answers > 0);
  const alignment = comparison?.verdicts.alignment;
  if (!comparison || !alignment) return [];
  const label = (name: string) => armLabel(evaluation.arms, name);
  const { mean, lo, hi } = alignment.difference;
  return [
    {
      name: `People: ${label(comparison.treated)} fits better minus worse than ${label(comparison.baseline)}, points of prompts`,
      value: points(mean),
      range: `${points(lo)} to ${points(hi)}`,
    },
  ];
}
