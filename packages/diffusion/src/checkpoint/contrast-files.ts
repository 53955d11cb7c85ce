/**
 * Files of a contrast in a model folder: a U-Net in `contrast_good`, a U-Net in `contrast_bad`, and the contrast's
 * scale in `contrast.json`. diffusers ignores these files and generates images with the model alone.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { InputError } from '../errors.ts';
import type { Contrast } from '../pipeline/contrast.ts';
import type { FloatType } from '../safetensors/element-type.ts';
import { openComponent, saveComponent } from './component.ts';
import { MAX_CONFIG_BYTES, readJsonFile, writeJsonFile } from './json-file.ts';

const CONTRAST_FILE = 'contrast.json';
const SIDES = { good: 'contrast_good', bad: 'contrast_bad' } as const;

const contrastSchema = z.strictObject({ version: z.literal(1), scale: z.number().min(0) });

/**
 * Opens the contrast of a model folder; undefined when the folder has none. Only `read` of the result reads the
 * weights.
 */
export async function openContrast(folder: string): Promise<{ read(): Promise<Contrast> } | undefined> {
  const path = join(folder, CONTRAST_FILE);
  if (!existsSync(path)) return undefined;
  const parsed = contrastSchema.safeParse(await readJsonFile(path, { maxBytes: MAX_CONFIG_BYTES }));
  if (!parsed.success) {
    const field = parsed.error.issues[0]?.path.join('.') || 'the whole file';
    throw new InputError(
      `${path}: expected {"version": 1, "scale": a number of at least 0}, got a bad value in ${field}`,
    );
  }
  const { scale } = parsed.data;
  const good = await openComponent(join(folder, SIDES.good), 'unet');
  const bad = await openComponent(join(folder, SIDES.bad), 'unet');
  return { read: async () => ({ scale, good: await good.read(), bad: await bad.read() }) };
}

/** Writes the contrast into a model folder. */
export async function saveContrast(
  folder: string,
  contrast: Contrast,
  weights: { dtype: FloatType; metadata?: Readonly<Record<string, string>> },
): Promise<void> {
  for (const side of ['good', 'bad'] as const) {
    await saveComponent(join(folder, SIDES[side], 'unet'), 'unet', contrast[side], weights);
  }
  await writeJsonFile(join(folder, CONTRAST_FILE), { version: 1, scale: contrast.scale });
}
