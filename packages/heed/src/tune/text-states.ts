/**
 * Text states (outputs of the text encoder) of a run's prompts. A large text encoder computes the states of all prompts
 * before training and stores them on disk, so that the encoder can be released. A small text encoder computes states on
 * demand, with a bounded cache in memory. Stored states can be deleted, because they can be computed again.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { StableDiffusionPipeline } from '@heed/diffusion';
import type { ProgressFactory } from '../progress/progress.ts';
import type { Project } from '../project/index.ts';
import { fillVectorCache, openVectorCache, type VectorCache } from '../storage/vector-cache.ts';

const ENCODE_BATCH = 8;
const MEMORY_BYTES = 256 * 2 ** 20;
/**
 * A text encoder with at least this many weights is large: states are stored on disk, so that the encoder's memory can
 * be freed.
 */
const LARGE_ENCODER_PARAMETERS = 2 ** 24;
/** If the states of all prompts are larger than this, no states are stored on disk; states are computed on demand. */
const MAX_DISK_BYTES = 8 * 2 ** 30;

export interface TextStates {
  /** [N, T, D] */
  of(prompts: readonly string[]): Promise<Float32Array>;
  /** Whether the states of all prompts are on disk, so that the text encoder can be released. */
  readonly isComplete: boolean;
  close(): Promise<void>;
}

/** Opens the text states of `prompts`; `encoderParameters` is the number of weights of the pipeline's text encoder. */
export async function openTextStates(
  project: Project,
  options: {
    pipeline: StableDiffusionPipeline;
    prompts: Iterable<string>;
    encoderParameters: number;
    progress: ProgressFactory;
    signal?: AbortSignal;
  },
): Promise<TextStates> {
  const { pipeline, encoderParameters, progress, signal } = options;
  const length = pipeline.textShape[0] * pipeline.textShape[1];
  const prompts = [...new Set(options.prompts)];
  const isComplete = encoderParameters >= LARGE_ENCODER_PARAMETERS && 4 * length * prompts.length <= MAX_DISK_BYTES;
  if (!isComplete) {
    const load = (missing: readonly string[]) => pipeline.embedPrompts(missing);
    return { of: keepingRecent({ length, load }), isComplete, close: async () => {} };
  }
  const cache = await openVectorCache(
    join(project.paths.state, 'text-states', `text-encoder-${pipeline.textEncoderHash}`),
    {
      length,
    },
  );
  const bar = progress({ total: prompts.length, label: 'encode prompts', unit: 'prompt' });
  try {
    await fillVectorCache(cache, prompts.map(keyOf), {
      batchSize: ENCODE_BATCH,
      compute: (indices) => pipeline.embedPrompts(indices.map((i) => prompts[i]!)),
      onProgress: (done, total) => bar.update(prompts.length - total + done),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    await cache.close();
    throw error;
  } finally {
    bar.done();
  }
  return {
    of: keepingRecent({ length, load: (missing) => read(cache, missing) }),
    isComplete,
    close: () => cache.close(),
  };
}

async function read(cache: VectorCache, prompts: readonly string[]): Promise<Float32Array> {
  const stacked = new Float32Array(prompts.length * cache.length);
  for (const [i, prompt] of prompts.entries()) {
    const row = await cache.get(keyOf(prompt));
    if (row === undefined) throw new Error(`text states: expected those of ${JSON.stringify(prompt)}, found none`);
    stacked.set(row, i * cache.length);
  }
  return stacked;
}

/** A prompt's cache key: a hash of the prompt, because keys have a fixed length. */
function keyOf(prompt: string): string {
  return createHash('sha256').update(prompt).digest('hex').slice(0, 32);
}

/** An in-memory cache of text states that evicts the least recently used states when it is full. */
function keepingRecent({
  length,
  load,
}: {
  length: number;
  load: (prompts: readonly string[]) => Promise<Float32Array>;
}): TextStates['of'] {
  const capacity = Math.max(64, Math.floor(MEMORY_BYTES / (4 * length)));
  const states = new Map<string, Float32Array>();
  return async (prompts) => {
    const missing = [...new Set(prompts)].filter((prompt) => !states.has(prompt));
    const fresh = missing.length > 0 ? await load(missing) : new Float32Array();
    const stacked = new Float32Array(prompts.length * length);
    missing.forEach((prompt, i) => {
      states.set(prompt, fresh.slice(i * length, (i + 1) * length));
    });
    prompts.forEach((prompt, i) => {
      const state = states.get(prompt)!;
      stacked.set(state, i * length);
      states.delete(prompt);
      states.set(prompt, state);
    });
    for (const prompt of states.keys()) {
      if (states.size <= capacity) break;
      states.delete(prompt);
    }
    return stacked;
  };
}
