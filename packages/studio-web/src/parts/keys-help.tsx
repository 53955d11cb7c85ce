/** The help of a page on which raters answer: what is asked for, what the keys do, and whether they do anything. */
import { type ReactNode, useEffect, useRef } from 'react';
import { Dialog } from './dialog.tsx';

interface KeysHelpProps {
  /** What the page asks for. */
  children: ReactNode;
  /** Rows of the table: an action and its key. */
  rows: ReactNode;
  isOn: boolean;
  onSwitch: (isOn: boolean) => void;
  /** Shown beside the switch. */
  further?: ReactNode;
  onClose: () => void;
}

export function KeysHelp({ children, rows, isOn, onSwitch, further, onClose }: KeysHelpProps) {
  const done = useRef<HTMLButtonElement>(null);
  useEffect(() => done.current?.focus(), []);
  return (
    <Dialog title="Help" className="help-dialog" onClose={onClose}>
      <h2>How this works</h2>
      <p>{children}</p>
      <table className="keys">
        <thead>
          <tr>
            <th scope="col">Action</th>
            <th scope="col">Key</th>
          </tr>
        </thead>
        <tbody>{rows}</tbody>
      </table>
      <div className="row">
        <label className="check">
          <input type="checkbox" checked={isOn} onChange={(event) => onSwitch(event.target.checked)} />
          Use keys
        </label>
        {further}
        <button ref={done} type="button" className="button primary push" onClick={onClose}>
          Got it
        </button>
      </div>
    </Dialog>
  );
}
