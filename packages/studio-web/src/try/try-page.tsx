/** Trying models: a prompt is drawn by several of them from the same noise, and the reward chooses beside chance. */
import { useEffect, useState } from 'react';
import { Page } from '../parts/page.tsx';
import { useData } from '../parts/use-data.ts';
import { OpenTries } from './open-tries.tsx';
import { cancelTry, loadTries, startTry } from './try-api.ts';
import { TryForm } from './try-form.tsx';
import { TryResult } from './try-result.tsx';

const LOOK_WHILE_DRAWING_MS = 1500;
const LOOK_MS = 10_000;

const nothing = () => undefined;

export function TryPage() {
  const { data, problem, reload } = useData(loadTries);
  const [said, setSaid] = useState<{ text: string; isProblem: boolean }>();
  const isDrawing = data?.open.some(({ state }) => state === 'waiting' || state === 'running') ?? false;
  useEffect(() => {
    const looking = setInterval(reload, isDrawing ? LOOK_WHILE_DRAWING_MS : LOOK_MS);
    return () => clearInterval(looking);
  }, [reload, isDrawing]);
  /** Says what `doing` resolves with, if anything. */
  const work = async (doing: Promise<string | undefined>) => {
    try {
      const text = await doing;
      setSaid(text === undefined ? undefined : { text, isProblem: false });
    } catch (error) {
      setSaid({ text: `That did not work: ${(error as Error).message}.`, isProblem: true });
    }
    reload();
  };
  return (
    <Page title="Try" problem={problem} isLoading={data === undefined}>
      {data && (
        <>
          <TryForm
            models={data.models}
            hasReward={data.hasReward}
            onDraw={(request) => void work(startTry(request).then(nothing))}
          />
          {said && (
            <p role={said.isProblem ? 'alert' : 'status'} className={said.isProblem ? 'status-problem' : 'soft'}>
              {said.text}
            </p>
          )}
          <OpenTries
            open={data.open}
            waitsFor={data.waitsFor}
            onCancel={(job) => void work(cancelTry(job).then(nothing))}
          />
          {data.tries.length === 0 && data.open.length === 0 && (
            <p className="soft">Nothing tried yet. The pictures stay here, each with its recipe.</p>
          )}
          {data.tries.map((each) => (
            <TryResult key={each.id} result={each} onWork={(doing) => void work(doing)} />
          ))}
        </>
      )}
    </Page>
  );
}
