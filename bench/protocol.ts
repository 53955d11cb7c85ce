/**
 * What the benchmark and its working processes say to each other: one JSON request a line on stdin, one JSON reply a
 * line on stdout. heed's process (`heed/serve.ts`) and PyTorch's (`peers/serve.py`) answer the same requests. Where a
 * side is several ranks, all get the requests and rank 0 answers (`ranks/launch.ts`).
 */

import type { Device } from '@heed/diffusion/autodiff';

/** The kinds of work; the settings of each are in `settings.ts`. PyTorch's side knows all but 'method-update'. */
export const WORK_KINDS = [
  'training-step',
  'sampling',
  'clip-embedding',
  'reward-training',
  'fid-statistics',
  'fid-distance',
  'method-update',
] as const;
export type WorkKind = (typeof WORK_KINDS)[number];

/**
 * How PyTorch computes: float32 without TF32, or float16 in channels-last layout, where diffusers' attention is flash
 * attention; with or without torch.compile.
 */
export const PEER_FORMS = ['float32', 'float16', 'float16-compiled'] as const;

/** Where and how both sides compute. PyTorch uses CUDA where heed's device is not the processor. */
export interface BenchRuntime {
  device: Device;
  precision: 'float32' | 'float16';
  /** Whether heed replays its updates as CUDA graphs. */
  captureGraph?: true;
  /** float32 by default. */
  peerForm?: (typeof PEER_FORMS)[number];
}

/** Requests and what each answers with. A failed one answers `{ error }` instead. */
export interface Exchanges {
  /** Loads weights and inputs from `folder` and makes the work ready; once a process. */
  open: {
    request: { kind: WorkKind; folder: string; settings: object; threads: number; runtime: BenchRuntime };
    /** Resident memory when the runtime was loaded and nothing else. */
    reply: { loadedBytes: number };
  };
  /**
   * Does the work from its start, which also warms up, and writes what it computed to `file` (safetensors) in the
   * folder.
   */
  check: { request: { file: string }; reply: object };
  /**
   * Does the work `repeats` times; the mean seconds of one by the clock, and those that all cores together spent on it.
   */
  round: {
    request: { repeats: number };
    reply: {
      seconds: number;
      /** Of this process; of several ranks, rank 0's. */
      cpuSeconds: number;
      /** What ranks exchange in one unit. */
      exchange?: { seconds: number; bytes: number };
    };
  };
  /** The most resident memory that the process has had. */
  memory: { request: object; reply: { peakBytes: number } };
}
