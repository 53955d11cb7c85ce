/**
 * The composition root: it reads the settings and returns the parts that they name. Only this file imports
 * implementations of ports.ts. Each implementation is loaded on demand.
 */
import type { HeedConfig } from './config/index.ts';
import type { PaperPrompts, World } from './ports.ts';

/** Setting value for the model and CLIP that come with heed, instead of a folder. */
export const BUILT_IN_MODEL = 'emoji-world';
/** Setting value for pre-training pairs of the project's world, instead of a folder. */
export const WORLD_PRETRAINING = 'emoji-world';

/** The world of a real project. The world `none` recognises no pictures, so only people judge images. */
const none: World = { name: 'none', perturb: () => [] };

const WORLDS: Readonly<Record<Exclude<HeedConfig['world'], 'auto'>, () => Promise<World>>> = {
  emoji: async () => (await import('@heed/emoji-world')).emojiWorld,
  none: async () => none,
};

/** The world in the settings. 'auto' means the emoji world for the built-in model, and none for any other. */
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
