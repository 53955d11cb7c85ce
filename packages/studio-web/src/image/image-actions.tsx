/** What an owner can do with an image: judge it, ask again, set aside, delete, take back. */
import { useState } from 'react';
import { api, read } from '../api/client.ts';
import { Dialog } from '../parts/dialog.tsx';
import type { ImageData } from './image-page.tsx';

type ImageEvent = 'set-aside' | 'deleted' | 'removed' | 'taken-back';

interface ImageActionsProps {
  image: ImageData;
  onChange: (work: Promise<unknown>) => void;
}

export function ImageActions({ image: { name, state, isAskable }, onChange }: ImageActionsProps) {
  const [why, setWhy] = useState('');
  const [isDeleting, setDeleting] = useState(false);
  const param = { name };
  const reason = why.trim() === '' ? {} : { why: why.trim() };
  const note = (event: ImageEvent) => {
    setDeleting(false);
    onChange(read(api.image[':name'].events.$post({ param, json: { event, ...reason } })).then(() => setWhy('')));
  };
  const judge = (label: 'good' | 'bad') =>
    onChange(
      read(
        api.image[':name'].judge.$post({
          param,
          json: { label, ...(why.trim() === '' ? {} : { reason: why.trim() }) },
        }),
      ).then(() => setWhy('')),
    );
  return (
    <div className="stack image-actions">
      <label className="labelled">
        Why, if you like
        <input
          className="field"
          value={why}
          maxLength={300}
          autoComplete="off"
          onChange={(event) => setWhy(event.target.value)}
        />
      </label>
      <div className="row">
        {state === 'stands' && (
          <>
            <button type="button" className="button small" onClick={() => judge('good')}>
              I say: good
            </button>
            <button type="button" className="button small" onClick={() => judge('bad')}>
              I say: bad
            </button>
            {isAskable && (
              <button
                type="button"
                className="button small"
                onClick={() => onChange(read(api.image[':name']['ask-again'].$post({ param })))}
              >
                Ask raters again
              </button>
            )}
            <button type="button" className="button small" onClick={() => note('set-aside')}>
              Set aside
            </button>
          </>
        )}
        {(state === 'set-aside' || state === 'deleted') && (
          <button type="button" className="button small" onClick={() => note('taken-back')}>
            Take back
          </button>
        )}
        {state !== 'removed' && (
          <button type="button" className="button small" onClick={() => setDeleting(true)}>
            Delete…
          </button>
        )}
      </div>
      <p className="soft">
        Rewards, tuning, evaluations and exports leave out what is set aside or deleted. Everything is an event;
        judgements stay.
      </p>
      {isDeleting && (
        <Dialog title="Delete this picture" onClose={() => setDeleting(false)}>
          <h2>Delete this picture?</h2>
          <p>
            It is left out everywhere. Its file stays, so that it can be taken back, unless you remove the file, too.
          </p>
          <div className="row">
            {state !== 'deleted' && (
              <button type="button" className="button primary" onClick={() => note('deleted')}>
                Delete
              </button>
            )}
            <button type="button" className="button" onClick={() => note('removed')}>
              Delete and remove the file
            </button>
            <button type="button" className="button" onClick={() => setDeleting(false)}>
              Keep
            </button>
          </div>
        </Dialog>
      )}
    </div>
  );
}
