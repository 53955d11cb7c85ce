/** Reads the configuration that a run stored in its folder. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse as parseToml } from 'smol-toml';
import type { Project } from '../project/project.ts';
import { RESOLVED_CONFIG_FILE } from '../project/run.ts';

/** The configuration of the run as TOML text, and the prompts of the run's sample grids. */
export async function readRunConfig(
  project: Project,
  id: string,
): Promise<{ readonly text: string; readonly samplePrompts: readonly string[] }> {
  const text = await readFile(join(project.paths.runs, id, RESOLVED_CONFIG_FILE), 'utf8');
  const { tune } = parseToml(text) as { tune?: { samplePrompts?: unknown } };
  const prompts = Array.isArray(tune?.samplePrompts) ? tune.samplePrompts.map(String) : [];
  return { text, samplePrompts: prompts };
}
