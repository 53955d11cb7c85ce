/**
 * The project that the studio is measured with: drawn images, raters with sessions, and enough judgements to train on.
 */
import { join } from 'node:path';
import { eventId, type FeedbackEvent, openFeedbackLog, queryId } from '../../packages/heed/src/feedback/index.ts';
import { createImageStore } from '../../packages/heed/src/images/index.ts';
import { openStudio } from '../../packages/heed/src/studio/studio.ts';
import { makeDrawnProject } from '../../packages/heed/src/testing/drawn-project.ts';
import { writeRandomModels } from '../../packages/heed/src/testing/random-models.ts';

const PROMPTS = 300;
const IMAGES_JUDGED = 90;

export interface BenchProject {
  readonly folder: string;
  /** Session tokens, one a rater. */
  readonly tokens: readonly string[];
  /** Events that were there before anybody labelled. */
  readonly events: number;
}

/** Makes it in `folder`. Each query may be answered by all raters, so that questions do not run out. */
export async function makeBenchProject(folder: string, { raters }: { raters: number }): Promise<BenchProject> {
  const { clip } = await writeRandomModels(join(folder, 'models'));
  const project = await makeDrawnProject(join(folder, 'project'), {
    prompts: PROMPTS,
    overrides: [
      `model.clip=${clip}`,
      `label.ratersPerQuery=${raters}`,
      'reward.epochs=100000',
      'reward.patience=100000',
      'reward.hidden=64',
      'threads=1',
    ],
  });
  const log = openFeedbackLog(project.paths.feedback);
  const images = createImageStore(project.paths.images).all().slice(0, IMAGES_JUDGED);
  const events = images.map(({ id: image, prompt, model, seed }): FeedbackEvent => {
    const query = queryId(prompt, [image]);
    const rater = 'Ada';
    const label = seed === 0 ? 'good' : 'bad';
    const time = new Date(0).toISOString();
    return {
      id: eventId({ query, rater, image }),
      time,
      rater,
      raterKind: 'human',
      query,
      image,
      prompt,
      model,
      label,
    };
  });
  await log.append(events);
  await log.close();
  const studio = await openStudio(project);
  const tokens: string[] = [];
  for (let i = 0; i < raters; i++) {
    tokens.push(await studio.sessions.start({ role: 'rater', rater: `rater-${i}` }));
  }
  await studio.close();
  return { folder: project.folder, tokens, events: events.length };
}
