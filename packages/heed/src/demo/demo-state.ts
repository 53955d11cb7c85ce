/**
 * The demo's state between runs: scale and seed, finished stages and their durations. The file is in the project's
 * `.heed/`. Without the state file, every stage runs again and finds its work already done.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findCheckedJson } from '@heed/diffusion/checked-json';
import { writeFileAtomically } from '@heed/diffusion/files';
import { z } from 'zod';
import { badInput } from '../errors.ts';
import type { Project } from '../project/index.ts';
import type { DemoScaleName } from './scales.ts';

const STATE_FILE = 'demo.json';

const stateSchema = z.object({
  scale: z.string(),
  seed: z.number(),
  /** The seconds that each stage took, summed over all runs of the demo. */
  seconds: z.record(z.string(), z.number()),
  finished: z.array(z.string()),
  peakRssMb: z.number(),
});

type StoredState = z.infer<typeof stateSchema>;

export interface DemoState {
  isFinished(stage: string): boolean;
  /**
   * Runs a stage unless it is finished, and records that it finished. The time that a failed stage took is recorded
   * too.
   */
  run(stage: string, work: () => Promise<void>): Promise<void>;
  /** Seconds by stage. */
  readonly seconds: Readonly<Record<string, number>>;
  readonly wallSeconds: number;
  readonly peakRssMb: number;
}

/** Opens the state of the demo in `project`; throws if that demo has another scale or seed. */
export async function openDemoState(
  project: Project,
  { scale, seed }: { scale: DemoScaleName; seed: number },
): Promise<DemoState> {
  const path = join(project.paths.state, STATE_FILE);
  const stored = await readState(path);
  if (stored && (stored.scale !== scale || stored.seed !== seed)) {
    throw badInput(
      `${project.folder}: expected a demo of scale '${scale}' and seed ${seed}, found one of '${stored.scale}' and ${stored.seed}; another --out makes another demo`,
    );
  }
  const state: StoredState = stored ?? { scale, seed, seconds: {}, finished: [], peakRssMb: 0 };
  const save = async () => {
    // maxRSS is in KiB.
    state.peakRssMb = Math.max(state.peakRssMb, Math.round(process.resourceUsage().maxRSS / 1024));
    await mkdir(project.paths.state, { recursive: true });
    await writeFileAtomically(path, `${JSON.stringify(state, null, 2)}\n`);
  };
  return {
    isFinished: (stage) => state.finished.includes(stage),
    async run(stage, work) {
      if (state.finished.includes(stage)) return;
      const startedMs = performance.now();
      try {
        await work();
        state.finished.push(stage);
      } finally {
        state.seconds[stage] = (state.seconds[stage] ?? 0) + (performance.now() - startedMs) / 1000;
        await save();
      }
    },
    get seconds() {
      return state.seconds;
    },
    get wallSeconds() {
      return Object.values(state.seconds).reduce((total, seconds) => total + seconds, 0);
    },
    get peakRssMb() {
      return state.peakRssMb;
    },
  };
}

async function readState(path: string): Promise<StoredState | undefined> {
  return findCheckedJson(path, { what: 'what a demo remembers', schema: stateSchema });
}
