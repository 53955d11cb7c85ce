/** Shows the guidelines before the work begins; no query is held while somebody reads. */

import type { ShownBlock } from '@heed/studio-api';
import { createContext, type ReactNode, useContext } from 'react';
import { useTexts } from '../language/language.ts';
import { LanguageChoice } from '../language/language-choice.tsx';
import { AskingProblem } from '../parts/asking-problem.tsx';
import { Blocks } from './blocks.tsx';
import { useGuidelines } from './use-guidelines.ts';

const GuidelinesContext = createContext<readonly ShownBlock[]>([]);

export function GuidelinesGate({ children }: { children: ReactNode }) {
  const { phase, blocks, problem, accept } = useGuidelines();
  const { help } = useTexts();
  if (phase === 'loading') {
    return problem === undefined ? null : (
      <main className="notice">
        <AskingProblem problem={problem} />
      </main>
    );
  }
  if (phase === 'unseen') {
    return (
      <main className="guidelines-first">
        <h1>{help.beforeYouBegin}</h1>
        <div className="guidelines">
          <Blocks blocks={blocks} />
        </div>
        <p className="soft">{help.readAgain}</p>
        <div className="row">
          <button type="button" className="button primary" onClick={accept}>
            {help.begin}
          </button>
          <LanguageChoice />
        </div>
      </main>
    );
  }
  return <GuidelinesContext value={blocks}>{children}</GuidelinesContext>;
}

/** The guidelines in the help; nothing where there are none. */
export function GuidelinesHelp() {
  const blocks = useContext(GuidelinesContext);
  const { help } = useTexts();
  if (blocks.length === 0) return null;
  return (
    <details className="guidelines" open>
      <summary>{help.guidelines}</summary>
      <Blocks blocks={blocks} />
    </details>
  );
}
