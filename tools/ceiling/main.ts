/**
 * `npx tsx tools/ceiling/main.ts`: what the emoji world's frozen networks know of counts and colours. Linear probes on
 * the text states, on CLIP's picture embedding and patch tokens, and on the U-Net's features at low noise.
 * `--project FOLDER` adds the model's own images, labelled by the recogniser.
 */
import { parseArgs } from 'node:util';
import { loadClip, loadClipFolder, loadModel, type RgbImage } from '@heed/diffusion';
import { createRandom } from '@heed/diffusion/autodiff';
import {
  CLIP_FOLDER,
  COLOURS,
  COUNTS,
  describe,
  loadRecogniser,
  OBJECTS,
  type Scene,
  TINY_MODEL_FOLDER,
} from '@heed/emoji-world';
import { createSceneSource, sampleBalancedScene } from '../../packages/emoji-world/src/pretrain/scene-source.ts';
import { formatTable } from '../../packages/heed/src/cli/table.ts';
import { createImageStore } from '../../packages/heed/src/images/index.ts';
import { openProject } from '../../packages/heed/src/project/index.ts';
import { clipFeatures, type Features, textFeatures, unetFeatures } from './features.ts';
import { linearProbe } from './ridge-probe.ts';

const { values } = parseArgs({
  options: {
    train: { type: 'string', default: '3000' },
    test: { type: 'string', default: '1000' },
    project: { type: 'string' },
    seed: { type: 'string', default: '0' },
  },
});
const [trainCount, testCount, seed] = [Number(values.train), Number(values.test), Number(values.seed)];

type Shown = Pick<Scene, 'object' | 'count'> & { colour?: string | undefined };

/** What is asked of the features: a class, or undefined where the row has none. */
const QUESTIONS = {
  count: { classes: COUNTS.length, of: ({ count }: Shown) => COUNTS.indexOf(count) },
  colour: { classes: COLOURS.length, of: ({ colour }: Shown) => COLOURS.indexOf(colour as (typeof COLOURS)[number]) },
};

const rows: string[][] = [];
function probe(what: string, features: Features, shown: readonly Shown[], isTest: (i: number) => boolean): void {
  for (const [name, { width, rows: data }] of Object.entries(features)) {
    const cells = Object.values(QUESTIONS).map(({ classes, of }) => {
      const setOf = (wanted: boolean) => {
        const kept = shown.flatMap((each, i) => (isTest(i) === wanted && of(each) >= 0 ? [i] : []));
        const picked = new Float32Array(kept.length * width);
        kept.forEach((i, n) => {
          picked.set(data.subarray(i * width, (i + 1) * width), n * width);
        });
        return { features: picked, labels: kept.map((i) => of(shown[i]!)) };
      };
      const { accuracy } = linearProbe({ width, classes, train: setOf(false), test: setOf(true) });
      return `${percent(accuracy.mean)} [${percent(accuracy.lo)}, ${percent(accuracy.hi)}]`;
    });
    rows.push([what, name, ...cells]);
  }
}
const percent = (share: number) => (100 * share).toFixed(1);

const components = await loadModel(TINY_MODEL_FOLDER, {});
const clipComponents = await loadClipFolder(CLIP_FOLDER);
const clip = await loadClip(CLIP_FOLDER);
const count = trainCount + testCount;

const random = createRandom(seed).fork('ceiling prompts');
const asked = Array.from({ length: count }, () => sampleBalancedScene(random, { naturalColour: 0 }));
const texts = asked.map((scene) => describe(scene as Parameters<typeof describe>[0]));
const isUnseen = new Set<string>(OBJECTS.flatMap(({ name, seen }) => (seen ? [] : [name])));
// Trained on seen objects alone, tested on the others.
const textRows = await textFeatures({ components, countTokens: (text) => clip.countTokens(text) }, texts);
probe('prompts, unseen objects', textRows, asked, (i) => isUnseen.has(asked[i]!.object));

async function probePictures(what: string, images: readonly RgbImage[], shown: readonly Shown[]): Promise<void> {
  const isTest = (i: number) => i >= (images.length * trainCount) / count;
  probe(what, await clipFeatures(clipComponents, { embed: (some) => clip.embedImages(some), images }), shown, isTest);
  for (const timestep of [20, 200]) {
    const features = await unetFeatures(components, { images, timestep, seed });
    probe(`${what}, t = ${timestep}`, features, shown, isTest);
  }
}

const source = await createSceneSource({ seed, stream: 'ceiling pictures', sample: sampleBalancedScene });
const scenes = Array.from({ length: count }, (_, i) => source.draw(i));
await probePictures(
  'clean scenes',
  scenes.map(({ image }) => image),
  scenes.map(({ scene }) => scene),
);

if (values.project !== undefined) {
  const project = await openProject(values.project);
  const store = createImageStore(project.paths.images);
  const images: RgbImage[] = [];
  for (const { id } of store.all()) images.push(await store.read(id));
  const recogniser = await loadRecogniser();
  const shown = await recogniser.recognise(images);
  recogniser.dispose();
  await store.close();
  await probePictures('own images', images, shown as Shown[]);
}
await clip.dispose();
console.log(formatTable([['of', 'features', 'count right, %', 'colour right, %'], ...rows]).join('\n'));
