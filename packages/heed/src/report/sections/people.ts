/** Renders people's judgements, which are shown before all numbers that programs computed. */
import { describePeople } from '../../evaluate/describe-people.ts';
import type { Markup } from '../html.ts';
import { html } from '../html.ts';
import type { ReportInput } from '../report-input.ts';

export function peopleSection({ evaluation, people }: ReportInput): Markup | undefined {
  if (!evaluation || !people) return undefined;
  return html`<section id="people">
<h2>What people say</h2>
${describePeople(people, evaluation).map((sentence) => html`<p>${sentence}</p>`)}
</section>`;
}
