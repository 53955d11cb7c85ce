/**
 * Lets other heed processes on this machine work with the data that an open studio has locked. Such a process connects
 * to a loopback port with a token from a file that only the project's owner can read. Browsers are refused. The port
 * differs from the studio's port, which may be open to a network.
 */
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { writeFileAtomically } from '@heed/diffusion/files';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { DEFECT_ANSWER, isForUser, tellError } from '../errors.ts';
import { parseFeedbackEvent } from '../feedback/event.ts';
import { holderPath, type StudioHolder } from '../feedback/event-sink.ts';
import type { Project } from '../project/project.ts';
import { equalText, randomToken } from './auth/secret.ts';
import type { AnswerDesk } from './labelling/answer.ts';

const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** Opens the port and writes the file with the token; the returned function closes the port and removes the file. */
export async function openHolder(
  project: Project,
  { desk, onError = () => {} }: { desk: AnswerDesk; onError?: ((error: unknown) => void) | undefined },
): Promise<() => Promise<void>> {
  const token = randomToken();
  const app = new Hono();
  app.use(async (c, next) => {
    // A page in a browser sends where it comes from; a command does not.
    const isCommand = c.req.header('Origin') === undefined;
    if (!isCommand || !equalText(c.req.header('Authorization') ?? '', `Bearer ${token}`)) return c.notFound();
    return next();
  });
  app.post('/events', bodyLimit({ maxSize: MAX_BODY_BYTES }), async (c) => {
    const body = (await c.req.json().catch(() => undefined)) as { events?: unknown } | undefined;
    if (!Array.isArray(body?.events)) return c.json({ error: 'events: expected a list' }, 400);
    const events = body.events.map(parseFeedbackEvent);
    const added = await desk.takeIn((log) => {
      const known = new Set(log.map(({ id }) => id));
      return events.filter(({ id }) => !known.has(id));
    });
    return c.json({ added });
  });
  app.onError((error, c) => {
    const { message, isDefect } = tellError(error);
    if (!isDefect) return c.json({ error: message }, isForUser(error) ? 400 : 503);
    onError(error);
    return c.json({ error: DEFECT_ANSWER }, 500);
  });
  const server = createAdaptorServer({ fetch: app.fetch });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const path = holderPath(project);
  const holder: StudioHolder = { url: `http://127.0.0.1:${port}`, token };
  await writeFileAtomically(path, JSON.stringify(holder), { mode: 0o600 });
  return async () => {
    await rm(path, { force: true });
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  };
}
