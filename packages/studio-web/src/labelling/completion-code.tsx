/** The code with which a rater is paid, and the way back to where they came from. */
import { useTexts } from '../language/language.ts';
import { CopyButton } from '../parts/copy-button.tsx';
import type { Completion } from './labelling-api.ts';

export function CompletionCode({ completion }: { completion: Completion }) {
  const { finished, help } = useTexts();
  return (
    <>
      <p>
        {finished.code} <code className="completion-code">{completion.code}</code>{' '}
        <CopyButton
          text={completion.code}
          label={finished.copyCode}
          said={{ copied: help.copied, byHand: help.copyByHand }}
        />
      </p>
      {completion.url !== undefined && (
        <a className="button primary" href={completion.url} rel="noreferrer">
          {finished.finishOn(new URL(completion.url).host)}
        </a>
      )}
    </>
  );
}
