/**
 * Instructions for importing the exported tasks with pictures into Label Studio, and for bringing the annotations back.
 */
import { resolve } from 'node:path';
import { LOCAL_FILES_PREFIX } from './label-studio.ts';

/**
 * Lines for a terminal: the commands, and the values to enter in Label Studio's forms, with this project's paths. These
 * instructions were tested with Label Studio 1.23.
 */
export function labelStudioSteps(options: {
  /** The project's folder. */
  folder: string;
  /** Folder of its images. */
  images: string;
  /** The exported file of tasks. */
  tasks: string;
  /** Prefix of the images' names in the tasks. */
  imagePrefix?: string | undefined;
  platform?: NodeJS.Platform;
}): string[] {
  const { folder, images, tasks, imagePrefix = LOCAL_FILES_PREFIX, platform = process.platform } = options;
  const areLocal = imagePrefix === LOCAL_FILES_PREFIX;
  const local = [
    '1. Start Label Studio where it may read the pictures:',
    `   ${startCommand(folder, platform)}`,
    '2. Make a project. Settings > Cloud Storage > Add Source Storage > Local Files, without a sync:',
    `   Absolute local path: ${resolve(images)}`,
  ];
  const remote = ['1. Make a project in Label Studio.', `2. Let it read ${imagePrefix}... (Settings > Cloud Storage).`];
  return [
    ...(areLocal ? local : remote),
    '3. Settings > Labeling Interface > Code: paste the labelling interface.',
    `4. Import ${tasks}`,
    '5. When people have judged: Export > JSON, and here',
    '   heed import feedback EXPORTED.json',
  ];
}

function startCommand(folder: string, platform: NodeJS.Platform): string {
  const variables = {
    LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED: 'true',
    LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT: resolve(folder),
  };
  const settings = Object.entries(variables);
  if (platform === 'win32') {
    return [...settings.map(([name, value]) => `set "${name}=${value}"`), 'label-studio start'].join(' && ');
  }
  return [...settings.map(([name, value]) => `${name}=${quoteForShell(value)}`), 'label-studio start'].join(' ');
}

function quoteForShell(text: string): string {
  return /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
