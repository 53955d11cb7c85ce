/** The help of a page on which raters answer: what is asked for, what the keys do, and whether they do anything. */
import { type ReactNode, useEffect, useRef } from 'react';
import { GuidelinesHelp } from '../guidelines/guidelines-gate.tsx';
import { useTexts } from '../language/language.ts';
import { LanguageChoice } from '../language/language-choice.tsx';
import { RichText } from '../language/rich-text.tsx';
import { OwnLink } from '../session/own-link.tsx';
import { Dialog } from './dialog.tsx';

interface KeysHelpProps {
  /** What the page asks for. */
  text: string;
  /** Rows of the table: an action and its key. */
  rows: ReactNode;
  isOn: boolean;
  onSwitch: (isOn: boolean) => void;
  /** Shown beside the switch. */
  further?: ReactNode;
  onClose: () => void;
}

export function KeysHelp({ text, rows, isOn, onSwitch, further, onClose }: KeysHelpProps) {
  const { help } = useTexts();
  const done = useRef<HTMLButtonElement>(null);
  // Without scrolling: the text begins at the top.
  useEffect(() => done.current?.focus({ preventScroll: true }), []);
  return (
    <Dialog title={help.title} className="help-dialog" onClose={onClose}>
      <h2>{help.heading}</h2>
      <p>
        <RichText text={text} />
      </p>
      <GuidelinesHelp />
      <table className="keys">
        <thead>
          <tr>
            <th scope="col">{help.action}</th>
            <th scope="col">{help.key}</th>
          </tr>
        </thead>
        <tbody>{rows}</tbody>
      </table>
      <OwnLink />
      <div className="row">
        <label className="check">
          <input type="checkbox" checked={isOn} onChange={(event) => onSwitch(event.target.checked)} />
          {help.useKeys}
        </label>
        {further}
        <LanguageChoice />
        <button ref={done} type="button" className="button primary push" onClick={onClose}>
          {help.gotIt}
        </button>
      </div>
    </Dialog>
  );
}
