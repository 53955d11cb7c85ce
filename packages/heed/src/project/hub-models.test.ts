import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadClip, loadModel } from '@heed/diffusion';
import { type HubServer, startHubServer } from '@heed/diffusion/testing/hub-server';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { writeRandomModels } from '../testing/random-models.ts';
import { initProject } from './init.ts';
import { baseModelFolder, clipFolder } from './models.ts';

let root: string;
const servers: HubServer[] = [];
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'heed-hub-models-'));
  const paths = await writeRandomModels(root);
  servers.push(await startHubServer({ folder: paths.model, repo: 'someone/model' }));
  servers.push(await startHubServer({ folder: paths.clip, repo: 'someone/clip' }));
  vi.stubEnv('HF_HOME', join(root, 'home'));
  vi.stubEnv('HF_TOKEN', '');
});
afterAll(async () => {
  vi.unstubAllEnvs();
  for (const server of servers) await server.close();
  await rm(root, { recursive: true });
});

test('a project can name its model and CLIP by their ids on the hub', async () => {
  const project = await initProject(join(root, 'project'), {
    overrides: ['model.path=someone/model', 'model.clip=someone/clip'],
  });
  await expect(baseModelFolder(project, { offline: true })).rejects.toThrow(
    /project\/someone\/model does not exist, and someone\/model: the cache .*: expected a snapshot of the model, got none$/,
  );
  vi.stubEnv('HF_ENDPOINT', servers[0]!.endpoint);
  const downloads: [label: string, total: number, last: number][] = [];
  const progress = ({ total, label }: { total: number; label: string }) => {
    const line: (typeof downloads)[number] = [label, total, 0];
    downloads.push(line);
    return {
      update: (done: number) => {
        line[2] = done;
      },
      done: () => {},
    };
  };
  const model = await loadModel(await baseModelFolder(project, { progress }));
  expect(model.unet.config.cross_attention_dim).toBe(16);
  expect(downloads).toEqual([['download someone/model', 1, 0]]);
  vi.stubEnv('HF_ENDPOINT', servers[1]!.endpoint);
  await using clip = await loadClip(await clipFolder(project));
  expect(clip).toBeDefined();
  const asked = servers.flatMap(({ requests }) => requests).length;
  expect(await baseModelFolder(project, { offline: true })).toContain('snapshots');
  expect(servers.flatMap(({ requests }) => requests)).toHaveLength(asked);
});

test('a path that is there is never looked up', async () => {
  const project = await initProject(join(root, 'local'), { overrides: ['model.path=../model/vae'] });
  expect(await baseModelFolder(project)).toBe(join(root, 'model/vae'));
});
