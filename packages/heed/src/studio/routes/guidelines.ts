/** Routes for the owner's guidelines, which raters read and the owner writes. */
import { Hono } from 'hono';
import { z } from 'zod';
import { problem, type StudioEnv } from '../auth/guard.ts';
import { MAX_GUIDELINES_LENGTH, readGuidelines, writeGuidelines } from '../guidelines/guidelines.ts';
import { type Block, parseGuidelines } from '../guidelines/parse-guidelines.ts';
import type { Studio } from '../studio.ts';
import { check } from './check-body.ts';

const text = z.string().max(MAX_GUIDELINES_LENGTH);
const writeBody = z.strictObject({ text, version: z.string().max(64) });
const previewBody = z.strictObject({ text });

/** An example of a good or bad image; `name` is the opaque name of the image. */
export interface ShownExample {
  readonly verdict: 'good' | 'bad';
  readonly name: string;
  readonly why: string;
}

/**
 * A block of the guidelines, with opaque names in place of the image ids of its examples. An example whose image is not
 * in the image store is left out.
 */
export type ShownBlock =
  | Exclude<Block, { kind: 'examples' | 'list' | 'quote' }>
  | { readonly kind: 'list'; readonly isOrdered: boolean; readonly items: readonly (readonly ShownBlock[])[] }
  | { readonly kind: 'quote'; readonly children: readonly ShownBlock[] }
  | { readonly kind: 'examples'; readonly examples: readonly ShownExample[] };

export function guidelineRoutes(studio: Studio) {
  const { project, images } = studio;
  const shown = (block: Block): ShownBlock => {
    if (block.kind === 'list') return { ...block, items: block.items.map((item) => item.map(shown)) };
    if (block.kind === 'quote') return { ...block, children: block.children.map(shown) };
    if (block.kind !== 'examples') return block;
    const known = block.examples.filter(({ image }) => images.current().has(image));
    return {
      kind: 'examples',
      examples: known.map(({ verdict, image, why }) => ({ verdict, name: images.nameOf(image), why })),
    };
  };
  const blocksOf = (source: string) => parseGuidelines(source).map(shown);
  return new Hono<StudioEnv>()
    .get('/', async (c) => {
      const { text: source, version } = await readGuidelines(project);
      return c.json({ blocks: blocksOf(source), version });
    })
    .get('/text', async (c) => c.json(await readGuidelines(project)))
    .post('/preview', check('json', previewBody), (c) => c.json({ blocks: blocksOf(c.req.valid('json').text) }))
    .post('/', check('json', writeBody), async (c) => {
      const written = await writeGuidelines(project, c.req.valid('json'));
      return written
        ? c.json(written)
        : problem(c, 409, 'guidelines.md was changed meanwhile; copy your text and load the page again');
    });
}
