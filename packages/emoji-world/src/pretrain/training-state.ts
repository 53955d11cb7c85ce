// The state of an interrupted training on disk: two files written in turn, so that a kill at any moment leaves one
// that is whole. Random numbers need no place in it: every batch is a function of the seed and the step.
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readSafetensors, readSafetensorsHeader, writeSafetensors } from '@heed/diffusion';
import type { OptimizerState, ParameterValues } from '@heed/diffusion/autodiff';

/** The saved data of a training besides the optimizer's state. */
export interface SavedTraining {
  readonly optimizer: OptimizerState;
  /** Seconds spent in training steps so far, over all starts. */
  readonly trainedSeconds: number;
}

const GROUPS = ['parameters', 'firstMoment', 'secondMoment', 'ema'] as const;

/** Writes the state into the slot that does not contain the newest state. The write is atomic, by renaming a file. */
export async function saveTraining(folder: string, saved: SavedTraining): Promise<void> {
  await mkdir(folder, { recursive: true });
  const tensors: ParameterValues = new Map();
  for (const group of GROUPS) {
    for (const [name, value] of saved.optimizer[group] ?? []) tensors.set(`${group}/${name}`, value);
  }
  const newest = (await readSlots(folder)).at(-1);
  const slot = newest?.slot === 'state-0.safetensors' ? 'state-1.safetensors' : 'state-0.safetensors';
  const { step } = saved.optimizer;
  await writeSafetensors(join(folder, slot), tensors, {
    dtype: 'F32',
    metadata: { step: `${step}`, trainedSeconds: `${saved.trainedSeconds}` },
  });
}

/** The newest intact state of the folder; undefined when there is none. */
export async function loadTraining(folder: string): Promise<SavedTraining | undefined> {
  for (const { slot, step, trainedSeconds } of (await readSlots(folder)).reverse()) {
    const { tensors } = await readSafetensors(join(folder, slot));
    const groups = Object.fromEntries(GROUPS.map((group) => [group, new Map() as ParameterValues]));
    for (const [key, { shape, data }] of tensors) {
      const cut = key.indexOf('/');
      groups[key.slice(0, cut)]?.set(key.slice(cut + 1), { shape, data });
    }
    const { parameters, firstMoment, secondMoment, ema } = groups as Record<(typeof GROUPS)[number], ParameterValues>;
    return {
      optimizer: { step, parameters, firstMoment, secondMoment, ...(ema.size > 0 ? { ema } : {}) },
      trainedSeconds,
    };
  }
  return undefined;
}

/** The progress of the folder's newest state, without reading its weights. */
export async function readTrainingProgress(
  folder: string,
): Promise<{ step: number; trainedSeconds: number } | undefined> {
  return (await readSlots(folder)).at(-1);
}

interface Slot {
  readonly slot: string;
  readonly step: number;
  readonly trainedSeconds: number;
}

/** The slots whose file is complete according to the file's header, oldest first. */
async function readSlots(folder: string): Promise<Slot[]> {
  const names = await readdir(folder).catch(() => []);
  const slots: Slot[] = [];
  for (const slot of names.filter((name) => /^state-[01]\.safetensors$/.test(name))) {
    try {
      const { metadata } = await readSafetensorsHeader(join(folder, slot));
      slots.push({ slot, step: Number(metadata.step), trainedSeconds: Number(metadata.trainedSeconds ?? 0) });
    } catch (error) {
      console.error(`${join(folder, slot)} is damaged and is passed over: ${(error as Error).message}`);
    }
  }
  return slots.sort((a, b) => a.step - b.step);
}
