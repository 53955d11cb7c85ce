/**
 * Summarises the work of each rater and the agreement between raters. Simulated raters are ignored, since they agree by
 * construction.
 */
import { groupBy } from '../../collections/group-by.ts';
import { type Judgement, lastWords, openFeedbackLog, readRaters } from '../../feedback/index.ts';
import type { Project } from '../../project/project.ts';
import { fleissKappa, krippendorffAlpha, quantile, type RatedUnits, rawAgreement } from '../../statistics/index.ts';
import { plainName } from '../../text/plain-name.ts';
import { isOwnerRater } from '../auth/sessions.ts';
import type { ComparisonAnswer } from '../comparing/comparison-log.ts';
import { measureRaters, type RaterQuality } from './rater-quality.ts';

export interface RaterSummary {
  readonly id: string;
  readonly name: string;
  readonly isSetAside: boolean;
  /** Number of labelling queries that the rater answered or skipped. */
  readonly queries: number;
  /** Number of comparison queries that the rater answered. */
  readonly comparisons: number;
  /** Shares of judged images. */
  readonly good: number;
  readonly skip: number;
  readonly medianSeconds?: number;
  /** Among images judged by several raters, the share on which this rater agrees with the majority of the others. */
  readonly withOthers?: number;
  /**
   * Measures of the rater's quality: accuracy on known answers, consistency on repeats, answer times, and bias to one
   * side.
   */
  readonly quality: RaterQuality;
}

export interface Agreement {
  /** Number of images that at least two people judged. */
  readonly images: number;
  readonly raw?: number;
  readonly alpha?: number;
  /** Fleiss' kappa over the images that have the most common number of judgements. */
  readonly kappa?: number;
}

/**
 * Summarises every rater who joined, and everyone who judged images, including owners. The agreement leaves out the
 * judgements of excluded raters.
 */
export async function summariseRaters(
  project: Project,
  options: { comparisons?: readonly ComparisonAnswer[] } = {},
): Promise<{ raters: RaterSummary[]; agreement: Agreement }> {
  const { comparisons = [] } = options;
  const records = readRaters(project);
  const log = await openFeedbackLog(project.paths.feedback).read();
  const qualityOf = measureRaters(log, comparisons, project.config.studio);
  const events = lastWords(log).filter(({ raterKind }) => raterKind === 'human');
  const counting = events.filter(({ rater }) => !records.get(rater)?.isSetAside);
  const byImage = groupBy(counting.filter(saysSomething), ({ image }) => image);
  const byRater = groupBy(events, ({ rater }) => rater);
  const preferences = lastWords(log, { purpose: 'preference' }).filter(({ raterKind }) => raterKind === 'human');
  const preferring = groupBy(preferences, ({ rater }) => rater);
  // Owners have records for their names alone.
  const joined = [...records.keys()].filter((id) => !isOwnerRater(id));
  const ids = [
    ...new Set([...joined, ...byRater.keys(), ...preferring.keys(), ...comparisons.map(({ rater }) => rater)]),
  ];
  return {
    raters: ids.map((id) => {
      const own = byRater.get(id) ?? [];
      const judged = own.filter(saysSomething);
      const answered = [...own, ...(preferring.get(id) ?? [])];
      const seconds = [...groupBy(answered, ({ query }) => query).values()]
        .flatMap(([first]) => (first?.seconds === undefined ? [] : [first.seconds]))
        .sort((a, b) => a - b);
      const withOthers = agreementWithOthers(judged, byImage);
      return {
        id,
        name: plainName(records.get(id)?.name ?? id),
        isSetAside: records.get(id)?.isSetAside ?? false,
        queries: new Set(answered.map(({ query }) => query)).size,
        comparisons: comparisons.filter(({ rater }) => rater === id).length,
        good: share(judged, ({ label }) => label === 'good'),
        skip: share(own, ({ label }) => label === 'skip'),
        ...(seconds.length === 0 ? {} : { medianSeconds: quantile(seconds, 0.5) }),
        ...(withOthers === undefined ? {} : { withOthers }),
        quality: qualityOf(id),
      };
    }),
    agreement: agreementOf([...byImage.values()].map((judgements) => judgements.map(({ label }) => label))),
  };
}

function agreementOf(units: RatedUnits): Agreement {
  const paired = units.filter((labels) => labels.length >= 2);
  const bySize = [...groupBy(paired, (labels) => String(labels.length)).values()].sort((a, b) => b.length - a.length);
  const [raw, alpha, kappa] = [rawAgreement(paired), krippendorffAlpha(paired), fleissKappa(bySize[0] ?? [])];
  return {
    images: paired.length,
    ...(raw === undefined ? {} : { raw }),
    ...(alpha === undefined ? {} : { alpha }),
    ...(kappa === undefined ? {} : { kappa }),
  };
}

/**
 * Share of a rater's labels that agree with the majority of the other raters. Images on which the other raters are
 * evenly split are ignored.
 */
function agreementWithOthers(
  own: readonly Judgement[],
  byImage: ReadonlyMap<string, readonly Judgement[]>,
): number | undefined {
  const verdicts = own.flatMap(({ image, rater, label }) => {
    const others = (byImage.get(image) ?? []).filter((judgement) => judgement.rater !== rater);
    const good = others.filter((judgement) => judgement.label === 'good').length;
    if (2 * good === others.length) return [];
    return [(2 * good > others.length ? 'good' : 'bad') === label];
  });
  return verdicts.length === 0 ? undefined : verdicts.filter(Boolean).length / verdicts.length;
}

function saysSomething({ label }: Judgement): boolean {
  return label !== 'skip';
}

function share<T>(items: readonly T[], test: (item: T) => boolean): number {
  return items.length === 0 ? 0 : items.filter(test).length / items.length;
}
