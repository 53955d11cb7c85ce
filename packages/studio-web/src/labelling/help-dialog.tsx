/** What the keys do; each can be changed, and all be turned off. */
import { useState } from 'react';
import { useTexts } from '../language/language.ts';
import { KeysHelp } from '../parts/keys-help.tsx';
import { useStore } from '../parts/store.ts';
import { ACTION_NAMES, type Action, keySettings, keysOf, nameOfKey, setKeys } from './keys.ts';

const IGNORED = new Set(['Shift', 'Control', 'Alt', 'Meta', 'Tab', 'Enter']);

/** Actions that mean nothing where the best image is asked for. */
const OF_MARKS: ReadonlySet<Action> = new Set(['bad', 'allBad']);

export function HelpDialog({ asksBest, onClose }: { asksBest: boolean; onClose: () => void }) {
  const texts = useTexts();
  const { help, keys } = texts;
  const settings = useStore(keySettings);
  const [changing, setChanging] = useState<Action>();
  const nameOf = (action: Action) =>
    asksBest && action === 'good' ? keys.best : asksBest && action === 'allGood' ? keys.noDifference : keys[action];
  const choose = (key: string) => {
    if (changing === undefined || IGNORED.has(key)) return;
    if (key !== 'Escape' && !/^[1-9]$/.test(key)) setKeys({ ...settings, own: { ...settings.own, [changing]: key } });
    setChanging(undefined);
  };
  const namesOf = (action: Action) =>
    keysOf(action, settings)
      .map((key) => nameOfKey(key, texts))
      .join(help.or);
  return (
    <KeysHelp
      text={asksBest ? help.best : help.labelling}
      isOn={settings.isOn}
      onSwitch={(isOn) => setKeys({ ...settings, isOn })}
      onClose={onClose}
      further={
        <button type="button" className="button quiet" onClick={() => setKeys({ isOn: true, own: {} })}>
          {help.resetKeys}
        </button>
      }
      rows={
        <>
          {ACTION_NAMES.filter((action) => !asksBest || !OF_MARKS.has(action)).map((action) => (
            <tr key={action}>
              <td>{nameOf(action)}</td>
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
                  {changing === action ? help.pressKey : namesOf(action)}
                  <span className="visually-hidden">{help.changeKey(nameOf(action))}</span>
                </button>
              </td>
            </tr>
          ))}
          <tr>
            <td>{asksBest ? help.pickBest : help.pick}</td>
            <td className="keys-fixed">1, 2, 3</td>
          </tr>
        </>
      }
    />
  );
}
