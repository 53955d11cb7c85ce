/** Renders a table of the paper's numbers beside this project's numbers. */

import { armOf, type Evaluation, type Outcome, type Question } from '../../evaluate/evaluation.ts';
import { percent } from '../../text/percent.ts';
import type { Markup } from '../html.ts';
import { html } from '../html.ts';
import type { ReportInput } from '../report-input.ts';

interface Row {
  readonly what: string;
  /** The project's own number; undefined when this quantity was not measured. */
  readonly own: string | undefined;
  readonly paper: string;
}

/**
 * Renders the table; the paper's numbers are from figures 4 and 6, table 3 and section 5 of Lee et al. 2023. The shares
 * of decided queries are written as win / tie / lose; for figure 6, the paper's text gives no ties.
 */
export function paperSection(input: ReportInput): Markup | undefined {
  const rows = rowsOf(input);
  if (rows.every(({ own }) => own === undefined)) return undefined;
  return html`<section id="paper">
<h2>Beside the paper</h2>
<p class="lead">Lee et al. 2023 tuned Stable Diffusion 1.5 with 27,528 judgements by people. Its models, pictures and judges are others, so the order and the signs can be compared, the sizes cannot.</p>
<div class="scroll" tabindex="0" role="group" aria-label="Figures of the paper beside this project's"><table>
<thead><tr><th>Figure</th><th>Here</th><th>Paper</th></tr></thead>
<tbody>${rows.map(({ what, own, paper }) => html`<tr><td class="text wrap">${what}</td><td>${own ?? 'not measured'}</td><td>${paper}</td></tr>`)}</tbody>
</table></div>
<p class="note">Queries are decided where at least 7 of 9 raters agree. Some of the paper's numbers are as later readers report them.</p>
</section>`;
}

function rowsOf({ evaluation, rewards, feedback }: ReportInput): Row[] {
  const aux = rewards?.find(({ variant }) => variant === 'aux');
  return [
    { what: 'Judgements: good / bad / skipped', own: feedbackShares(feedback), paper: '46.5 / 48.5 / 5.0 %' },
    {
      what: 'Reward accuracy on unseen objects',
      own: aux?.unseen && percent(aux.unseen.mean),
      paper: 'about 80 %',
    },
    votes(
      evaluation,
      ['tuned', 'base', 'alignment'],
      'Tuned against base, fits the prompt: win / tie / lose',
      '50 / 10 / 3 %',
    ),
    votes(evaluation, ['tuned', 'base', 'fidelity'], 'Tuned against base, better pictures: win / lose', '10 / 15 %'),
    votes(evaluation, ['bestOf', 'base', 'alignment'], 'Best 4 of 16 against base, fits the prompt: win', '46 %'),
    votes(
      evaluation,
      ['bestOf', 'base', 'fidelity'],
      'Best 4 of 16 against base, better pictures: win / lose',
      '12 / 9 %',
    ),
    votes(
      evaluation,
      ['tuned', 'bestOf', 'alignment'],
      'Tuned against best 4 of 16, fits the prompt: win / lose',
      '20 / 10 %',
    ),
    votes(
      evaluation,
      ['tuned', 'bestOf', 'fidelity'],
      'Tuned against best 4 of 16, better pictures: win / lose',
      '3 / 20 %',
    ),
    {
      what: 'Mean reward, base to tuned',
      own: evaluation && ofArms(evaluation, (arm) => arm.reward?.mean),
      paper: '0.43 to 0.79',
    },
    {
      what: 'Fréchet distance, base to tuned (the paper: FID on COCO captions)',
      own: evaluation && ofArms(evaluation, (arm) => arm.fidelity?.frechet),
      paper: '13.97 to 16.76',
    },
  ];
}

function votes(
  evaluation: Evaluation | undefined,
  [treated, baseline, question]: readonly [string, string, Question],
  what: string,
  paper: string,
): Row {
  const found = evaluation?.comparisons.find((each) => each.treated === treated && each.baseline === baseline);
  const outcomes: Outcome[] = (['win', 'tie', 'lose'] as const).filter((outcome) => what.includes(outcome));
  const own =
    found && outcomes.map((outcome) => (100 * found.answers[question].agreed[outcome]).toFixed(0)).join(' / ');
  return { what, own: own && `${own} %`, paper };
}

function ofArms(
  evaluation: Evaluation,
  figureOf: (arm: Evaluation['arms'][number]) => number | undefined,
): string | undefined {
  const [base, tuned] = ['base', 'tuned'].map((name) => {
    const arm = armOf(evaluation, name);
    return arm && figureOf(arm);
  });
  return base === undefined || tuned === undefined ? undefined : `${base.toFixed(2)} to ${tuned.toFixed(2)}`;
}

function feedbackShares(feedback: ReportInput['feedback']): string | undefined {
  if (!feedback || feedback.rows.length === 0) return undefined;
  const counts = (['good', 'bad', 'skip'] as const).map((label) =>
    feedback.rows.reduce((sum, row) => sum + row[label], 0),
  );
  const all = Math.max(
    1,
    counts.reduce((a, b) => a + b),
  );
  return `${counts.map((count) => ((100 * count) / all).toFixed(1)).join(' / ')} %`;
}
