// Cuts the few drawings the emoji world needs out of whole icon sets, into assets/art-<style>.json.
// The sets are tens of megabytes, so they are no dependency of the project. The recipe:
//
//   npm install --prefix /tmp/art --ignore-scripts \
//     @iconify-json/noto@1.2.9 @iconify-json/fluent-emoji-flat@1.2.6 @iconify-json/twemoji@1.2.5
//   npx tsx packages/emoji-world/src/art/extract-art.ts /tmp/art
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readCheckedJson } from '@heed/diffusion/checked-json';
import { InputError } from '@heed/diffusion/errors';
import { z } from 'zod';
import { ART_FOLDER } from '../paths.ts';
import type { ObjectName } from '../vocabulary.ts';
import { OBJECTS } from '../vocabulary.ts';
import type { ArtFile } from './art-file.ts';
import type { ArtStyle } from './styles.ts';
import { ART_STYLES } from './styles.ts';

/**
 * The icon that stands for each object. Some objects have no emoji: a vase is drawn as an amphora, a box as a package.
 */
const ICONS: Readonly<Record<ObjectName, string>> = {
  dog: 'dog-face',
  cat: 'cat-face',
  lion: 'lion',
  orange: 'tangerine',
  vase: 'amphora',
  cup: 'hot-beverage',
  apple: 'red-apple',
  chair: 'chair',
  bird: 'bird',
  cake: 'birthday-cake',
  bicycle: 'bicycle',
  tree: 'deciduous-tree',
  donut: 'doughnut',
  box: 'package',
  plate: 'fork-and-knife-with-plate',
  clock: 'alarm-clock',
  backpack: 'backpack',
  car: 'automobile',
  airplane: 'airplane',
  bear: 'bear',
  horse: 'horse',
  tiger: 'tiger-face',
  rabbit: 'rabbit-face',
  rose: 'rose',
  wolf: 'wolf',
};

/** Icons that replace those of `ICONS` in one set, where the set draws the object unlike the other sets. */
const EXCEPTIONS: Readonly<Partial<Record<ArtStyle, Partial<Record<ObjectName, string>>>>> = {
  // Its hot beverage is seen from straight above, the others' from the side.
  'fluent-emoji-flat': { cup: 'teacup-without-handle' },
};

const Icon = z.object({
  body: z.string(),
  left: z.number().optional(),
  top: z.number().optional(),
  width: z.number().optional(),
  height: z.number().optional(),
});
const Info = z.object({ author: z.object({ name: z.string() }), license: z.object({ spdx: z.string() }) });
const IconSet = z.object({
  width: z.number().optional(),
  height: z.number().optional(),
  icons: z.record(z.string(), Icon),
});

async function extract(style: (typeof ART_STYLES)[number], folder: string): Promise<ArtFile> {
  const root = join(folder, 'node_modules', style.npmPackage);
  const { version } = await readCheckedJson(join(root, 'package.json'), {
    what: "an icon set's package",
    schema: z.object({ version: z.string() }),
  });
  if (version !== style.version)
    throw new InputError(`${style.npmPackage} must be ${style.version}, ${root} holds ${version}`);
  const info = await readCheckedJson(join(root, 'info.json'), { what: 'the facts of an icon set', schema: Info });
  const set = await readCheckedJson(join(root, 'icons.json'), { what: 'an icon set', schema: IconSet });
  const drawings = OBJECTS.map(({ name }) => {
    const iconName = EXCEPTIONS[style.name]?.[name] ?? ICONS[name];
    const icon = set.icons[iconName];
    if (!icon) throw new InputError(`${style.npmPackage}@${version} must hold the icon '${iconName}', it does not`);
    const width = icon.width ?? set.width ?? 16;
    const height = icon.height ?? set.height ?? 16;
    return [
      name,
      { icon: iconName, viewBox: [icon.left ?? 0, icon.top ?? 0, width, height], body: icon.body },
    ] as const;
  });
  return {
    style: style.name,
    npmPackage: style.npmPackage,
    version,
    licence: info.license.spdx,
    author: info.author.name,
    drawings: Object.fromEntries(
      drawings.map(([name, d]) => [name, { ...d, viewBox: [...d.viewBox] }]),
    ) as ArtFile['drawings'],
  };
}

const folder = process.argv[2];
if (!folder)
  throw new InputError('the folder the icon sets were installed into must be given as the argument, nothing was');
for (const style of ART_STYLES) {
  const path = join(ART_FOLDER, `art-${style.name}.json`);
  const text = `${JSON.stringify(await extract(style, folder), null, 1)}\n`;
  await writeFile(path, text);
  console.log(
    `${path}: ${Object.keys(JSON.parse(text).drawings).length} drawings, ${Math.round(text.length / 1024)} KB`,
  );
}
