/** Averages evaluations of single runs to one point for each method: means over seeds, with intervals. */
import { armOf, type Evaluation, type Figure, type FigureUnit } from '../evaluate/evaluation.ts';
import type { Interval } from '../statistics/index.ts';

/** The figures of one run. */
export interface RunFigures {
  readonly seed: number;
  readonly alignment: Interval;
  /** Alignment of the best images by reward among several candidates. */
  readonly bestOf: Interval;
  /** Gain in alignment over the model before tuning, paired by prompt; absent for the model before tuning itself. */
  readonly gain?: Interval;
  /** Distance to real pictures, lower is better; absent where the project has no reference pictures. */
  readonly distance?: number;
}

export interface MethodPoint {
  readonly name: string;
  readonly label: string;
  readonly updates: number;
  readonly runs: readonly RunFigures[];
  /** Mean over seeds; the bounds are the means of the runs' 95 % bounds over prompts. */
  readonly alignment: Interval;
  readonly bestOf: Interval;
  /** Mean over seeds, with the means of the runs' bounds; absent for the model before tuning. */
  readonly gain?: Interval;
  /** Mean over seeds; the bounds are the smallest and the largest value among the seeds. */
  readonly distance?: Interval;
  /**
   * Whether the method is Pareto-optimal: no other method is at least as good in alignment and in distance, and better
   * in one of these figures.
   */
  readonly isEfficient: boolean;
}

export interface MethodComparison {
  readonly alignmentJudge: string;
  /** Unit of alignment, best-of-n and gain. */
  readonly unit: FigureUnit;
  readonly distanceName: string;
  readonly seeds: readonly number[];
  /** Number of finished and of planned runs. */
  readonly runs: { readonly finished: number; readonly planned: number };
  readonly points: readonly MethodPoint[];
}

/** Figures for comparing methods; the first figure that an evaluation has is used. */
const ALIGNMENT_FIGURES = ['aligned', 'judging-reward', 'reward'];

/** The figures of the evaluation whose baseline is the run's model. */
export function runFigures(evaluation: Evaluation): {
  figures: Omit<RunFigures, 'seed'>;
  judge: string;
  unit: FigureUnit;
  distanceName: string;
} {
  const figure = alignmentFigure(evaluation);
  const [alignment, bestOf] = [figure?.arms.base, figure?.arms.bestOf];
  if (figure === undefined || alignment === undefined || bestOf === undefined) {
    throw new Error(`evaluation ${evaluation.run}: expected a figure of alignment of base and best of n, found none`);
  }
  const figureOf = (id: string) => evaluation.figures.find((each) => each.id === id)?.arms.base?.mean;
  const { fidelity } = armOf(evaluation, 'base')!;
  const distances = { Fréchet: fidelity?.frechet, FID: figureOf('fid'), CMMD: figureOf('cmmd') };
  const [name, distance] = Object.entries(distances).find(([, value]) => value !== undefined) ?? ['none', undefined];
  return {
    figures: {
      alignment: bounds(alignment),
      bestOf: bounds(bestOf),
      ...(distance === undefined ? {} : { distance }),
    },
    judge: `${figure.label}, ${figure.judge}`,
    unit: figure.unit,
    distanceName: name,
  };
}

/**
 * The alignment of the run's model minus the alignment of the model before tuning. Here the run's model is the
 * evaluation's arm 'base', and the model before tuning is the arm 'tuned'.
 */
export function gainOf(evaluation: Evaluation): Interval {
  const ofPair = alignmentFigure(evaluation)?.differences.find(
    ({ treated, baseline }) => treated === 'tuned' && baseline === 'base',
  );
  if (ofPair === undefined) {
    throw new Error(`evaluation ${evaluation.run}: expected a difference of alignment of two models, found none`);
  }
  const { mean, lo, hi } = ofPair.interval;
  // Subtracted from 0, which leaves no -0.
  return { mean: 0 - mean, lo: 0 - hi, hi: 0 - lo };
}

function alignmentFigure({ figures }: Evaluation): Figure | undefined {
  return ALIGNMENT_FIGURES.flatMap((id) => figures.find((each) => each.id === id) ?? [])[0];
}

function bounds({ mean, lo, hi }: Interval): Interval {
  return { mean, lo, hi };
}

/** Computes the points of all methods; whether a method is Pareto-optimal is decided by its means over seeds. */
export function methodPoints(
  methods: readonly { name: string; label: string; updates: number; runs: readonly RunFigures[] }[],
): MethodPoint[] {
  const points = methods.map(({ runs, ...method }) => {
    const distances = runs.flatMap(({ distance }) => (distance === undefined ? [] : [distance]));
    const gains = runs.flatMap(({ gain }) => (gain === undefined ? [] : [gain]));
    return {
      ...method,
      runs,
      alignment: meanInterval(runs.map(({ alignment }) => alignment)),
      bestOf: meanInterval(runs.map(({ bestOf }) => bestOf)),
      ...(gains.length === 0 ? {} : { gain: meanInterval(gains) }),
      ...(distances.length === 0
        ? {}
        : { distance: { mean: mean(distances), lo: Math.min(...distances), hi: Math.max(...distances) } }),
    };
  });
  return points.map((point) => ({ ...point, isEfficient: !points.some((other) => dominates(other, point)) }));
}

function dominates(other: Omit<MethodPoint, 'isEfficient'>, point: Omit<MethodPoint, 'isEfficient'>): boolean {
  if (other === point || other.distance === undefined || point.distance === undefined) return false;
  const [more, nearer] = [other.alignment.mean - point.alignment.mean, point.distance.mean - other.distance.mean];
  return more >= 0 && nearer >= 0 && more + nearer > 0;
}

function meanInterval(intervals: readonly Interval[]): Interval {
  return {
    mean: mean(intervals.map((each) => each.mean)),
    lo: mean(intervals.map((each) => each.lo)),
    hi: mean(intervals.map((each) => each.hi)),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
