/**
 * The settings for each rater: how many raters answer a query, how many queries the rater gets, and how the rater is
 * measured.
 */
import type { Project } from '../../project/project.ts';
import { isOwnerRater } from '../auth/sessions.ts';
import type { AskingPlan } from './asking-plan.ts';
import type { LeaseOptions } from './lease.ts';

export type Terms = Pick<LeaseOptions, 'rater' | 'ratersPerQuery' | 'queriesPerRater' | 'measuring'>;

/**
 * The settings for a rater. An owner is not measured, since owners know the answers, and may answer any number of
 * queries.
 */
export function termsOf({ project, plan }: { project: Project; plan: AskingPlan }, rater: string): Terms {
  const { ratersPerQuery, practiceQueries, queriesPerRater, kind } = project.config.label;
  if (isOwnerRater(rater)) return { rater, ratersPerQuery };
  return {
    rater,
    ratersPerQuery,
    ...(queriesPerRater === 0 ? {} : { queriesPerRater }),
    // Known answers are good or bad, which does not tell which image of a query is better.
    ...(kind === 'good-bad' ? { measuring: { plan, practiceQueries } } : {}),
  };
}
