/** The checks that `heed doctor` makes on the machine and on the project. Checks change nothing. */
import { existsSync } from 'node:fs';
import { readdir, statfs } from 'node:fs/promises';
import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import type { DeviceSetting } from '../config/device-names.ts';
import { tellError } from '../errors.ts';
import { lastWords } from '../feedback/judgements.ts';
import { openFeedbackLog } from '../feedback/log.ts';
import { createImageStore } from '../images/store.ts';
import { baseModelFolder, clipFolder, type Project } from '../project/index.ts';
import { deviceComputes } from './device-check.ts';

/** Result of a check. A warning does not prevent commands from running. */
export type CheckState = 'ok' | 'warning' | 'failed';

export interface CheckResult {
  readonly name: string;
  readonly state: CheckState;
  /** A sentence on what the check found and, if that is a fault, on what was expected. */
  readonly found: string;
}

export type Finding = Omit<CheckResult, 'name'>;
type Check = readonly [name: string, look: () => Promise<Finding>];

const MIN_NODE = [20, 19] as const;
const MIN_MEMORY_BYTES = 3.5e9;
const MIN_DISK_BYTES = 2e9;
const IMAGES_SAMPLED = 200;

/** Checks of the machine, and of `device` if given. */
export function machineChecks(folder: string, device?: DeviceSetting): Check[] {
  return [
    ['node', nodeVersion],
    ['onnx runtime', onnxRuntime],
    ...(device === undefined ? [] : [['device', () => deviceComputes(device)] as const]),
    [
      'processor',
      async () => ok(`${availableParallelism()} threads of ${cpus()[0]?.model.trim() ?? 'an unknown processor'}`),
    ],
    ['memory', memory],
    ['disk', () => disk(folder)],
  ];
}

/** Checks of one project. */
export function projectChecks(project: Project): Check[] {
  return [
    ['settings', async () => ok(project.paths.config)],
    ['model', () => fetched(() => modelFound(project))],
    ['clip', () => fetched(async () => clipFound(await clipFolder(project, { offline: true })))],
    ['images', () => imagesFound(project)],
    ['feedback', () => feedbackFound(project)],
    ['leftovers', () => leftoversFound(project)],
  ];
}

/**
 * Runs checks one after another. If a check throws, its result is 'failed' with the error's message; defects of heed
 * are rethrown.
 */
export async function runChecks(checks: readonly Check[]): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const [name, look] of checks) {
    const finding = await look().catch((error: unknown): Finding => {
      const { message, isDefect } = tellError(error);
      if (isDefect) throw error;
      return failed(message);
    });
    results.push({ name, ...finding });
  }
  return results;
}

async function nodeVersion(): Promise<Finding> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isEnough = major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1]);
  return isEnough ? ok(process.version) : failed(`expected at least v${MIN_NODE.join('.')}, got ${process.version}`);
}

async function onnxRuntime(): Promise<Finding> {
  const { compile, matmul, runtimeVersion } = await import('@heed/diffusion/autodiff');
  const double = await compile({
    name: 'doctor',
    inputs: { a: { shape: [2, 2] }, b: { shape: [2, 2] } },
    build: (_, { a, b }) => ({ product: matmul(a, b) }),
    threads: 1,
  });
  try {
    const { product } = await double.run({ a: Float32Array.of(1, 2, 3, 4), b: Float32Array.of(1, 0, 0, 2) });
    const got = [...product].join(' ');
    return got === '1 4 3 8'
      ? ok(`${runtimeVersion}, multiplies right`)
      : failed(`expected a product of 1 4 3 8, got ${got}`);
  } finally {
    double.dispose();
  }
}

async function memory(): Promise<Finding> {
  const found = `${gigabytes(totalmem())}, ${gigabytes(freemem())} free`;
  return totalmem() >= MIN_MEMORY_BYTES ? ok(found) : warning(`expected at least 4 GB, got ${found}`);
}

async function disk(folder: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(existsSync(folder) ? folder : '.');
  const free = bavail * bsize;
  return free >= MIN_DISK_BYTES
    ? ok(`${gigabytes(free)} free`)
    : warning(`expected at least 2 GB free, got ${gigabytes(free)}`);
}

async function modelFound(project: Project): Promise<Finding> {
  const path = await baseModelFolder(project, { offline: true });
  const { checkModel, modelSize } = await import('@heed/diffusion');
  const { emaNote, weightsOptions } = await import('../project/model-weights.ts');
  const { name } = project.config.model;
  const weights = weightsOptions(project, name);
  await checkModel(path, weights);
  const side = await modelSize(path, weights);
  return ok(`${(await emaNote(project, name, path)) ?? path}; pictures of ${side} x ${side} pixels`);
}

/** Checks a hub model. Reports a model that is not downloaded yet as a fault only if the hub is disabled. */
async function fetched(look: () => Promise<Finding>): Promise<Finding> {
  const { hubEnvironment, NotCachedError } = await import('@heed/diffusion');
  return look().catch((error: unknown) => {
    const isNotCached = error instanceof Error && error.cause instanceof NotCachedError;
    if (!isNotCached || hubEnvironment().offline) throw error;
    return warning(`${error.message}; the first command that needs it downloads it`);
  });
}

async function clipFound(folder: string): Promise<Finding> {
  const { checkClipFolder } = await import('@heed/diffusion');
  await checkClipFolder(folder);
  return ok(folder);
}

async function imagesFound(project: Project): Promise<Finding> {
  const store = createImageStore(project.paths.images);
  const all = store.all();
  if (all.length === 0) return ok('none yet');
  const step = Math.max(1, Math.floor(all.length / IMAGES_SAMPLED));
  const looked = all.filter((_, i) => i % step === 0);
  for (const { id } of looked) await store.readPng(id);
  return ok(`${all.length} in the index; ${looked.length} of them opened and whole`);
}

async function feedbackFound(project: Project): Promise<Finding> {
  const events = await openFeedbackLog(project.paths.feedback).read();
  if (events.length === 0) return ok('none yet');
  const store = createImageStore(project.paths.images);
  const orphans = lastWords(events).filter(({ image }) => !store.has(image)).length;
  const raters = new Set(events.map(({ rater }) => rater)).size;
  const found = `${events.length} judgements by ${raters} raters`;
  return orphans === 0 ? ok(found) : warning(`${found}; expected all their images in the index, ${orphans} are not`);
}

async function leftoversFound(project: Project): Promise<Finding> {
  const names = await readdir(project.folder, { recursive: true });
  const left = names.filter((name) => /(\.tmp$|(^|\/)\.writing-)/.test(name));
  return left.length === 0
    ? ok('none')
    : warning(`${left.length} unfinished files that can be deleted while nothing runs, the first is ${left[0]}`);
}

function ok(found: string): Finding {
  return { state: 'ok', found };
}

function warning(found: string): Finding {
  return { state: 'warning', found };
}

function failed(found: string): Finding {
  return { state: 'failed', found };
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
