/**
 * Pictures of the prompts that a model won and lost, the clearest first. The pictures are loaded when the dialog opens.
 */
import { useCallback, useState } from 'react';
import { pictureUrl } from '../api/client.ts';
import { Choice } from '../parts/choice.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { useData } from '../parts/use-data.ts';
import {
  type AnsweredPrompt,
  loadPrompts,
  OUTCOMES,
  type Outcome,
  QUESTIONS,
  type QuestionName,
  type ShownComparison,
} from './comparisons-api.ts';

const SHOWN = 6;
const TITLES = {
  win: (model: string) => `Won by ${model}`,
  tie: () => 'Tied',
  lose: (model: string) => `Lost by ${model}`,
} as const;

export function DecidedPrompts({ comparison }: { comparison: ShownComparison }) {
  const { id, pairs, answers } = comparison;
  // biome-ignore lint/correctness/useExhaustiveDependencies: new answers change what was won
  const load = useCallback(() => loadPrompts(id), [id, answers]);
  const { data, problem } = useData(load);
  const [question, setQuestion] = useState<QuestionName>('alignment');
  if (problem !== undefined) return <p className="soft">The pictures could not be loaded: {problem}.</p>;
  if (!data) return null;
  return (
    <details className="stack" open>
      <summary>Prompts won and lost</summary>
      <Choice label="Question" options={QUESTIONS} value={question} onChange={setQuestion} />
      {pairs.map(({ treated, baseline }, i) =>
        OUTCOMES.map((outcome) => (
          <PromptList
            key={`${treated} ${baseline} ${outcome}`}
            title={TITLES[outcome](treated)}
            names={{ treated, baseline }}
            prompts={clearestFirst(data.pairs[i] ?? [], question, outcome)}
            question={question}
            isOpen={outcome !== 'tie'}
          />
        )),
      )}
    </details>
  );
}

interface PromptListProps {
  title: string;
  names: { treated: string; baseline: string };
  prompts: readonly AnsweredPrompt[];
  question: QuestionName;
  isOpen: boolean;
}

function PromptList({ title, names, prompts, question, isOpen }: PromptListProps) {
  const [isWhole, setWhole] = useState(false);
  const [enlarged, setEnlarged] = useState<Enlarged>();
  const shown = isWhole ? prompts : prompts.slice(0, isOpen ? SHOWN : 0);
  return (
    <section className="stack">
      <h4 dir="auto">
        {title}: {prompts.length}
      </h4>
      <ul className="decided">
        {shown.map(({ id, prompt, votes, treated, baseline }) => (
          <li key={id}>
            <p dir="auto">{prompt}</p>
            <p className="soft">
              {votes[question].win} better, {votes[question].tie} tie, {votes[question].lose} worse
            </p>
            <div className="decided-sides">
              <Side name={names.treated} pictures={treated} prompt={prompt} onEnlarge={setEnlarged} />
              <Side name={names.baseline} pictures={baseline} prompt={prompt} onEnlarge={setEnlarged} />
            </div>
          </li>
        ))}
      </ul>
      {shown.length < prompts.length && (
        <button type="button" className="button small" onClick={() => setWhole(true)}>
          Show all {prompts.length}
        </button>
      )}
      {enlarged !== undefined && (
        <Dialog title={`Enlarged: ${enlarged.prompt}`} className="zoom-dialog" onClose={() => setEnlarged(undefined)}>
          <div className="zoom">
            <button
              type="button"
              className="zoom-image"
              onClick={() => setEnlarged(undefined)}
              aria-label="Close the enlarged image"
            >
              <img src={pictureUrl(enlarged.picture)} alt="" />
            </button>
            <p className="zoom-caption">
              <bdi>{enlarged.prompt}</bdi> – by <bdi>{enlarged.model}</bdi>
            </p>
            <button type="button" className="button" onClick={() => setEnlarged(undefined)}>
              Close
            </button>
          </div>
        </Dialog>
      )}
    </section>
  );
}

interface Enlarged {
  picture: string;
  prompt: string;
  model: string;
}

interface SideProps {
  name: string;
  pictures: AnsweredPrompt['treated'];
  prompt: string;
  onEnlarge: (enlarged: Enlarged) => void;
}

function Side({ name, pictures, prompt, onEnlarge }: SideProps) {
  return (
    <figure>
      <figcaption className="soft" dir="auto">
        {name}
      </figcaption>
      <div className="decided-pictures">
        {pictures.map((picture, i) => (
          <button
            key={picture.name}
            type="button"
            className="gallery-image"
            onClick={() => onEnlarge({ picture: picture.name, prompt, model: name })}
            aria-label={`Enlarge image ${i + 1} by ${name}: ${prompt}`}
          >
            <img src={pictureUrl(picture.name)} alt="" loading="lazy" width={picture.width} height={picture.height} />
          </button>
        ))}
      </div>
    </figure>
  );
}

/** By how far more people prefer the one than the other. */
function clearestFirst(prompts: readonly AnsweredPrompt[], question: QuestionName, outcome: Outcome): AnsweredPrompt[] {
  const margin = ({ votes }: AnsweredPrompt) => Math.abs(votes[question].win - votes[question].lose);
  return prompts
    .filter(({ outcomes }) => outcomes[question] === outcome)
    .sort((a, b) => (outcome === 'tie' ? 0 : margin(b) - margin(a)));
}
