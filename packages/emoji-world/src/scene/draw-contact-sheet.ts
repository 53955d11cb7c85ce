// Draws docs/images/emoji-world.png: 8 x 4 scenes, a column for each place. Run: npx tsx <this file> <target.png>
import { createRandom } from '@heed/diffusion/autodiff';
import { InputError } from '@heed/diffusion/errors';
import sharp from 'sharp';
import { TRAINING_STYLES } from '../art/styles.ts';
import type { ColourName, Count, ObjectName } from '../vocabulary.ts';
import { BACKGROUNDS } from '../vocabulary.ts';
import { createRenderer, SCENE_SIZE } from './renderer.ts';

type Cell = readonly [object: ObjectName, count: Count, colour?: ColourName];

/** The cells of the contact sheet, row by row; each column of the sheet has its own background. */
const CELLS: readonly (readonly Cell[])[] = [
  [
    ['wolf', 1],
    ['car', 1],
    ['horse', 1],
    ['rabbit', 1],
    ['dog', 1],
    ['cake', 1],
    ['backpack', 1],
    ['tiger', 1],
  ],
  [
    ['rose', 2, 'blue'],
    ['bicycle', 1, 'red'],
    ['cat', 1, 'pink'],
    ['bird', 2],
    ['donut', 3],
    ['cup', 2, 'green'],
    ['vase', 2, 'purple'],
    ['airplane', 1, 'yellow'],
  ],
  [
    ['bear', 4],
    ['dog', 5, 'white'],
    ['chair', 3],
    ['lion', 1, 'green'],
    ['tree', 2],
    ['apple', 4],
    ['box', 3],
    ['clock', 3],
  ],
  [
    ['dog', 2, 'blue'],
    ['cake', 4, 'pink'],
    ['wolf', 3, 'black'],
    ['tiger', 6],
    ['orange', 6],
    ['plate', 3, 'yellow'],
    ['car', 5, 'blue'],
    ['rose', 6],
  ],
];
const SCALE = 2;
const MARGIN = 4;

const target = process.argv[2];
if (!target) throw new InputError('the picture to write must be given as the argument, nothing was');
const renderer = await createRenderer({ styles: TRAINING_STYLES });
const tile = SCENE_SIZE * SCALE;
const tiles = CELLS.flatMap((row, y) =>
  row.map(async ([object, count, colour], x) => {
    const style = TRAINING_STYLES[(x + y) % TRAINING_STYLES.length]!;
    const background = BACKGROUNDS[x]!.name;
    const random = createRandom(7).fork(`tile ${x} ${y}`);
    const { data } = renderer.render({ object, count, style, background, ...(colour && { colour }) }, random);
    const input = await sharp(data, { raw: { width: SCENE_SIZE, height: SCENE_SIZE, channels: 3 } })
      .resize(tile, tile, { kernel: 'nearest' })
      .png()
      .toBuffer();
    return { input, left: MARGIN + x * (tile + MARGIN), top: MARGIN + y * (tile + MARGIN) };
  }),
);
await sharp({
  create: {
    width: MARGIN + BACKGROUNDS.length * (tile + MARGIN),
    height: MARGIN + CELLS.length * (tile + MARGIN),
    channels: 3,
    background: '#ffffff',
  },
})
  .composite(await Promise.all(tiles))
  .png({ compressionLevel: 9, palette: true, colours: 256, dither: 0 })
  .toFile(target);
