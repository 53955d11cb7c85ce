/** What the comparing page asks for, and its keys. They are turned off where those of labelling are. */
import { keySettings, nameOfKey, setKeys } from '../labelling/keys.ts';
import { KeysHelp } from '../parts/keys-help.tsx';
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
  return (
    <KeysHelp
      isOn={settings.isOn}
      onSwitch={(isOn) => setKeys({ ...settings, isOn })}
      onClose={onClose}
      rows={KEYS.map(([action, key]) => (
        <tr key={action}>
          <td>{action}</td>
          <td className="keys-fixed">{key}</td>
        </tr>
      ))}
    >
      Two sets of images were made from one prompt. Say which side <b>fits the text</b> better and, apart from that,
      which <b>looks</b> better; say tie where you cannot tell. Sides are drawn by a coin each time.
    </KeysHelp>
  );
}
