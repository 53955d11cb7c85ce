/** The prompts of a run's sample grids. */
import { PAPER_PROMPTS } from '../config/index.ts';
import { isBadInput } from '../errors.ts';
import type { Project } from '../project/index.ts';
import { projectPrompts } from '../prompts/index.ts';

/** Four prompts of the paper's list: one with a colour, one with a count, one with a place, and one with all three. */
const PAPER_SAMPLES = ['A green colored dog.', 'Three apples.', 'A cat on the moon.', 'Two blue birds in the forest.'];
const ROWS = 4;

/**
 * Returns the project with sample prompts: the setting `tune.samplePrompts`, or else the first learning prompts of the
 * project's prompt list.
 */
export async function withSamplePrompts(project: Project): Promise<Project> {
  const { config } = project;
  if (config.tune.samplePrompts.length > 0) return project;
  return { ...project, config: { ...config, tune: { ...config.tune, samplePrompts: await ownPrompts(project) } } };
}

async function ownPrompts(project: Project): Promise<string[]> {
  if (project.config.generate.prompts === PAPER_PROMPTS) return PAPER_SAMPLES;
  try {
    const { learning } = await projectPrompts(project);
    return [...new Set(learning.map(({ text }) => text))].slice(0, ROWS);
  } catch (error) {
    // Tuning does not need the list: images carry their prompts.
    if (isBadInput(error)) return [];
    throw error;
  }
}
