/**
 * Stores a run's choice of training data in the run's folder, so that later data in the project do not change a run in
 * progress. `model-data.ts` and `pretraining-rewards.ts` use this module.
 */
import { findCheckedJson } from '@heed/diffusion/checked-json';
import { writeFileAtomically } from '@heed/diffusion/files';
import { z } from 'zod';

/**
 * Reads the entries that an earlier start of the run stored under the same settings (`choice`); undefined when there
 * are no such entries.
 */
export async function readRunChoice<T>(
  path: string,
  { choice, entries }: { choice: unknown; entries: z.ZodType<T> },
): Promise<T[] | undefined> {
  const schema = z.object({ choice: z.unknown(), samples: z.array(entries) });
  const file = await findCheckedJson(path, { what: 'what a run chose', schema });
  if (file === undefined) return undefined;
  return JSON.stringify(file.choice) === JSON.stringify(choice) ? file.samples : undefined;
}

/** Writes the settings (`choice`) and the entries to a file, each entry on a separate line. */
export async function writeRunChoice(path: string, choice: unknown, entries: readonly unknown[]): Promise<void> {
  const lines = entries.map((entry) => JSON.stringify(entry)).join(',\n');
  await writeFileAtomically(path, `{"choice":${JSON.stringify(choice)},"samples":[\n${lines}\n]}\n`);
}
