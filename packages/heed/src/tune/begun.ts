/**
 * What a run was begun with, kept beside it in `options.json`. A start that goes on with the run under other settings
 * is refused before any work, setting by setting. That its data are the same is the checkpoint's fingerprint's
 * business.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { findCheckedJson } from '@heed/diffusion/checked-json';
import { writeFileAtomically } from '@heed/diffusion/files';
import { z } from 'zod';
import { SECTION_OF_METHOD } from '../config/index.ts';
import { badInput } from '../errors.ts';
import type { TuneOptions } from './options.ts';

const OPTIONS_FILE = 'options.json';
export const CHECKPOINTS = 'checkpoints';

/** Where a run's data come from, as the settings and the command line name it. */
export interface BegunData {
  readonly reward: string;
  /** Name of the model that is tuned; absent where it is the project's base. */
  readonly from?: string | undefined;
  /** Which models' images are learned from; absent for those of the tuned model alone. */
  readonly rounds?: 'all' | undefined;
  /** Absent where D_pre takes no part. */
  readonly pretraining?: string | undefined;
  readonly pretrainingImages?: number | undefined;
  /** Of the model that is tuned; absent where it is not loaded yet. */
  readonly baseHash?: string | undefined;
}

/** What is compared: absent values of either side are settings that are off. */
interface BegunWith {
  readonly options: TuneOptions;
  readonly data: BegunData;
}

const begunSchema = z.looseObject({
  data: z.looseObject({ reward: z.string(), from: z.string().exactOptional() }).exactOptional(),
  schedule: z.string(),
});

/** Writes it durably. */
export async function writeBegun(
  runFolder: string,
  { options, data, fingerprint }: BegunWith & { fingerprint: string },
): Promise<void> {
  await writeFileAtomically(
    join(runFolder, OPTIONS_FILE),
    `${JSON.stringify({ fingerprint, ...options, data }, null, 2)}\n`,
  );
}

/** The model that the run in the folder tunes and the reward that it learns from, where it says so. */
export async function begunFrom(runFolder: string): Promise<{ reward: string; from?: string } | undefined> {
  return (await readBegun(runFolder))?.data;
}

/**
 * The options under which a run in the folder goes on. One that was begun without measurements, as all were before
 * there were any, goes on without them.
 */
export async function goingOn(runFolder: string, options: TuneOptions): Promise<TuneOptions> {
  if (options.watch === undefined || !hasCheckpoint(runFolder)) return options;
  const begun = await readBegun(runFolder);
  if (begun === undefined || begun.watch !== undefined) return options;
  const { watch: _, ...unwatched } = options;
  return unwatched;
}

/**
 * Throws where a run that has a checkpoint would go on under settings that lead to other weights: a clause a setting.
 * Runs from before data were kept are compared by their options alone.
 */
export async function checkBegun(
  { id, folder }: { readonly id: string; readonly folder: string },
  now: BegunWith,
): Promise<void> {
  const begun = await readBegun(folder);
  if (begun === undefined || !hasCheckpoint(folder)) return;
  const { data: begunData, ...begunOptions } = begun;
  const { baseHash, ...known } = (begunData ?? {}) as BegunData;
  const comparable = now.data.baseHash === undefined ? known : { baseHash, ...known };
  const before = decidingSettings(begunOptions as unknown as TuneOptions, begunData && (comparable as BegunData));
  const after = decidingSettings(now.options, begunData === undefined ? undefined : now.data);
  const differing = [...new Set([...before.keys(), ...after.keys()])].filter(
    (name) => before.get(name) !== after.get(name),
  );
  if (differing.length === 0) return;
  const clauses = differing.map(
    (name) => `expected ${name} ${shown(before.get(name))} as the run was begun with, got ${shown(after.get(name))}`,
  );
  throw badInput(
    `run ${id}: ${clauses.join('; ')} (--continue takes the run's own settings, --restart begins it anew, --name makes another run)`,
  );
}

async function readBegun(runFolder: string) {
  return findCheckedJson(join(runFolder, OPTIONS_FILE), { what: 'what a run was begun with', schema: begunSchema });
}

function hasCheckpoint(runFolder: string): boolean {
  try {
    return readdirSync(join(runFolder, CHECKPOINTS)).length > 0;
  } catch {
    return false;
  }
}

/** How often something is written down decides no weight. */
const NOT_DECIDING = ['fingerprint', 'checkpointEverySteps', 'keepCheckpoints', 'sampleEverySteps', 'logEverySteps'];

/** Options whose setting has another name. */
const SETTING_NAMES: Readonly<Record<string, string>> = {
  seed: 'seed',
  'streams.labelled': 'tune.humanData',
  'streams.unlabelled': 'tune.unlabelledData',
  'streams.pretraining': 'the pre-training stream (tune.beta above 0)',
  'lora.rank': 'tune.loraRank',
  'lora.alpha': 'tune.loraAlpha',
  'lora.layers': 'tune.loraLayers',
  attentionBytes: 'tune.attentionMegabytes (in bytes)',
  'data.reward': '--reward',
  'data.from': '--from',
  'data.rounds': 'tune.rounds',
  'data.baseHash': 'the model to tune with hash',
  'data.pretraining': 'tune.pretraining',
  'data.pretrainingImages': 'tune.pretrainingImages',
};

/** Everything that decides the weights, by the name of its setting. */
function decidingSettings(options: TuneOptions, data: BegunData | undefined): Map<string, unknown> {
  const section = SECTION_OF_METHOD[options.method];
  const settings = new Map<string, unknown>();
  const put = (value: unknown, path: string) => {
    if (value === undefined || NOT_DECIDING.includes(path)) return;
    if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) put(inner, path === '' ? key : `${path}.${key}`);
      return;
    }
    const inSection = path.startsWith('settings.') ? `tune.${section}.${path.slice('settings.'.length)}` : undefined;
    settings.set(SETTING_NAMES[path] ?? inSection ?? `tune.${path}`, value);
  };
  // With a constant rate the number of steps decides nothing: such a run can be made longer.
  const { steps, ...others } = options;
  put(others.schedule === 'constant' ? others : options, '');
  put(data, 'data');
  return settings;
}

/** 3e-4 as people write it. */
function shown(value: unknown): string {
  if (value === undefined) return 'off';
  if (typeof value !== 'number' || value === 0 || Math.abs(value) >= 1e-3) return String(value);
  return value.toExponential();
}
