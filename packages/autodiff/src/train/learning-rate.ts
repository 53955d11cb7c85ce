/** Learning-rate schedules as pure functions of the step. */

export interface LearningRateSchedule {
  /** Shape after the warm-up: constant, half a cosine, or linear to zero at `totalSteps`. */
  schedule: 'constant' | 'cosine' | 'linear';
  base: number;
  /** Number of warm-up steps, in which the rate rises linearly from zero. */
  warmupSteps?: number;
  totalSteps: number;
  /**
   * Number of final steps in which the rate falls; by default all steps after the warm-up. With a smaller number, the
   * rate is constant between warm-up and decay.
   */
  decaySteps?: number;
}

const decayFactors: Record<LearningRateSchedule['schedule'], (progress: number) => number> = {
  constant: () => 1,
  cosine: (progress) => 0.5 * (1 + Math.cos(Math.PI * progress)),
  linear: (progress) => 1 - progress,
};

/** The learning rate of the 0-based `step`. */
export function learningRateAt(
  { schedule, base, warmupSteps = 0, totalSteps, decaySteps = totalSteps - warmupSteps }: LearningRateSchedule,
  step: number,
): number {
  if (step < warmupSteps) return (base * (step + 1)) / warmupSteps;
  const start = totalSteps - decaySteps;
  const progress = decaySteps > 0 ? Math.min(1, Math.max(0, (step - start) / decaySteps)) : 0;
  return base * decayFactors[schedule](progress);
}
