/**
 * Renders the steps of the feedback loop that the project has run, with the numbers of images, judgements and updates.
 */
import { armOf } from '../../evaluate/evaluation.ts';
import type { Markup } from '../html.ts';
import { html } from '../html.ts';
import type { ReportInput } from '../report-input.ts';

interface Step {
  readonly name: string;
  readonly text: string;
}

export function sketchSection(input: ReportInput): Markup | undefined {
  const steps = stepsOf(input);
  if (steps.length < 2) return undefined;
  return html`<section id="sketch">
<h2>What was done</h2>
<ol class="sketch">${steps.map(({ name, text }) => html`<li><b>${name}</b>${text}</li>`)}</ol>
</section>`;
}

function stepsOf({ evaluation, feedback, rewards, curves }: ReportInput): Step[] {
  const judgements = feedback?.rows.reduce((sum, { good, bad, skip }) => sum + good + bad + skip, 0) ?? 0;
  const pairs = rewards?.find(({ variant }) => variant === 'aux')?.seen?.n;
  const tuned = evaluation && armOf(evaluation, 'tuned');
  const steps = Number(curves?.find(({ label }) => label === tuned?.model)?.records.at(-1)?.step ?? Number.NaN);
  return [
    ...(feedback && judgements > 0
      ? [
          { name: 'Draw', text: 'The base model draws images of the learning prompts.' },
          { name: 'Judge', text: `${judgements} judgements: ${judgesOf(feedback)} call images good or bad.` },
        ]
      : []),
    ...(rewards
      ? [
          {
            name: 'Learn a reward',
            text: `A small network on CLIP learns to judge so${pairs === undefined ? '' : `, tested on ${pairs} held-out pairs`}.`,
          },
        ]
      : []),
    ...(tuned
      ? [
          {
            name: 'Tune',
            text: `The model learns from its images, weighted by the reward${Number.isFinite(steps) ? `, for ${steps} steps` : ''}.`,
          },
        ]
      : []),
    ...(evaluation
      ? [
          {
            name: 'Compare',
            text: `${evaluation.settings.prompts} other prompts, ${evaluation.settings.imagesPerPrompt} images each, from the same noise for every model.`,
          },
        ]
      : []),
  ];
}

function judgesOf({ humanRaters, simulatedRaters }: NonNullable<ReportInput['feedback']>): string {
  const people = humanRaters === 1 ? '1 person' : `${humanRaters} people`;
  const programs = simulatedRaters === 1 ? '1 simulated rater' : `${simulatedRaters} simulated raters`;
  if (humanRaters === 0) return programs;
  return simulatedRaters === 0 ? people : `${people} and ${programs}`;
}
