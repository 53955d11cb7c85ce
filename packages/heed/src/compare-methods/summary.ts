/** From evaluations of single runs to one point a method: means over seeds, with the intervals of both figures. */
import { armOf, type Evaluation } from '../evaluate/evaluation.ts';
import type { Interval } from '../statistics/index.ts';

/** What a run's images are worth. */
export interface RunFigures {
  readonly seed: number;
  readonly alignment: Interval;
  /** Of the best images by the reward out of more. */
  readonly bestOf: Interval;
  /** Distance to real pictures, less is better; absent where the project has none. */
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
  /** Mean over seeds; the bounds are the least and the most of a seed. */
  readonly distance?: Interval;
  /** True where no other method has more alignment at no more distance. */
  readonly isEfficient: boolean;
}

export interface MethodComparison {
  readonly alignmentJudge: string;
  readonly distanceName: string;
  readonly seeds: readonly number[];
  readonly points: readonly MethodPoint[];
}

/** Figures by which methods are compared, the first that an evaluation has. */
const ALIGNMENT_FIGURES = ['aligned', 'judging-reward', 'reward'];

/** The figures of the evaluation whose baseline is the run's model. */
export function runFigures(evaluation: Evaluation, seed: number): RunFigures & { judge: string; distanceName: string } {
  const figure = ALIGNMENT_FIGURES.flatMap((id) => evaluation.figures.find((each) => each.id === id) ?? [])[0];
  const [alignment, bestOf] = [figure?.arms.base, figure?.arms.bestOf];
  if (figure === undefined || alignment === undefined || bestOf === undefined) {
    throw new Error(`evaluation ${evaluation.run}: expected a figure of alignment of base and best of n, found none`);
  }
  const figureOf = (id: string) => evaluation.figures.find((each) => each.id === id)?.arms.base?.mean;
  const { fidelity } = armOf(evaluation, 'base')!;
  const distances = { Fréchet: fidelity?.frechet, FID: figureOf('fid'), CMMD: figureOf('cmmd') };
  const [name, distance] = Object.entries(distances).find(([, value]) => value !== undefined) ?? ['none', undefined];
  const bounds = ({ mean, lo, hi }: Interval): Interval => ({ mean, lo, hi });
  return {
    seed,
    alignment: bounds(alignment),
    bestOf: bounds(bestOf),
    ...(distance === undefined ? {} : { distance }),
    judge: `${figure.label}, ${figure.judge}`,
    distanceName: name,
  };
}

/** The points of all methods; a method is efficient by its means. */
export function methodPoints(
  methods: readonly { name: string; label: string; updates: number; runs: readonly RunFigures[] }[],
): MethodPoint[] {
  const points = methods.map(({ runs, ...method }) => {
    const distances = runs.flatMap(({ distance }) => (distance === undefined ? [] : [distance]));
    return {
      ...method,
      runs,
      alignment: meanInterval(runs.map(({ alignment }) => alignment)),
      bestOf: meanInterval(runs.map(({ bestOf }) => bestOf)),
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
