/**
 * Stores a run's choice of data in the run's folder, so that later data in the project do not change a run in progress.
 * `model-data.ts` and `pretraining-rewards.ts` make the choices.
 */
import { findCheckedJson } from '@heed/diffusion/checked-json';
import { writeFileAtomically } from '@heed/diffusion/files';
import { z } from 'zod';

/** Reads the choice that an earlier start of the run made under the same inputs; undefined when there is none. */
export async function readRunChoice<T>(
  path: string,
  { choice, entries }: { choice: unknown; entries: z.ZodType<T> },
): Promise<T[] | undefined> {
  const schema = z.object({ choice: z.unknown(), samples: z.array(entries) });
  const file = await findCheckedJson(path, { what: 'what a run chose', schema });
  if (file === undefined) return undefined;
  return JSON.stringify(file.choice) === JSON.stringify(choice) ? file.samples : undefined;
}

/** Writes the choice durably, one entry a line. */
export async function writeRunChoice(path: string, choice: unknown, entries: readonly unknown[]): Promise<void> {
  const lines = entries.map((entry) => JSON.stringify(entry)).join(',\n');
  await writeFileAtomically(path, `{"choice":${JSON.stringify(choice)},"samples":[\n${lines}\n]}\n`);
}
