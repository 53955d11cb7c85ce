/** Checks that all pictures and models that judgements and runs of a project name still exist. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isBadInput } from '../../errors.ts';
import type { parseFeedbackEvent } from '../../feedback/event.ts';
import { IMAGE_INDEX_FILE } from '../../images/index.ts';
import { MODEL_INDEX_FILE } from '../../project/models.ts';
import { findTuneResult, TUNE_RESULT_FILE } from '../../tune/result.ts';
import type { FileFault } from './verify-folder.ts';

/** Collects the ids of pictures that judgements name. */
export function createJudgedPictures() {
  const judged = new Set<string>();
  return {
    add(event: unknown): void {
      judged.add((event as ReturnType<typeof parseFeedbackEvent>).image);
    },
    /**
     * Returns one fault if the index lacks some of the judged pictures, and no fault if the index lists all of them.
     */
    faults(listed: ReadonlySet<string>): FileFault[] {
      const missing = [...judged].filter((id) => !listed.has(id));
      if (missing.length === 0) return [];
      const fault = `expected the ${judged.size} pictures that judgements name, ${missing.length} are missing, the first of them ${missing[0]}`;
      return [{ path: `images/${IMAGE_INDEX_FILE}`, fault }];
    },
  };
}

/** Finds runs whose result cannot be read, and models that a finished run wrote but that no longer exist. */
export async function modelFaults(runsFolder: string, runs: readonly string[], models: string): Promise<FileFault[]> {
  const faults: FileFault[] = [];
  for (const run of runs) {
    try {
      const result = await findTuneResult(join(runsFolder, run));
      if (result === undefined || existsSync(join(models, result.name, MODEL_INDEX_FILE))) continue;
      faults.push({ path: `models/${result.name}`, fault: `expected the model that run ${run} wrote, found none` });
    } catch (error) {
      if (!isBadInput(error)) throw error;
      faults.push({ path: `runs/${run}/${TUNE_RESULT_FILE}`, fault: error.message });
    }
  }
  return faults;
}
