/** Judgements and pictures in, tables and datasets out. */
import { type FormEvent, useState } from 'react';
import { api, read } from '../api/client.ts';
import { Page } from '../parts/page.tsx';
import { useData } from '../parts/use-data.ts';
import { sendFiles, type Taking } from './send-files.ts';

const DOWNLOADS = [
  ['feedback.csv', 'Judgements', 'a table of all judgements that stand; can be imported again'],
  ['label-studio.json', 'Label Studio', 'tasks with annotations; skips, known answers and times included'],
  ['train.parquet', 'Preference pairs', "images that one rater judged apart, as diffusers' DPO training reads them"],
  ['comparisons.csv', 'Comparisons', 'a table of all answers of blind comparisons that stand'],
  ['comparisons.jsonl', 'Comparisons, JSON', 'the same as JSON lines, with lists of images'],
  ['images.csv', 'Images', 'a table of all images with what they were drawn by'],
] as const;

const loadConfig = () => read(api.data['label-studio-config'].$get());

export function DataPage() {
  const { data, problem } = useData(loadConfig);
  return (
    <Page title="Data" problem={problem}>
      <ImportForm
        title="Import judgements"
        about="A .csv with image and label (and rater, reason, time), or an export of Label Studio. One bad row, and nothing is taken over."
        accept=".csv,.tsv,.json"
        fileLabel="File of judgements"
        textLabel="Rater, if the file names none"
        takingOf={(text) => ({ what: 'feedback', ...(text === '' ? {} : { rater: text }) })}
      />
      <ImportForm
        title="Import pictures"
        about="PNG, JPEG or WebP pictures, and with them a metadata.jsonl or metadata.csv that gives file_name and text, the prompt, of each."
        accept=".png,.jpg,.jpeg,.webp,.jsonl,.csv,.tsv,.json,.txt,.caption"
        isMany
        fileLabel="Pictures and their list, or a .txt beside each"
        textLabel="Set, if not the one that is judged"
        takingOf={(text) => ({ what: 'images', ...(text === '' ? {} : { set: text }) })}
      />
      <section className="panel">
        <h2>Export</h2>
        <ul className="downloads">
          {DOWNLOADS.map(([file, name, about]) => (
            <li key={file}>
              <a className="button small" href={`/api/data/downloads/${file}`} download={file}>
                {name}
              </a>
              <span className="soft">{about}</span>
            </li>
          ))}
        </ul>
        {data && (
          <details>
            <summary>How the tasks get into Label Studio</summary>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
            <pre className="code" tabIndex={0}>
              {[...data.steps, '', data.config].join('\n')}
            </pre>
          </details>
        )}
      </section>
    </Page>
  );
}

interface ImportFormProps {
  title: string;
  about: string;
  accept: string;
  isMany?: boolean;
  fileLabel: string;
  textLabel: string;
  takingOf: (text: string) => Taking;
}

type State =
  | { readonly kind: 'idle' }
  | { readonly kind: 'sending'; readonly done: number; readonly total: number }
  | { readonly kind: 'waiting'; readonly reason: string }
  | { readonly kind: 'done' | 'failed'; readonly text: string };

function ImportForm({ title, about, accept, isMany = false, fileLabel, textLabel, takingOf }: ImportFormProps) {
  const [state, setState] = useState<State>({ kind: 'idle' });
  const [cancel, setCancel] = useState<AbortController>();
  const isSending = state.kind === 'sending' || state.kind === 'waiting';
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const fields = new FormData(form);
    const files = fields.getAll('files').filter((value) => value instanceof File);
    const total = files.length;
    const aborting = new AbortController();
    setCancel(aborting);
    setState({ kind: 'sending', done: 0, total });
    sendFiles(files, takingOf(String(fields.get('text')).trim()), {
      onProgress: (done) => setState({ kind: 'sending', done, total }),
      onWait: (reason) => setState({ kind: 'waiting', reason }),
      signal: aborting.signal,
    }).then(
      (text) => {
        form.reset();
        setState({ kind: 'done', text });
      },
      (error: Error) => setState(aborting.signal.aborted ? { kind: 'idle' } : { kind: 'failed', text: error.message }),
    );
  };
  return (
    <section className="panel">
      <h2>{title}</h2>
      <p className="soft">{about}</p>
      <form className="row filters" onSubmit={submit}>
        <label className="labelled">
          {fileLabel}
          <input className="field file" name="files" type="file" accept={accept} multiple={isMany} required />
        </label>
        <label className="labelled">
          {textLabel}
          <input className="field" name="text" maxLength={64} autoComplete="off" />
        </label>
        <button type="submit" className="button primary" disabled={isSending}>
          Import
        </button>
        {isSending && (
          <button type="button" className="button" onClick={() => cancel?.abort()}>
            Cancel
          </button>
        )}
      </form>
      <p role="status" className="taken-in" dir="auto">
        {state.kind === 'sending' &&
          (state.done < state.total ? `Sending ${state.done + 1} of ${state.total}…` : 'Taking in…')}
        {state.kind === 'waiting' && `The files are here and wait: ${state.reason}. Leave this page open.`}
        {state.kind === 'done' && state.text}
      </p>
      {state.kind === 'failed' && (
        <p role="alert" className="status-problem" dir="auto">
          Nothing was taken in: {state.text}.
        </p>
      )}
    </section>
  );
}
