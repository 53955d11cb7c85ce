/** Shows a text of the language table; `**good**` in it is bold, and text between backquotes is code. */
import { Fragment } from 'react';

export function RichText({ text }: { text: string }) {
  const parts = text.split(/\*\*(.+?)\*\*|`(.+?)`/g);
  // Split gives plain, bold, code, plain, bold, code, ...
  return parts.map((part, i) => {
    if (part === undefined || part === '') return null;
    const key = `${i} ${part}`;
    if (i % 3 === 1) return <b key={key}>{part}</b>;
    return i % 3 === 2 ? <code key={key}>{part}</code> : <Fragment key={key}>{part}</Fragment>;
  });
}
