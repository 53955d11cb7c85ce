/**
 * Runs the recogniser once on each of the given images of the image store. Larger images are scaled down to the
 * recogniser's input size.
 */
import { type ImageStore, readFitted } from '../images/index.ts';
import type { Recognition, WorldJudge } from '../ports.ts';
import type { ProgressFactory } from '../progress/index.ts';
import type { Project } from '../project/index.ts';
import { runtimeOf } from '../project/runtime.ts';

const AT_ONCE = 64;

/** Recognitions by image id. */
export async function recogniseImages(
  project: Project,
  ids: Iterable<string>,
  { judge, store, signal }: { judge: WorldJudge; store: ImageStore; signal?: AbortSignal | undefined },
  progress: ProgressFactory,
): Promise<Map<string, Recognition>> {
  const list = [...new Set(ids)];
  const recogniser = await judge.openRecogniser(await runtimeOf(project));
  const work = progress({ total: list.length, label: 'recognise', unit: 'image' });
  const found = new Map<string, Recognition>();
  try {
    for (let start = 0; start < list.length; start += AT_ONCE) {
      signal?.throwIfAborted();
      const batch = list.slice(start, start + AT_ONCE);
      const seen = await recogniser.recognise(await readFitted(store, batch, { side: recogniser.imageSize }));
      for (const [i, id] of batch.entries()) found.set(id, seen[i]!);
      work.update(found.size);
    }
    work.done();
    return found;
  } finally {
    recogniser.dispose();
  }
}
