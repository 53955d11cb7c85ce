/** The owner writes what raters read before they begin: text on the left, what raters see on the right. */
import type { ShownBlock } from '@heed/studio-api';
import { useEffect, useRef, useState } from 'react';
import { api, read } from '../api/client.ts';
import { Page } from '../parts/page.tsx';
import { useData } from '../parts/use-data.ts';
import { Blocks } from './blocks.tsx';
import { ExamplePicker } from './example-picker.tsx';
import { previewGuidelines } from './guidelines-api.ts';

const loadText = () => read(api.guidelines.text.$get());
const PREVIEW_AFTER_MS = 400;

export function GuidelinesPage() {
  const { data, problem } = useData(loadText);
  return (
    <Page title="Guidelines" problem={problem} isLoading={data === undefined}>
      {data && <Editor initial={data} />}
    </Page>
  );
}

function Editor({ initial }: { initial: { text: string; version: string } }) {
  const [text, setText] = useState(initial.text);
  const [saved, setSaved] = useState(initial);
  const [problem, setProblem] = useState<string>();
  const field = useRef<HTMLTextAreaElement>(null);
  const blocks = usePreview(text);
  const isChanged = text !== saved.text;
  useEffect(() => {
    const warn = (event: BeforeUnloadEvent) => isChanged && event.preventDefault();
    addEventListener('beforeunload', warn);
    return () => removeEventListener('beforeunload', warn);
  }, [isChanged]);
  const save = async () => {
    try {
      setSaved(await read(api.guidelines.$post({ json: { text, version: saved.version } })));
      setProblem(undefined);
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  const insert = (line: string) => {
    const at = field.current?.selectionEnd ?? text.length;
    const [before, after] = [text.slice(0, at), text.slice(at)];
    setText(`${before}${before === '' || before.endsWith('\n') ? '' : '\n'}${line}\n${after.replace(/^\n/, '')}`);
  };
  return (
    <>
      <p className="soft">
        Raters read this before their first image and again with “?”. It is the file guidelines.md of the project. A
        line that begins with # is a heading, one with - an item of a list; ** around words makes them bold.
      </p>
      <div className="guidelines-editor">
        <label className="labelled">
          What raters should know
          <textarea
            ref={field}
            className="field"
            dir="auto"
            rows={16}
            maxLength={20_000}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </label>
        <section className="guidelines" aria-label="What raters see">
          {blocks.length === 0 ? (
            <p className="soft">What raters see appears here. Without a text they begin at once.</p>
          ) : (
            <Blocks blocks={blocks} />
          )}
        </section>
      </div>
      <div className="row">
        <button type="button" className="button primary" disabled={!isChanged} onClick={() => void save()}>
          Save
        </button>
        <span className="soft" role="status">
          {isChanged ? 'Not saved yet.' : saved.text === '' ? '' : 'Saved.'}
        </span>
      </div>
      {problem !== undefined && (
        <p className="status-problem" role="alert">
          That did not work: {problem}.
        </p>
      )}
      <ExamplePicker
        onPick={({ image, verdict, prompt }) =>
          insert(`![${verdict}](images/${image.slice(0, 2)}/${image}.png "${prompt.replaceAll('"', '”')}")`)
        }
      />
    </>
  );
}

/** The text as raters see it, a moment after it was changed. */
function usePreview(text: string): readonly ShownBlock[] {
  const [blocks, setBlocks] = useState<readonly ShownBlock[]>([]);
  useEffect(() => {
    let isNewest = true;
    const timer = setTimeout(() => {
      previewGuidelines(text).then(
        (found) => isNewest && setBlocks(found),
        () => {},
      );
    }, PREVIEW_AFTER_MS);
    return () => {
      isNewest = false;
      clearTimeout(timer);
    };
  }, [text]);
  return blocks;
}
