/** What the comparing page asks for, and its keys. They are turned off where those of labelling are. */
import { useEffect, useRef } from 'react';
import { keySettings, nameOfKey, setKeys } from '../labelling/keys.ts';
import { Dialog } from '../parts/dialog.tsx';
import { useStore } from '../parts/store.ts';
import { PREFERENCE_NAMES, PREFERENCES } from './questions.ts';

const KEYS = [
  ...PREFERENCE_NAMES.map((preference) => [PREFERENCES[preference].name, nameOfKey(PREFERENCES[preference].key)]),
  ['Next, once both questions are answered', 'Enter'],
  ['Undo, back to the answers before', 'U or ⌫'],
  ['Enlarge', 'Z or Space'],
  ['Show this', '?'],
] as const;

export function ComparingHelp({ onClose }: { onClose: () => void }) {
  const settings = useStore(keySettings);
  const done = useRef<HTMLButtonElement>(null);
  useEffect(() => done.current?.focus(), []);
  return (
    <Dialog title="Help" className="help-dialog" onClose={onClose}>
      <h2>How this works</h2>
      <p>
        Two sets of images were made from one prompt. Say which side <b>fits the text</b> better and, apart from that,
        which <b>looks</b> better; say tie where you cannot tell. Sides are drawn by a coin each time.
      </p>
      <table className="keys">
        <thead>
          <tr>
            <th scope="col">Action</th>
            <th scope="col">Key</th>
          </tr>
        </thead>
        <tbody>
          {KEYS.map(([action, key]) => (
            <tr key={action}>
              <td>{action}</td>
              <td className="keys-fixed">{key}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <div className="row">
        <label className="check">
          <input
            type="checkbox"
            checked={settings.isOn}
            onChange={(event) => setKeys({ ...settings, isOn: event.target.checked })}
          />
          Use keys
        </label>
        <button ref={done} type="button" className="button primary push" onClick={onClose}>
          Got it
        </button>
      </div>
    </Dialog>
  );
}
