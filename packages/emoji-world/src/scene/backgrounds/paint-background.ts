// The table of backgrounds: one painter for each place, plus the plain ground.
import type { RandomGenerator } from '@heed/diffusion/autodiff';
import type { BackgroundName } from '../../vocabulary.ts';
import type { Canvas } from '../canvas.ts';
import { paintCity } from './city.ts';
import { paintDesert } from './desert.ts';
import { paintField } from './field.ts';
import { paintForest } from './forest.ts';
import { paintMoon } from './moon.ts';
import { paintPlain } from './plain.ts';
import { paintSanFrancisco } from './san-francisco.ts';
import { paintSea } from './sea.ts';
import { paintTable } from './table.ts';

/** Paints one place over the whole 64 x 64 canvas; the random generator varies the picture. */
export type BackgroundPainter = (canvas: Canvas, random: RandomGenerator) => void;

const PAINTERS: Readonly<Record<BackgroundName, BackgroundPainter>> = {
  forest: paintForest,
  city: paintCity,
  moon: paintMoon,
  field: paintField,
  sea: paintSea,
  table: paintTable,
  desert: paintDesert,
  'San Francisco': paintSanFrancisco,
};

/** Paints the named place, or a plain ground when no place is named. */
export function paintBackground(canvas: Canvas, background: BackgroundName | undefined, random: RandomGenerator): void {
  (background === undefined ? paintPlain : PAINTERS[background])(canvas, random);
}
