/** A CLIP model in transformers' format: config, weights, tokenizer and image processor in one folder. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ClipConfig } from '../configs/clip-config.ts';
import { type ImageProcessorConfig, parseImageProcessorConfig } from '../configs/image-processor-config.ts';
import { InputError } from '../errors.ts';
import { writeFolderAtomically } from '../files/atomic-folder.ts';
import type { ClipComponents } from '../pipeline/clip-embedder.ts';
import { loadTokenizer, type Tokenizer } from '../tokenizer/tokenizer.ts';
import { writeTokenizer } from '../tokenizer/tokenizer-files.ts';
import { openComponent, saveComponent } from './component.ts';
import { COMPONENT_KINDS } from './component-kinds.ts';
import { MAX_CONFIG_BYTES, readJsonFile, writeJsonFile, writeTextFile } from './json-file.ts';
import { checkIsFolder, type SaveModelOptions } from './model-folder.ts';

export interface LoadClipOptions {
  /** `fp16` for `*.fp16.safetensors`. */
  variant?: string | undefined;
}

/** Reads a CLIPModel folder, with the same checks and errors as `loadModelFolder`. */
export async function loadClipFolder(folder: string, options: LoadClipOptions = {}): Promise<ClipComponents> {
  const { clip, tokenizer, imageProcessor } = await openClipFolder(folder, options);
  return { clip: await clip.read(), tokenizer, imageProcessor };
}

/** Runs all checks of `loadClipFolder` that need no weights, with the same errors. */
export async function checkClipFolder(folder: string, options: LoadClipOptions = {}): Promise<void> {
  await openClipFolder(folder, options);
}

/** Checks a CLIPModel folder without its weights: config, tokenizer and image processor. */
export async function checkClipConfigs(folder: string): Promise<void> {
  await checkIsFolder(folder, 'config.json');
  const { parse } = COMPONENT_KINDS.clip;
  const path = join(folder, 'config.json');
  const config = parse(await readJsonFile(path, { maxBytes: MAX_CONFIG_BYTES }), path);
  const tokenizer = await loadTokenizer(folder);
  await readImageProcessor(folder, config.vision_config.image_size);
  checkVocabulary(folder, { clip: { config }, tokenizer });
}

async function openClipFolder(folder: string, { variant }: LoadClipOptions) {
  await checkIsFolder(folder, 'config.json');
  const tokenizer = await loadTokenizer(folder);
  const clip = await openComponent(folder, 'clip', { variant });
  const imageProcessor = await readImageProcessor(folder, clip.config.vision_config.image_size);
  checkVocabulary(folder, { clip, tokenizer });
  return { clip, tokenizer, imageProcessor };
}

/**
 * The image processor's config is in `preprocessor_config.json`, or in a part of transformers 5's
 * `processor_config.json`. As in transformers, `processor_config.json` takes precedence if it contains an image
 * processor's config.
 */
export const PROCESSOR_FILES = ['processor_config.json', 'preprocessor_config.json'] as const;

async function readImageProcessor(folder: string, imageSize: number): Promise<ImageProcessorConfig> {
  for (const name of PROCESSOR_FILES) {
    const source = join(folder, name);
    if (!existsSync(source)) continue;
    const json = await readJsonFile(source, { maxBytes: MAX_CONFIG_BYTES });
    const part = name === 'processor_config.json' ? imageProcessorPart(json) : json;
    if (part !== undefined) return parseImageProcessorConfig(part, { imageSize, source });
  }
  throw new InputError(`${folder}: expected ${PROCESSOR_FILES.join(' or ')} with an image processor, got neither`);
}

function imageProcessorPart(json: unknown): unknown {
  return typeof json === 'object' && json !== null ? (json as Record<string, unknown>).image_processor : undefined;
}

/** Writes a CLIPModel folder for transformers, atomically. */
export async function saveClipFolder(
  folder: string,
  { clip, tokenizer, imageProcessor }: ClipComponents,
  { dtype = 'F16', metadata = {}, textFiles = {}, overwrite = false }: SaveModelOptions = {},
): Promise<void> {
  checkVocabulary(folder, { clip, tokenizer });
  await writeFolderAtomically(
    folder,
    async (temporary) => {
      await saveComponent(temporary, 'clip', clip, { dtype, metadata });
      await writeTokenizer(temporary, tokenizer.files);
      const processor = { image_processor_type: 'CLIPImageProcessor', do_convert_rgb: true, ...imageProcessor };
      await writeJsonFile(join(temporary, 'preprocessor_config.json'), processor);
      for (const [name, text] of Object.entries(textFiles)) await writeTextFile(join(temporary, name), text);
    },
    { overwrite },
  );
}

function checkVocabulary(
  folder: string,
  { clip, tokenizer }: { clip: { config: ClipConfig }; tokenizer: Tokenizer },
): void {
  const { vocab_size: vocabSize } = clip.config.text_config;
  if (tokenizer.vocabSize > vocabSize) {
    throw new InputError(
      `${folder}: expected a tokenizer of at most ${vocabSize} tokens, CLIP's vocab_size, got ${tokenizer.vocabSize}`,
    );
  }
}
