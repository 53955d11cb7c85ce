/** Serves the images under opaque names and without PNG text chunks. */
import { Hono } from 'hono';
import { problem, type StudioEnv } from '../auth/guard.ts';
import { plainPng } from '../pictures/plain-png.ts';
import type { Studio } from '../studio.ts';

export function pictureRoutes(studio: Studio) {
  return new Hono<StudioEnv>().get('/:id', async (c) => {
    const image = studio.images.find(c.req.param('id'));
    if (!image) return problem(c, 404, 'there is no such picture');
    const png = plainPng(await studio.images.current().readPng(image.id));
    return c.body(png, 200, {
      'Content-Type': 'image/png',
      'Cache-Control': 'private, max-age=31536000, immutable',
    });
  });
}
