// How long a stage trains and how its learning rate runs over that: warm-up, stable, linear decay at the end
// (WSD, Hu et al. 2024, MiniCPM). A longer horizon given later simply continues from the state that is there.

/** The end of a stage, in updates or in hours of training (waiting and earlier interruptions not counted). */
export type Horizon = { readonly steps: number } | { readonly hours: number };

/** The completed share of the horizon: 0 at the start, 1 or more at its end. */
export function progressOf(
  horizon: Horizon,
  { step, trainedSeconds }: { step: number; trainedSeconds: number },
): number {
  return 'steps' in horizon ? step / horizon.steps : trainedSeconds / (horizon.hours * 3600);
}

/** Remaining seconds at the current rate. */
export function secondsLeft(
  horizon: Horizon,
  { step, trainedSeconds, stepsPerSecond }: { step: number; trainedSeconds: number; stepsPerSecond: number },
): number {
  return 'steps' in horizon ? (horizon.steps - step) / stepsPerSecond : horizon.hours * 3600 - trainedSeconds;
}

/** The learning rate of the 0-based update `step`, given the completed share `progress` of the horizon. */
export function learningRateOf(
  { base, warmupSteps, decayShare }: { base: number; warmupSteps: number; decayShare: number },
  { step, progress }: { step: number; progress: number },
): number {
  const warmup = Math.min(1, (step + 1) / warmupSteps);
  const decay = Math.min(1, Math.max(0.01, (1 - progress) / decayShare));
  return base * warmup * decay;
}
