/** On which terms each rater is asked: how often each query, how many queries, and what measures them. */
import type { Project } from '../../project/project.ts';
import { isOwnerRater } from '../auth/sessions.ts';
import type { AskingPlan } from './asking-plan.ts';
import type { LeaseOptions } from './lease.ts';

export type Terms = Pick<LeaseOptions, 'rater' | 'ratersPerQuery' | 'queriesPerRater' | 'measuring'>;

/** The owner knows the answers and is never done. */
export function termsOf({ project, plan }: { project: Project; plan: AskingPlan }, rater: string): Terms {
  const { ratersPerQuery, practiceQueries, queriesPerRater, kind } = project.config.label;
  if (isOwnerRater(rater)) return { rater, ratersPerQuery };
  return {
    rater,
    ratersPerQuery,
    ...(queriesPerRater === 0 ? {} : { queriesPerRater }),
    // What is known of an image is good or bad, which says nothing of which is better.
    ...(kind === 'good-bad' ? { measuring: { plan, practiceQueries } } : {}),
  };
}
