// The way into Label Studio with a project's own paths, in the shell of its system.
import { describe, expect, it } from 'vitest';
import { labelStudioSteps } from './label-studio-steps.ts';

const project = { folder: '/srv/my project', images: '/srv/my project/images', tasks: 'tasks.json' };

describe('the way into Label Studio', () => {
  it('names the folders that its local storage asks for', () => {
    const steps = labelStudioSteps({ ...project, platform: 'linux' });
    expect(steps).toContain(
      "   LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED=true LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT='/srv/my project' label-studio start",
    );
    expect(steps).toContain('   Absolute local path: /srv/my project/images');
    expect(steps).toContain('4. Import tasks.json');
  });

  it('is written for the shell of Windows there', () => {
    const [, command] = labelStudioSteps({ ...project, platform: 'win32' });
    expect(command).toContain(
      'set "LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED=true" && set "LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT=',
    );
  });

  it('speaks of no local files where the pictures lie elsewhere', () => {
    const steps = labelStudioSteps({ ...project, imagePrefix: 's3://bucket/' }).join('\n');
    expect(steps).toContain('s3://bucket/');
    expect(steps).not.toContain('LOCAL_FILES');
  });
});
