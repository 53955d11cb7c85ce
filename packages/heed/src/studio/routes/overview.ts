/** Routes for the owner's overview: the status of the feedback loop, the images, and the reports. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Hono } from 'hono';
import { z } from 'zod';
import { problem, type StudioEnv } from '../auth/guard.ts';
import { BROWSE_LABELS, BROWSE_ORDERS, browseImages } from '../overview/browse.ts';
import { countJudges } from '../overview/judges.ts';
import { readOverview, readReports } from '../overview/overview.ts';
import type { Studio } from '../studio.ts';
import { check } from './check-body.ts';

const PAGE_SIZE = 60;
const filterText = z.string().min(1).max(500).optional();
const share = z.coerce.number().min(0).max(1).optional();
const browseQuery = z.strictObject({
  set: filterText,
  category: filterText,
  label: z.enum(BROWSE_LABELS).optional(),
  prompt: filterText,
  rater: filterText,
  rewardFrom: share,
  rewardTo: share,
  order: z.enum(BROWSE_ORDERS).optional(),
  offset: z.coerce.number().int().min(0).max(1e9).optional(),
  /** 'yes' lists the set-aside and deleted images instead of the others. */
  away: z.literal('yes').optional(),
});
const reportParam = z.strictObject({ name: z.string().max(200) });

/**
 * Content security policy for report pages: no scripts and no requests. Pages of the studio may show a report in a
 * frame. Inline styles are allowed, since a report contains its style sheet.
 */
const REPORT_POLICY =
  "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox";

export function overviewRoutes(studio: Studio) {
  const { project, images, set } = studio;
  return new Hono<StudioEnv>()
    .get('/', async (c) => {
      await studio.refresh();
      return c.json(await readOverview(project, { images: images.current(), set }));
    })
    .get('/judges', async (c) => c.json(await countJudges(project)));
}

export function imageRoutes(studio: Studio) {
  const { project, images } = studio;
  return new Hono<StudioEnv>().get('/', check('query', browseQuery), async (c) => {
    await studio.refresh();
    const { offset = 0, away, ...filter } = c.req.valid('query');
    const page = await browseImages(project, images.current(), {
      filter: { ...filter, isAway: away === 'yes' },
      offset,
      limit: PAGE_SIZE,
    });
    return c.json({
      ...page,
      offset,
      images: page.images.map(({ image, good, bad, skip, reward }) => ({
        name: images.nameOf(image.id),
        id: image.id,
        prompt: image.prompt,
        category: image.category,
        set: image.set,
        model: image.model,
        width: image.width,
        height: image.height,
        good,
        bad,
        skip,
        ...(reward === undefined ? {} : { reward }),
      })),
    });
  });
}

export function reportRoutes({ project }: Studio) {
  return new Hono<StudioEnv>()
    .get('/', async (c) => c.json({ reports: await readReports(project) }))
    .get('/:name', check('param', reportParam), async (c) => {
      const { name } = c.req.valid('param');
      // Only listed names are accepted, so that user input never becomes a path.
      const known = (await readReports(project)).find((report) => report === name);
      if (known === undefined) return problem(c, 404, 'there is no such report');
      return c.body(Uint8Array.from(await readFile(join(project.paths.reports, `${known}.html`))), 200, {
        'Content-Type': 'text/html; charset=utf-8',
        'Content-Security-Policy': REPORT_POLICY,
        'X-Frame-Options': 'SAMEORIGIN',
      });
    });
}
