/** What the keys do; each can be changed, and all be turned off. */
import { useState } from 'react';
import { KeysHelp } from '../parts/keys-help.tsx';
import { useStore } from '../parts/store.ts';
import { ACTIONS, type Action, keySettings, keysOf, nameOfKey, setKeys } from './keys.ts';

const IGNORED = new Set(['Shift', 'Control', 'Alt', 'Meta', 'Tab', 'Enter']);

export function HelpDialog({ onClose }: { onClose: () => void }) {
  const settings = useStore(keySettings);
  const [changing, setChanging] = useState<Action>();
  const choose = (key: string) => {
    if (changing === undefined || IGNORED.has(key)) return;
    if (key !== 'Escape' && !/^[1-9]$/.test(key)) setKeys({ ...settings, own: { ...settings.own, [changing]: key } });
    setChanging(undefined);
  };
  return (
    <KeysHelp
      isOn={settings.isOn}
      onSwitch={(isOn) => setKeys({ ...settings, isOn })}
      onClose={onClose}
      further={
        <button type="button" className="button quiet" onClick={() => setKeys({ isOn: true, own: {} })}>
          Reset keys
        </button>
      }
      rows={
        <>
          {(Object.keys(ACTIONS) as Action[]).map((action) => (
            <tr key={action}>
              <td>{ACTIONS[action].help}</td>
              <td>
                <button
                  type="button"
                  className="button small"
                  onClick={() => setChanging(action)}
                  onKeyDown={(event) => {
                    if (changing !== action) return;
                    event.preventDefault();
                    event.stopPropagation();
                    choose(event.key);
                  }}
                >
                  {changing === action ? 'press a key' : keysOf(action, settings).map(nameOfKey).join(' or ')}
                  <span className="visually-hidden">, change the key for: {ACTIONS[action].help}</span>
                </button>
              </td>
            </tr>
          ))}
          <tr>
            <td>Pick an image</td>
            <td className="keys-fixed">1, 2, 3</td>
          </tr>
        </>
      }
    >
      Three images were made from one prompt. Mark each <b>good</b> if it shows what the prompt says and looks right,
      else <b>bad</b>. The next ones come by themselves; undo brings the last ones back.
    </KeysHelp>
  );
}
