/** Judgements by a coin, for tests in which it does not matter what is learned. */
import { createRandom } from '@heed/diffusion/autodiff';
import { eventId, openFeedbackLog, queryId } from '../feedback/index.ts';
import { createImageStore, type ImageRecord } from '../images/index.ts';
import type { Project } from '../project/index.ts';

/** Appends a good or bad by one simulated rater, the same each time, for every image that `judges` holds for. */
export async function judgeByCoin(
  { paths }: Project,
  { judges = () => true }: { judges?: (image: ImageRecord) => boolean } = {},
): Promise<void> {
  const log = openFeedbackLog(paths.feedback);
  const random = createRandom(1);
  const images = createImageStore(paths.images).all().filter(judges);
  await log.append(
    images.map(({ id, prompt, model }) => {
      const query = queryId(prompt, [id]);
      return {
        id: eventId({ query, rater: 'coin', image: id }),
        time: '2026-01-01T00:00:00.000Z',
        rater: 'coin',
        raterKind: 'simulated',
        query,
        image: id,
        prompt,
        model,
        label: random.uniform() < 0.5 ? 'good' : 'bad',
      };
    }),
  );
  await log.close();
}
