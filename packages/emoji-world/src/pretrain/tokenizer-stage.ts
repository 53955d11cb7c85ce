// Trains the byte-pair tokenizer on captions of all kinds. Seconds.
import { trainBytePairTokenizer, writeTokenizer } from '@heed/diffusion';
import { createRandom } from '@heed/diffusion/autodiff';
import { cleanCaption } from '../captions/clean.ts';
import { webCaption } from '../captions/web.ts';
import { describe } from '../grammar.ts';
import { sampleScene } from '../scene/sample-scene.ts';
import type { Attributes } from '../vocabulary.ts';
import { BACKGROUNDS, COLOURS, COUNTS, OBJECTS } from '../vocabulary.ts';
import { MAX_TOKENS } from './configs.ts';
import type { StageRunner } from './stage.ts';
import { stageFolder } from './stage.ts';

const VOCABULARY_SIZE = 1024;
const CORPUS_SCENES = 15_000;

export const runTokenizerStage: StageRunner = async (context) => {
  const random = createRandom(context.seed).fork('tokenizer corpus');
  const corpus: string[] = [...templateSentences()];
  for (let i = 0; i < CORPUS_SCENES; i++) {
    const scene = sampleScene(random);
    corpus.push(cleanCaption(scene, random), webCaption(scene, random));
  }
  const files = trainBytePairTokenizer(corpus, { vocabSize: VOCABULARY_SIZE, maxLength: MAX_TOKENS });
  const folder = stageFolder(context, 'tokenizer');
  await writeTokenizer(folder, files);
  context.print(`tokenizer: ${corpus.length} captions, written to ${folder}`);
  return { finished: true };
};

/** Every template sentence with at most one attribute besides the object, so that no word of a prompt is rare. */
function* templateSentences(): Generator<string> {
  for (const { name: object } of OBJECTS) {
    const attributes: Attributes[] = [
      { object },
      ...COLOURS.map((colour) => ({ object, colour })),
      ...COUNTS.map((count) => ({ object, count })),
      ...BACKGROUNDS.map((background) => ({ object, background: background.name })),
    ];
    for (const each of attributes) yield describe(each);
  }
}
