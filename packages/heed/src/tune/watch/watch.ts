/**
 * Monitors a tuning run by images of reserved prompts, which the run does not learn from. The monitor makes
 * measurements every few updates, warns or stops the run by the rules in `rules.ts`, and stores the best weights. All
 * measurements are stored in the run's folder, so that a resumed run can use them.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type RgbImage, readSafetensors, writeSafetensors } from '@heed/diffusion';
import type { ParameterValues } from '@heed/diffusion/autodiff';
import { findCheckedJson } from '@heed/diffusion/checked-json';
import { writeFileAtomically } from '@heed/diffusion/files';
import { z } from 'zod';
import { diversity } from '../../evaluate/clip-measures.ts';
import { pixelMeasures } from '../../evaluate/pixel-measures.ts';
import { imageSeed } from '../../generate/image-seed.ts';
import { cosine } from '../../reward/accuracy.ts';
import type { TuneOptions } from '../options.ts';
import type { WatchJudges } from './judges.ts';
import { type Alarm, alarmsOf, bestStep, describeAlarm, mean, type WatchPoint } from './rules.ts';

/** Name of the subfolder of a run in which the measurements are stored. */
export const WATCH_FOLDER = 'watch';

const POINTS_FILE = 'points.json';
const BEST_FILE = 'best.safetensors';
const BASE_FILE = 'base.safetensors';

const values = z.array(z.number());
const pointsSchema = z.object({
  points: z.array(
    z.object({
      step: z.int().nonnegative(),
      reward: values.optional(),
      judge: values.optional(),
      diversity: values,
      distance: values,
      saturation: values,
      brightness: values,
    }),
  ),
});

export interface WatchedRun {
  /**
   * Makes the measurements with the weights of an update, stores the weights if they are the best so far, and returns
   * whether the run stops.
   */
  at(step: number, weights: { average: ParameterValues; draw: DrawImages }): Promise<'go' | 'stop'>;
  /**
   * The best weights, with the names of the weights that `at` received; undefined when the run should use its last
   * weights.
   */
  best(): Promise<{ step: number; average: ParameterValues } | undefined>;
  readonly alarms: readonly Alarm[];
  readonly points: readonly WatchPoint[];
}

/** Generates one image for each prompt, with the seed of the same index. */
export type DrawImages = (prompts: readonly string[], seeds: readonly number[]) => Promise<RgbImage[]>;

/**
 * Opens the measurements of the run in `runFolder`. Measurements after `resumedStep` are discarded, because the run
 * repeats these updates.
 */
export async function openWatch(options: {
  runFolder: string;
  resumedStep: number;
  seed: number;
  watch: NonNullable<TuneOptions['watch']>;
  prompts: readonly string[];
  judges: WatchJudges;
  warn: (sentence: string) => void;
  onPoint?: ((step: number, values: Record<string, number>) => Promise<void>) | undefined;
}): Promise<WatchedRun> {
  const { resumedStep, watch, warn } = options;
  const folder = join(options.runFolder, WATCH_FOLDER);
  await mkdir(folder, { recursive: true });
  const path = join(folder, POINTS_FILE);
  const stored = await findCheckedJson(path, { what: 'what a run measured of itself', schema: pointsSchema });
  const points: WatchPoint[] = (stored?.points ?? []).filter(({ step }) => step <= resumedStep);
  const alarms = points.flatMap((_, i) => alarmsOf(points.slice(0, i + 1)));
  const verdict = (step: number) =>
    watch.stops && alarms.some((alarm) => alarm.step === step && alarm.stops) ? 'stop' : 'go';
  return {
    alarms,
    points,
    async at(step, { average, draw }) {
      if (points.some((point) => point.step === step)) return verdict(step);
      const point = await measure(step, draw, { ...options, folder });
      const isBest = step > 0 && bestStep([...points, point]) === step;
      // Before the measurement: a run that is stopped here measures again and writes the same.
      if (isBest) await writeSafetensors(join(folder, BEST_FILE), average, { dtype: 'F32' });
      points.push(point);
      await writeFileAtomically(path, `${JSON.stringify({ points })}\n`);
      const fresh = alarmsOf(points);
      alarms.push(...fresh);
      for (const alarm of fresh) warn(describeAlarm(watch.stops ? alarm : { ...alarm, stops: false }));
      await options.onPoint?.(step, meansOf(point));
      return verdict(step);
    },
    async best() {
      const step = bestStep(points);
      if (!watch.keepsBest || step === undefined || step === points.at(-1)!.step) return undefined;
      const { tensors } = await readSafetensors(join(folder, BEST_FILE));
      return { step, average: new Map([...tensors].map(([name, { shape, data }]) => [name, { shape, data }])) };
    },
  };
}

async function measure(
  step: number,
  draw: DrawImages,
  {
    prompts,
    seed,
    watch,
    judges,
    folder,
  }: Pick<Parameters<typeof openWatch>[0], 'prompts' | 'seed' | 'watch' | 'judges'> & { folder: string },
): Promise<WatchPoint> {
  const asked = prompts.flatMap((prompt) => Array.from({ length: watch.images }, (_, number) => ({ prompt, number })));
  const texts = asked.map(({ prompt }) => prompt);
  const images = await draw(
    texts,
    asked.map(({ prompt, number }) => imageSeed({ runSeed: seed, set: 'watch', prompt, number })),
  );
  const embeds = await judges.embed(images);
  const base = await baseEmbeds(step, embeds, folder);
  const length = judges.projectionDim;
  const row = (rows: Float32Array, i: number) => rows.subarray(i * length, (i + 1) * length);
  const ofPrompt = (value: (index: number) => number) =>
    prompts.map((_, p) => mean(Array.from({ length: watch.images }, (_unused, i) => value(p * watch.images + i))));
  const scores = async (by: WatchJudges['reward']) => {
    const found = await by?.(texts, embeds);
    return found && ofPrompt((i) => found[i]!);
  };
  const pixels = images.map(pixelMeasures);
  return {
    step,
    reward: await scores(judges.reward),
    judge: await scores(judges.judge),
    diversity: prompts.flatMap((_, p) =>
      diversity(
        Array.from({ length: watch.images }, (_unused, i) => String(p * watch.images + i)),
        { image: (index) => row(embeds, Number(index)) },
      ),
    ),
    distance: ofPrompt((i) => 1 - cosine(row(embeds, i), row(base, i))),
    saturation: ofPrompt((i) => pixels[i]!.saturation),
    brightness: ofPrompt((i) => pixels[i]!.brightness),
  };
}

/** CLIP embeddings of the images before tuning, which step 0 stores and later steps read. */
async function baseEmbeds(step: number, embeds: Float32Array, folder: string): Promise<Float32Array> {
  const path = join(folder, BASE_FILE);
  if (step === 0)
    await writeSafetensors(path, new Map([['embeds', { shape: [embeds.length], data: embeds }]]), { dtype: 'F32' });
  const { tensors } = await readSafetensors(path);
  return tensors.get('embeds')!.data;
}

function meansOf({ step: _, ...point }: WatchPoint): Record<string, number> {
  return Object.fromEntries(
    Object.entries(point).flatMap(([name, of]) => (of === undefined ? [] : [[`watch.${name}`, mean(of)]])),
  );
}
