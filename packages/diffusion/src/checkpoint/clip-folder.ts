/** A CLIP model as transformers keeps it: config, weights, tokenizer and image processor in one folder. */
import { join } from 'node:path';
import { parseImageProcessorConfig } from '../configs/image-processor-config.ts';
import type { ClipComponents } from '../pipeline/clip-embedder.ts';
import { loadTokenizer } from '../tokenizer/tokenizer.ts';
import { writeTokenizer } from '../tokenizer/tokenizer-files.ts';
import { writeFolderAtomically } from './atomic-folder.ts';
import { loadComponent, saveComponent } from './component.ts';
import { readJsonFile, writeJsonFile, writeTextFile } from './json-file.ts';
import { checkIsFolder, type SaveModelOptions } from './model-folder.ts';

/** Reads a CLIPModel folder; checks and errors as `loadModelFolder`. */
export async function loadClipFolder(folder: string, { variant }: { variant?: string } = {}): Promise<ClipComponents> {
  await checkIsFolder(folder, 'config.json');
  const tokenizer = await loadTokenizer(folder);
  const clip = await loadComponent(folder, 'clip', { variant });
  const source = join(folder, 'preprocessor_config.json');
  const json = await readJsonFile(source, { maxBytes: 1024 * 1024 });
  const imageProcessor = parseImageProcessorConfig(json, { imageSize: clip.config.vision_config.image_size, source });
  checkVocabulary(folder, { clip, tokenizer });
  return { clip, tokenizer, imageProcessor };
}

/** Writes a CLIPModel folder that transformers loads, whole or not at all. */
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

function checkVocabulary(folder: string, { clip, tokenizer }: Pick<ClipComponents, 'clip' | 'tokenizer'>): void {
  const { vocab_size: vocabSize } = clip.config.text_config;
  if (tokenizer.vocabSize > vocabSize) {
    throw new Error(
      `${folder}: expected a tokenizer of at most ${vocabSize} tokens, CLIP's vocab_size, got ${tokenizer.vocabSize}`,
    );
  }
}
