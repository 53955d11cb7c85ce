/** Renders the sections as one self-contained page. */
import type { Markup } from './html.ts';
import { html } from './html.ts';
import type { ReportInput } from './report-input.ts';
import { alignmentSection } from './sections/alignment.ts';
import { caveatsSection } from './sections/caveats.ts';
import { comparisonsSection } from './sections/comparisons.ts';
import { feedbackSection } from './sections/feedback.ts';
import { fidelitySection } from './sections/fidelity.ts';
import { figuresSection } from './sections/figures.ts';
import { headlineSection } from './sections/headline.ts';
import { paperSection } from './sections/paper.ts';
import { peopleSection } from './sections/people.ts';
import { othersSection, picturesSection } from './sections/pictures.ts';
import { rewardSection } from './sections/reward.ts';
import { sketchSection } from './sections/sketch.ts';
import { trainingSection } from './sections/training.ts';
import { standalonePage } from './standalone-page.ts';

const SECTIONS: readonly ((input: ReportInput) => Markup | undefined)[] = [
  headlineSection,
  sketchSection,
  peopleSection,
  picturesSection,
  othersSection,
  figuresSection,
  alignmentSection,
  comparisonsSection,
  rewardSection,
  fidelitySection,
  trainingSection,
  feedbackSection,
  paperSection,
  caveatsSection,
];

/** Whether any number in the report comes from simulated raters or from the world's recogniser. */
export function hasSimulatedJudgements({ evaluation, feedback }: ReportInput): boolean {
  return (evaluation?.comparisons.length ?? 0) > 0 || (feedback?.simulatedRaters ?? 0) > 0;
}

/** Renders the whole page as a string. The content security policy in the page forbids scripts and network requests. */
export function renderReport(input: ReportInput): string {
  const simulated = hasSimulatedJudgements(input);
  const body = html`<main>
<h1>${input.title}</h1>
<p class="lead">heed report · ${input.time}</p>
${simulated ? html`<p class="banner">All judgements by <strong>simulated raters</strong> are a program's, not a person's.</p>` : undefined}
${SECTIONS.map((section) => section(input))}
<section id="facts"><h2>This run</h2><dl class="facts">${Object.entries(input.facts).map(
    ([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`,
  )}</dl></section>
<footer>Method: Lee et al. 2023, “Aligning Text-to-Image Models using Human Feedback”, arXiv 2302.12192.</footer>
</main>`;
  return standalonePage(input.title, body);
}
