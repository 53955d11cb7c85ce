/** Checks that the pictures and models which other records of a project name are there at all. */
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
    /** The fault of judged pictures that the index does not list; none where it lists all. */
    faults(listed: ReadonlySet<string>): FileFault[] {
      const missing = [...judged].filter((id) => !listed.has(id));
      if (missing.length === 0) return [];
      const fault = `expected the ${judged.size} pictures that judgements name, ${missing.length} are missing, the first of them ${missing[0]}`;
      return [{ path: `images/${IMAGE_INDEX_FILE}`, fault }];
    },
  };
}

/** The faults of runs whose result cannot be read, and of models that a finished run wrote and that are gone. */
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
