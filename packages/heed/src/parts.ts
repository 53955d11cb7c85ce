/**
 * The composition root: it reads the settings and returns the parts that they name. Only this file imports
 * implementations of ports.ts. Each implementation is loaded on demand.
 */
import type { HeedConfig } from './config/index.ts';
import type { PaperPrompts, World } from './ports.ts';

/**
 * Value of the settings `model.path` and `model.clip` that selects the model and the CLIP shipped with heed, in place
 * of a folder.
 */
export const BUILT_IN_MODEL = 'emoji-world';
/**
 * Value of the setting `tune.pretraining` that selects pre-training pairs from the project's world, in place of a
 * folder.
 */
export const WORLD_PRETRAINING = 'emoji-world';

/**
 * The world of a project with a user's own model. The world `none` recognises no pictures, so only people judge images.
 */
const none: World = { name: 'none', perturb: () => [] };

const WORLDS: Readonly<Record<Exclude<HeedConfig['world'], 'auto'>, () => Promise<World>>> = {
  emoji: async () => (await import('@heed/emoji-world')).emojiWorld,
  none: async () => none,
};

/**
 * Returns the world that the settings select. 'auto' means the emoji world for the built-in model, and the world `none`
 * for any other model.
 */
export function worldOf({ world, model }: Pick<HeedConfig, 'world' | 'model'>): Promise<World> {
  if (world !== 'auto') return WORLDS[world]();
  return model.path === BUILT_IN_MODEL ? WORLDS.emoji() : WORLDS.none();
}

/** Folders of the models that come with heed. */
export async function builtInModels(): Promise<{ base: string; clip: string }> {
  return (await import('@heed/emoji-world')).emojiWorld.models;
}

/** The paper's own prompts. */
export async function paperPrompts(): Promise<PaperPrompts> {
  const { paperEvaluationPrompts, paperTrainingPrompts } = await import('@heed/emoji-world');
  return { training: paperTrainingPrompts, evaluation: paperEvaluationPrompts };
}
