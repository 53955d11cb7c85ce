// Draws scenes: background, then the objects. All drawings are rasterised when the renderer is made; after that a scene
// is plain arithmetic, a function of the scene and the generator alone.
import type { RgbImage } from '@heed/diffusion';
import type { RandomGenerator } from '@heed/diffusion/autodiff';
import { readArt } from '../art/art-file.ts';
import type { ArtStyle } from '../art/styles.ts';
import { ART_STYLES } from '../art/styles.ts';
import { chance, integerBetween } from '../sampling.ts';
import type { ColourName, Count, ObjectName } from '../vocabulary.ts';
import { COLOURS, objectWord } from '../vocabulary.ts';
import { paintBackground } from './backgrounds/paint-background.ts';
import type { Canvas } from './canvas.ts';
import { createCanvas } from './canvas.ts';
import { drawSprites } from './compose.ts';
import type { Box } from './layout.ts';
import { placeBoxes } from './layout.ts';
import type { Scene } from './scene.ts';
import type { MasterImage, Sprite } from './sprite.ts';
import { rasterise, shrink } from './sprite.ts';
import type { TintTable } from './tint.ts';
import { tintTable } from './tint.ts';

/** Width and height of every scene, in pixels. */
export const SCENE_SIZE = 64;

/** Draws scenes of one or more art styles. */
export interface Renderer {
  /**
   * Draws the scene as an RGB image of 64 x 64 pixels. The same scene and the same state of the random generator give
   * the same bytes.
   */
  render(scene: Scene, random: RandomGenerator): RgbImage;
}

/** Range of an object's longer side in pixels, by the number of objects in the scene. */
const OBJECT_SIZES: Readonly<Record<Count, readonly [number, number]>> = {
  1: [36, 42],
  2: [26, 29],
  3: [23, 26],
  4: [17, 24],
  5: [17, 20],
  6: [17, 19],
};

/** Gap between objects in pixels, by the number of objects; large enough that two objects never look like one. */
const OBJECT_GAPS: Readonly<Record<Count, number>> = { 1: 4, 2: 5, 3: 4, 4: 4, 5: 3, 6: 3 };

/** A renderer with the drawings of the given styles (all by default) rasterised. */
export async function createRenderer({
  styles = ART_STYLES.map((s) => s.name),
}: {
  styles?: readonly ArtStyle[];
} = {}): Promise<Renderer> {
  const masters = new Map<ArtStyle, ReadonlyMap<ObjectName, MasterImage>>();
  for (const style of styles) masters.set(style, await rasteriseStyle(style));
  const tints = new Map<ColourName, TintTable>(COLOURS.map((colour) => [colour, tintTable(colour)]));
  const sprites = new Map<string, Sprite>();

  const spriteOf = ({ object, style }: Scene, size: number): Sprite => {
    const key = `${style}/${object}/${size}`;
    const known = sprites.get(key);
    if (known) return known;
    const drawings = masters.get(style);
    if (!drawings) throw new Error(`a scene's style must be one of ${styles.join(', ')}, not '${style}'`);
    const master = drawings.get(objectWord(object).name)!;
    const sprite = shrink(master, size);
    sprites.set(key, sprite);
    return sprite;
  };

  return {
    render(scene, random) {
      const canvas = createCanvas(SCENE_SIZE, SCENE_SIZE);
      paintBackground(canvas, scene.background, random);
      const tint = scene.colour && tints.get(scene.colour);
      const placed = arrange(scene, spriteOf, random).map((one) => ({ ...one, mirrored: chance(random, 0.5) }));
      drawSprites(canvas, placed, tint);
      return toImage(canvas);
    },
  };
}

async function rasteriseStyle(style: ArtStyle): Promise<ReadonlyMap<ObjectName, MasterImage>> {
  const drawings = await readArt(style);
  return new Map(
    await Promise.all([...drawings].map(async ([name, drawing]) => [name, await rasterise(drawing)] as const)),
  );
}

/**
 * Chooses sizes and positions for the scene's objects, and shrinks the objects by one pixel at a time until they fit.
 */
function arrange(
  scene: Scene,
  spriteOf: (scene: Scene, size: number) => Sprite,
  random: RandomGenerator,
): { sprite: Sprite; box: Box }[] {
  const [smallest, largest] = OBJECT_SIZES[scene.count];
  const start = integerBetween(random, smallest, largest);
  for (let size = start; size > 8; size--) {
    for (let attempt = 0; attempt < 4; attempt++) {
      const chosen = Array.from({ length: scene.count }, () => spriteOf(scene, size - random.integer(2)));
      const boxes = placeBoxes(chosen, { canvasSize: SCENE_SIZE, gap: OBJECT_GAPS[scene.count], random });
      if (boxes) return chosen.map((sprite, i) => ({ sprite, box: boxes[i]! }));
    }
  }
  throw new Error(`a scene must have room for its objects, ${scene.count} x ${scene.object} found none`);
}

function toImage({ width, height, data }: Canvas): RgbImage {
  const bytes = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) bytes[i] = Math.min(255, Math.max(0, Math.round(data[i]!)));
  return { width, height, data: bytes };
}
