/** The comparisons of a project as comparisons.jsonl has them, for readers that start and answer none. */
import { groupBy } from '../../collections/group-by.ts';
import type { Project } from '../../project/project.ts';
import type { OpenComparison } from './comparison-desk.ts';
import { type ComparisonAnswer, readComparisonEvents } from './comparison-log.ts';

/** In the order in which they were started, with the answers that stand: one a rater and query, none that was taken back. */
export function readComparisons(project: Project): OpenComparison[] {
  const events = readComparisonEvents(project);
  const ended = new Set(events.flatMap((event) => (event.event === 'ended' ? [event.comparison] : [])));
  const standing = new Map<string, ComparisonAnswer>();
  const keyOf = ({ query, rater }: ComparisonAnswer) => JSON.stringify([query, rater]);
  const byId = new Map<string, ComparisonAnswer>();
  for (const event of events) {
    if (event.event === 'answered' && !standing.has(keyOf(event))) {
      standing.set(keyOf(event), event);
      byId.set(event.id, event);
    }
    const answer = event.event === 'retracted' ? byId.get(event.answer) : undefined;
    if (answer && event.event === 'retracted' && answer.rater === event.rater) {
      if (standing.get(keyOf(answer)) === answer) standing.delete(keyOf(answer));
    }
  }
  const answers = groupBy(standing.values(), ({ comparison }) => comparison);
  return events.flatMap((event) =>
    event.event === 'started'
      ? [{ started: event, hasEnded: ended.has(event.id), answers: answers.get(event.id) ?? [] }]
      : [],
  );
}
