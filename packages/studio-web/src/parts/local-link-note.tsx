/** Says of a link for others that it leads to this computer, where it does. */
const LOCAL = new Set(['127.0.0.1', 'localhost', '[::1]']);

export function LocalLinkNote({ link }: { link: string }) {
  if (!LOCAL.has(new URL(link).hostname)) return null;
  return (
    <p className="soft local-link">
      This link opens on this computer alone. For people elsewhere, start the studio with its address on your network:{' '}
      <code>heed studio --host ADDRESS</code>.
    </p>
  );
}
