/**
 * A sentence for the overview page: how many judgements the table leaves out. With these, the table agrees with the
 * count of all judgements.
 */
import { countText } from '../parts/count-text.ts';

interface SetJudgements {
  set?: string | undefined;
  judgements: number;
}

/**
 * Example: 'The table counts images of the set train. Other images have 3,840 judgements more: 3,840 in the set eval.'
 */
export function elsewhereText(set: string, elsewhere: readonly SetJudgements[]): string {
  const all = elsewhere.reduce((sum, { judgements }) => sum + judgements, 0);
  const parts = elsewhere.map(({ set: other, judgements }) =>
    other === undefined
      ? `${countText(judgements)} of images that are set aside or gone`
      : `${countText(judgements)} in the set ${other}`,
  );
  return `The table counts images of the set ${set}. Other images have ${countText(all)} judgements more: ${parts.join(', ')}.`;
}
