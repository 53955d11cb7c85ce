/** Statistics for comparisons: intervals, and distances between sets of embeddings. */
export { fleissKappa, krippendorffAlpha, type RatedUnits, rawAgreement } from './agreement.ts';
export type { BootstrapOptions, PairedCluster } from './bootstrap.ts';
export { bootstrapMean, bootstrapPairedDifference, bootstrapStatistics, quantile } from './bootstrap.ts';
export { type BradleyTerry, expectedInformation, fitBradleyTerry, winShare } from './bradley-terry.ts';
export { cmmd, cmmdByPart } from './cmmd.ts';
export { frechetDistance } from './frechet.ts';
export type { Interval } from './interval.ts';
export { excludesZero, formatShare } from './interval.ts';
export {
  type Jackknifed,
  type JackknifeGroups,
  jackknife,
  jackknifeDifference,
  jackknifeGroups,
  jackknifeInterval,
} from './jackknife.ts';
export {
  createMomentsAccumulator,
  type MomentSums,
  type Moments,
  type MomentsAccumulator,
  momentsOf,
  momentsOfSums,
} from './moments.ts';
export { wilsonInterval } from './wilson.ts';
