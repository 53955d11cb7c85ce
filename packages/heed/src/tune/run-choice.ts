/**
 * What a run chose at its start, kept beside it, so that what the project learns later does not change a run under way.
 * What is chosen is `model-data.ts`'s and `pretraining-rewards.ts`'s business.
 */
import { findCheckedJson } from '@heed/diffusion/checked-json';
import { writeFileAtomically } from '@heed/diffusion/files';
import { z } from 'zod';

/** Reads what an earlier start of the run chose in the same way, or undefined. */
export async function readRunChoice<T>(
  path: string,
  { choice, entries }: { choice: unknown; entries: z.ZodType<T> },
): Promise<T[] | undefined> {
  const schema = z.object({ choice: z.unknown(), samples: z.array(entries) });
  const file = await findCheckedJson(path, { what: 'what a run chose', schema });
  if (file === undefined) return undefined;
  return JSON.stringify(file.choice) === JSON.stringify(choice) ? file.samples : undefined;
}

/** Writes it durably, an entry a line. */
export async function writeRunChoice(path: string, choice: unknown, entries: readonly unknown[]): Promise<void> {
  const lines = entries.map((entry) => JSON.stringify(entry)).join(',\n');
  await writeFileAtomically(path, `{"choice":${JSON.stringify(choice)},"samples":[\n${lines}\n]}\n`);
}
