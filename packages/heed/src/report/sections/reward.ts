/** Renders the counterparts of the paper's figures 3(a) and 3(b), together with the numbers that are drawn. */

import type { PairAccuracy } from '../../reward/accuracy.ts';
import { curveVerdict, type LearningCurve } from '../../reward/learning-curve.ts';
import { describeLeftOut } from '../../reward/left-out.ts';
import { describePerturbations } from '../../reward/perturbed-prompts.ts';
import type { RoundAccuracy } from '../../reward/round-accuracy.ts';
import { type CategoryTrust, trustWords } from '../../reward/trust.ts';
import { formatShare } from '../../statistics/index.ts';
import { percent } from '../../text/percent.ts';
import { rewardChart } from '../charts/reward-chart.ts';
import type { Markup } from '../html.ts';
import { html } from '../html.ts';
import type { ReportInput, RewardDetails } from '../report-input.ts';

export function rewardSection({ rewards, rewardDetails = {} }: ReportInput): Markup | undefined {
  if (!rewards || rewards.length === 0) return undefined;
  const categories = [...new Set(rewards.flatMap(({ byCategory }) => Object.keys(byCategory ?? {})))];
  return html`<section id="reward">
<h2>Does the reward agree with the raters?</h2>
<p class="lead">Held-out pairs: one image judged good and one judged bad of the same prompt, none of which the reward has trained on. A coin is right on half of them. Bars with “half” saw half the labelled images (figure 3b).</p>
${rewardChart(rewards)}
<div class="scroll" tabindex="0" role="group" aria-label="Accuracy by score"><table>
<thead><tr><th>Score</th><th>Prompts learned from</th><th>pairs</th><th>Held-out prompts</th><th>pairs</th></tr></thead>
<tbody>${rewards.map(
    ({ label, seen, unseen }) => html`<tr><td>${label}</td>
<td>${seen ? formatShare(seen) : '–'}</td><td>${seen?.n ?? '–'}</td>
<td>${unseen ? formatShare(unseen) : '–'}</td><td>${unseen?.n ?? '–'}</td></tr>`,
  )}</tbody></table></div>
${
  categories.length === 0
    ? undefined
    : html`<div class="scroll" tabindex="0" role="group" aria-label="Accuracy by category"><table>
<thead><tr><th>By category</th>${rewards.map(({ label }) => html`<th>${label}</th>`)}</tr></thead>
<tbody>${categories.map(
        (category) => html`<tr><td>${category}</td>
${rewards.map(({ byCategory }) => html`<td>${byCategory?.[category] ? percent(byCategory[category].mean) : '–'}</td>`)}</tr>`,
      )}</tbody></table></div>`
}
${detailsOf(rewardDetails)}
</section>`;
}

function detailsOf({
  trust = [],
  rounds = [],
  learningCurve,
  perturbations = {},
  leftOut = [],
}: RewardDetails): Markup {
  const lines = [describePerturbations(perturbations), ...describeLeftOut(leftOut)].filter(
    (line) => line !== undefined,
  );
  return html`${trust.length === 0 ? undefined : trustTable(trust)}
${rounds.length === 0 ? undefined : roundTable(rounds)}
${learningCurve === undefined ? undefined : curveTable(learningCurve)}
${lines.length === 0 ? undefined : html`<ul>${lines.map((line) => html`<li>${line}.</li>`)}</ul>`}`;
}

function trustTable(trust: readonly CategoryTrust[]): Markup {
  return html`<h3>How far to trust the reward</h3>
<div class="scroll" tabindex="0" role="group" aria-label="Trust by category"><table>
<thead><tr><th>Category</th><th>Prompts</th><th>Accuracy</th><th>pairs</th><th>of prompts</th><th>Verdict</th></tr></thead>
<tbody>${trust.map(
    (each) => html`<tr><td>${each.category}</td>
<td>${each.accuracy === undefined ? '–' : each.group === 'seen' ? 'learned from' : 'held out'}</td>
<td>${each.accuracy === undefined ? '–' : formatShare(each.accuracy)}</td><td>${each.pairs}</td><td>${each.prompts}</td>
<td>${trustWords(each)}</td></tr>`,
  )}</tbody></table></div>`;
}

function roundTable(rounds: readonly RoundAccuracy[]): Markup {
  const cell = ({ accuracy }: PairAccuracy) => (accuracy === undefined ? '–' : formatShare(accuracy));
  return html`<h3>The reward by round</h3>
<p>On held-out pairs of the images that each round's model drew.</p>
<div class="scroll" tabindex="0" role="group" aria-label="Accuracy by round"><table>
<thead><tr><th>Round</th><th>Learned from</th><th>Reward</th><th>CLIP score</th><th>pairs</th></tr></thead>
<tbody>${rounds.map(
    ({ round, training, reward, clip }) =>
      html`<tr><td>${round}</td><td>${training}</td><td>${cell(reward)}</td><td>${cell(clip)}</td><td>${reward.pairs}</td></tr>`,
  )}</tbody></table></div>`;
}

function curveTable(curve: LearningCurve): Markup {
  return html`<h3>What more labels would bring</h3>
<div class="scroll" tabindex="0" role="group" aria-label="Accuracy by number of labels"><table>
<thead><tr><th>Labels</th><th>Images</th><th>Accuracy</th></tr></thead>
<tbody>${curve.points.map(
    ({ share, images, accuracy }) =>
      html`<tr><td>${Math.round(100 * share)} %</td><td>${images}</td><td>${formatShare(accuracy)}</td></tr>`,
  )}</tbody></table></div>
<p>${curveVerdict(curve)}</p>`;
}
