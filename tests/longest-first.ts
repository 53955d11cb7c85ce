/** Starts the files that take longest first, so that no core is left alone with one of them at the end. */
import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** By their time in CI, longest first: over 25 s each on two cores. */
export const LONGEST = [
  'tests/packages/packages.test.ts',
  'tests/studio-barriers.test.ts',
  'tests/first-verdict.test.ts',
  'tests/studio-kill.test.ts',
  'tests/two-hosts.test.ts',
  'tests/tune-mpi.test.ts',
  'tests/guide.test.ts',
  'tests/studio-runs.test.ts',
  'tests/studio-labelling.test.ts',
  'packages/heed/src/fid/fid.test.ts',
  'tests/studio-study.test.ts',
  'tests/slurm.test.ts',
  'tests/tune-mpi-faults.test.ts',
  'tests/loop.test.ts',
  'tests/tune-kill.test.ts',
  'packages/heed/src/tune/methods/methods-training.test.ts',
  'tests/studio-lan.test.ts',
  'packages/heed/src/studio/jobs/jobs.test.ts',
  'packages/heed/src/serve/serve-process.test.ts',
  'tests/studio-training.test.ts',
  'tests/studio-rater-pages.test.ts',
  'tests/webgpu-stages.test.ts',
  'tests/real-project.test.ts',
  'packages/autodiff/src/ops/webgpu.test.ts',
  'packages/autodiff/src/distributed/mpi/mpi.test.ts',
  'tests/studio-soak.test.ts',
];

/** Files of the table in its order, then the others as vitest sorts them: by their last time, or by size. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const others = await super.sort(files);
    const place = ({ moduleId }: TestSpecification) => {
      const at = LONGEST.indexOf(relative(this.ctx.config.root, moduleId).replaceAll('\\', '/'));
      return at === -1 ? LONGEST.length : at;
    };
    return others
      .map((file) => ({ file, at: place(file) }))
      .sort((a, b) => a.at - b.at)
      .map(({ file }) => file);
  }
}
