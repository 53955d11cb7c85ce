/** Route for the settings and run names that the forms for starting commands offer. */
import { Hono } from 'hono';
import { openProject } from '../../project/project.ts';
import type { StudioEnv } from '../auth/guard.ts';
import { offeredNames } from '../jobs/run-names.ts';
import { jobSettings } from '../overview/job-settings.ts';
import type { Studio } from '../studio.ts';

export function jobSettingRoutes({ project, overrides }: Studio) {
  return new Hono<StudioEnv>().get('/', async (c) => {
    // heed.toml is read again, as commands do, because it may have changed since the studio started.
    const { config } = await openProject(project.folder, { overrides });
    return c.json({ settings: jobSettings(config), names: await offeredNames(project) });
  });
}
