/**
 * The settings that a run was started with, stored in the run's folder as `options.json`. A run does not resume under
 * other settings; the error names each setting that differs. The checkpoint's fingerprint ensures that the training
 * data are the same.
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

/** The sources of a run's data, as named in the settings and on the command line. */
export interface BegunData {
  readonly reward: string;
  /** Name of the model to tune; undefined for the project's base model. */
  readonly from?: string | undefined;
  /**
   * 'all' if the run learns from images of all rounds; undefined if it learns only from images of the model to tune.
   */
  readonly rounds?: 'all' | undefined;
  /** Source of D_pre (pre-training data); undefined when it is not used. */
  readonly pretraining?: string | undefined;
  readonly pretrainingImages?: number | undefined;
  /** Hash of the model to tune; undefined before it is loaded. */
  readonly baseHash?: string | undefined;
}

/** The options and data that a run was started with. A missing value means that the setting is off. */
interface BegunWith {
  readonly options: TuneOptions;
  readonly data: BegunData;
}

const begunSchema = z.looseObject({
  data: z.looseObject({ reward: z.string(), from: z.string().exactOptional() }).exactOptional(),
  schedule: z.string(),
});

/** Writes the settings durably. */
export async function writeBegun(
  runFolder: string,
  { options, data, fingerprint }: BegunWith & { fingerprint: string },
): Promise<void> {
  await writeFileAtomically(
    join(runFolder, OPTIONS_FILE),
    `${JSON.stringify({ fingerprint, ...options, data }, null, 2)}\n`,
  );
}

/** Reads the base model and reward of the run in the folder, if the run recorded them. */
export async function begunFrom(runFolder: string): Promise<{ reward: string; from?: string } | undefined> {
  return (await readBegun(runFolder))?.data;
}

/**
 * The options for resuming the run in the folder. A run that started without measurements during training (`watch`)
 * also resumes without measurements.
 */
export async function goingOn(runFolder: string, options: TuneOptions): Promise<TuneOptions> {
  if (options.watch === undefined || !hasCheckpoint(runFolder)) return options;
  const begun = await readBegun(runFolder);
  if (begun === undefined || begun.watch !== undefined) return options;
  const { watch: _, ...unwatched } = options;
  return unwatched;
}

/**
 * Throws when a run with a checkpoint would resume with other settings than before, if these settings affect the
 * weights. The message names each setting that differs. For older runs, which did not record the sources of their data,
 * only the options are compared.
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
    `run ${id}: ${clauses.join('; ')} (--continue takes the run's own settings, --restart starts it again, --name makes another run)`,
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

/** Options that do not affect the weights, such as logging intervals. */
const NOT_DECIDING = ['fingerprint', 'checkpointEverySteps', 'keepCheckpoints', 'sampleEverySteps', 'logEverySteps'];

/** Options whose name differs from the name of their setting in heed.toml or on the command line. */
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

/** Collects every value that affects the weights, by the name of its setting. */
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
  // With a constant learning rate, the number of steps is not compared, so that such a run can be extended.
  const { steps, ...others } = options;
  put(others.schedule === 'constant' ? others : options, '');
  put(data, 'data');
  return settings;
}

/** Formats the value of a setting; small numbers have an exponent, for example 3e-4. */
function shown(value: unknown): string {
  if (value === undefined) return 'off';
  if (typeof value !== 'number' || value === 0 || Math.abs(value) >= 1e-3) return String(value);
  return value.toExponential();
}
