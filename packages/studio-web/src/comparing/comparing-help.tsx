/**
 * Explains the questions of the comparing page and its keyboard shortcuts. Turning off the shortcuts of labelling turns
 * these off too.
 */
import { keySettings, nameOfKey, setKeys } from '../labelling/keys.ts';
import { useTexts } from '../language/language.ts';
import { KeysHelp } from '../parts/keys-help.tsx';
import { useStore } from '../parts/store.ts';
import { PREFERENCE_NAMES, PREFERENCES } from './questions.ts';

export function ComparingHelp({ onClose }: { onClose: () => void }) {
  const settings = useStore(keySettings);
  const texts = useTexts();
  const { comparing, help, keys } = texts;
  const named = (list: readonly string[]) => list.map((key) => nameOfKey(key, texts)).join(help.or);
  const rows = [
    ...PREFERENCE_NAMES.map((preference) => [comparing[preference], named(PREFERENCES[preference].keys)] as const),
    [keys.nextQuery, 'Enter'],
    [keys.undo, named(['u', 'Backspace'])],
    [keys.zoom, named(['z', ' '])],
    [keys.help, '?'],
  ] as const;
  return (
    <KeysHelp
      text={help.comparing}
      isOn={settings.isOn}
      onSwitch={(isOn) => setKeys({ ...settings, isOn })}
      onClose={onClose}
      rows={rows.map(([action, key]) => (
        <tr key={action}>
          <td>{action}</td>
          <td className="keys-fixed">{key}</td>
        </tr>
      ))}
    />
  );
}
