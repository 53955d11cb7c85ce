/** The comparisons of a project as comparisons.jsonl has them, for readers that start and answer none. */
import type { Project } from '../../project/project.ts';
import { readComparisonEvents } from './comparison-log.ts';
import { createComparisonStates, type OpenComparison, openComparisons } from './comparison-state.ts';

/** In the order in which they were started, with the answers that stand. */
export function readComparisons(project: Project): OpenComparison[] {
  const states = createComparisonStates();
  for (const event of readComparisonEvents(project)) states.apply(event);
  return openComparisons(states);
}
