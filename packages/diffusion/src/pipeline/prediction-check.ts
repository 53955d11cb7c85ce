/**
 * Checks whether a network predicts noise or velocity, as its schedule states. The weights do not show the prediction
 * type, and a wrong setting gives pictures of noise and wrong training targets. The check runs denoising steps and
 * compares the output with both targets.
 */
import type { RandomGenerator } from '@heed/autodiff';
import type { RgbImage } from '../images/rgb-image.ts';
import { addNoise, velocityTarget } from '../schedule/forward-process.ts';
import type { NoiseSchedule, PredictionType } from '../schedule/noise-schedule.ts';

export interface PredictionCheck {
  readonly stated: PredictionType;
  /**
   * Squared error of the output against each target, divided by the target's mean square. A perfect output gives 0, and
   * an output of zeros gives 1.
   */
  readonly errors: Readonly<Record<PredictionType, number>>;
  /** The prediction type that fits the network when the config states another one. Undefined when none fits. */
  readonly likely: PredictionType | undefined;
}

/** Signal levels at which the two targets differ and the sample still contains enough signal. */
const SIGNALS = [0.5, 0.2];
/**
 * A prediction type fits if its relative error is below this value and the other type's error is at least twice as
 * large.
 */
const FITS = 0.5;

/**
 * Calls `predict` on noised `latents` [N, ...] at two timesteps and averages the errors. `predict` takes a sample [N,
 * ...] and a timestep and returns the network's raw output.
 */
export async function checkPrediction({
  predict,
  latents,
  count,
  schedule,
  random,
}: {
  predict: (sample: Float32Array, timestep: number) => Promise<Float32Array>;
  latents: Float32Array;
  count: number;
  schedule: NoiseSchedule;
  random: RandomGenerator;
}): Promise<PredictionCheck> {
  const errors = { epsilon: 0, v_prediction: 0 };
  for (const signal of SIGNALS) {
    const timestep = nearestTimestep(schedule, signal);
    const noise = random.fillNormal(new Float32Array(latents.length));
    const batch = { schedule, clean: latents, noise, timesteps: new Array<number>(count).fill(timestep) };
    const output = await predict(addNoise(batch), timestep);
    errors.epsilon += relativeError(output, noise) / SIGNALS.length;
    errors.v_prediction += relativeError(output, velocityTarget(batch)) / SIGNALS.length;
  }
  const stated = schedule.predictionType;
  const other = stated === 'epsilon' ? 'v_prediction' : 'epsilon';
  const isWrong = errors[other] < FITS && 2 * errors[other] < errors[stated];
  return { stated, errors, likely: isWrong ? other : undefined };
}

/** Test pictures that any image model denoises well: smooth colour gradients with discs. */
export function testPictures(count: number, { width, height }: { width: number; height: number }): RgbImage[] {
  return Array.from({ length: count }, (_, index) => {
    const data = new Uint8Array(width * height * 3);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const [u, v] = [x / width, y / height];
        const onDisc = (u - 0.35 - 0.1 * index) ** 2 + (v - 0.55) ** 2 < 0.06;
        const colour = onDisc
          ? [220 - 40 * index, 60 + 50 * index, 40]
          : [180 - 90 * v, 170 + 60 * u * v, 200 + 40 * u];
        data.set(colour, (y * width + x) * 3);
      }
    }
    return { width, height, data };
  });
}

function nearestTimestep({ alphasCumprod }: NoiseSchedule, signal: number): number {
  let best = 0;
  alphasCumprod.forEach((alpha, timestep) => {
    if (Math.abs(alpha - signal) < Math.abs(alphasCumprod[best]! - signal)) best = timestep;
  });
  return best;
}

function relativeError(output: Float32Array, target: Float32Array): number {
  let wrong = 0;
  let all = 0;
  for (let i = 0; i < target.length; i++) {
    wrong += (output[i]! - target[i]!) ** 2;
    all += target[i]! ** 2;
  }
  return wrong / all;
}
