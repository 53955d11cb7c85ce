/** Routes for the owner's imports and exports. The page uploads files one at a time and then imports them together. */
import { Hono } from 'hono';
import { z } from 'zod';
import { isForUser } from '../../errors.ts';
import { faultOfLine } from '../../files/read-text.ts';
import { holderOf } from '../../project/lock.ts';
import { problem, type StudioEnv, sendAgain } from '../auth/guard.ts';
import { DOWNLOAD_NAMES, DOWNLOADS, labelStudioGuide } from '../data/downloads.ts';
import { importUploadedFeedback, importUploadedImages } from '../data/import-upload.ts';
import type { Studio } from '../studio.ts';
import { check } from './check-body.ts';
import { sendDownload } from './send-download.ts';

const line = (maxLength: number) =>
  z
    .string()
    .min(1)
    .superRefine((text, context) => {
      const message = faultOfLine(text, { maxLength });
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    });

const uploadParam = z.strictObject({ id: z.string().max(100) });
const fileQuery = z.strictObject({ name: line(500) });
const importBody = z.discriminatedUnion('what', [
  z.strictObject({ what: z.literal('images'), set: line(64).optional() }),
  z.strictObject({ what: z.literal('feedback'), rater: line(200).optional() }),
]);
const downloadParam = z.strictObject({ name: z.enum(DOWNLOAD_NAMES) });

const STATUS = { unknown: 404, tooLarge: 413, tooMany: 413 } as const;

export function dataRoutes(studio: Studio) {
  const { project, uploads, desk } = studio;
  return new Hono<StudioEnv>()
    .get('/label-studio-config', (c) => c.json(labelStudioGuide(project)))
    .get('/downloads/:name', check('param', downloadParam), async (c) => {
      const { name } = c.req.valid('param');
      return sendDownload(c, { project, name, download: DOWNLOADS[name] });
    })
    .post('/uploads', async (c) => {
      const id = await uploads.open();
      if (id === undefined) return problem(c, 429, 'too many uploads are open; finish or discard one');
      return c.json({ id });
    })
    .put('/uploads/:id/files', check('param', uploadParam), check('query', fileQuery), async (c) => {
      const { id } = c.req.valid('param');
      const { name } = c.req.valid('query');
      const added = await uploads.add(id, { name, body: c.req.raw.body });
      if ('reason' in added) return problem(c, STATUS[added.state], added.reason);
      return c.json({ name: added.name, bytes: added.bytes });
    })
    .post('/uploads/:id/import', check('param', uploadParam), check('json', importBody), async (c) => {
      const { id } = c.req.valid('param');
      const body = c.req.valid('json');
      const files = uploads.files(id);
      if (!files) return problem(c, 404, 'there is no such upload');
      let isKept = false;
      try {
        if (body.what === 'images') {
          const result = await importUploadedImages(project, files, { set: body.set ?? studio.set });
          return c.json({ what: body.what, ...result });
        }
        const rater = body.rater === undefined ? {} : { rater: body.rater };
        const result = await importUploadedFeedback(project, files, { write: desk.takeIn, ...rater });
        return c.json({ what: body.what, ...result });
      } catch (error) {
        const holder = holderOf(error);
        if (holder !== undefined) {
          // Nothing was imported, so the files are kept for another attempt.
          isKept = true;
          return sendAgain(c, { seconds: 3, error: `heed ${holder.command} is at work on the images` });
        }
        if (isForUser(error)) return problem(c, 409, error.message);
        throw error;
      } finally {
        if (!isKept) await uploads.discard(id);
      }
    })
    .post('/uploads/:id/discard', check('param', uploadParam), async (c) => {
      if (await uploads.discard(c.req.valid('param').id)) return c.json({ discarded: true });
      return problem(c, 404, 'there is no such upload');
    });
}
