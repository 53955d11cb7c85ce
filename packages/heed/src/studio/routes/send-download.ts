/** Writes a temporary file, streams it to the browser as a download, and deletes it. */
import type { Context } from 'hono';
import { isBadInput } from '../../errors.ts';
import type { Project } from '../../project/project.ts';
import { problem } from '../auth/guard.ts';
import { type Download, openDownload } from '../data/downloads.ts';

/**
 * Sends a file as a download; `name` is the download's file name. Responds with status 409 when there is nothing to
 * write.
 */
export async function sendDownload(
  c: Context,
  { project, name, download }: { project: Project; name: string; download: Download },
) {
  try {
    const { body, bytes } = await openDownload(project, download);
    return c.body(body, 200, {
      'Content-Type': download.type,
      'Content-Length': String(bytes),
      'Content-Disposition': `attachment; filename="${name}"`,
    });
  } catch (error) {
    if (isBadInput(error)) return problem(c, 409, error.message);
    throw error;
  }
}
