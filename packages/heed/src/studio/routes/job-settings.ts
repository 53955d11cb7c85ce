/** What the forms before a command offer. */
import { Hono } from 'hono';
import { openProject } from '../../project/project.ts';
import type { StudioEnv } from '../auth/guard.ts';
import { offeredNames } from '../jobs/run-names.ts';
import { jobSettings } from '../overview/job-settings.ts';
import type { Studio } from '../studio.ts';

export function jobSettingRoutes({ project, overrides }: Studio) {
  return new Hono<StudioEnv>().get('/', async (c) => {
    // Read again: heed.toml may have been changed since the studio was started, and commands read it as it is now.
    const { config } = await openProject(project.folder, { overrides });
    return c.json({ settings: jobSettings(config), names: await offeredNames(project) });
  });
}
