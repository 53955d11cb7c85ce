/** Reads the comparisons of a project from comparisons.jsonl, for read-only commands. */
import type { Project } from '../../project/project.ts';
import { readComparisonEvents } from './comparison-log.ts';
import { createComparisonStates, type OpenComparison, openComparisons } from './comparison-state.ts';

/** All comparisons in the order in which they were started, with the answers that were not retracted. */
export function readComparisons(project: Project): OpenComparison[] {
  const states = createComparisonStates();
  for (const event of readComparisonEvents(project)) states.apply(event);
  return openComparisons(states);
}
