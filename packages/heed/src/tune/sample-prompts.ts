/** The prompts of a run's sample grids. */
import { PAPER_PROMPTS } from '../config/index.ts';
import { isBadInput } from '../errors.ts';
import type { Project } from '../project/index.ts';
import { projectPrompts } from '../prompts/index.ts';

/** Of the paper's list: a colour, a count, a place, and all of them. */
const PAPER_SAMPLES = ['A green colored dog.', 'Three apples.', 'A cat on the moon.', 'Two blue birds in the forest.'];
const ROWS = 4;

/** The project with sample prompts: those of `tune.samplePrompts`, or the first learning prompts of its list. */
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
