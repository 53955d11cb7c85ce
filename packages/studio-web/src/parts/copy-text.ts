/** Copies a text to the clipboard, even over plain http, where browsers do not offer the clipboard API. */

/** Returns false when the browser copies nothing. */
export async function copyText(text: string): Promise<boolean> {
  if (isSecureContext && navigator.clipboard !== undefined) {
    const isCopied = await navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
    if (isCopied) return true;
  }
  return copyBySelection(text);
}

/** The legacy method: select a field and let the browser copy the selection. */
function copyBySelection(text: string): boolean {
  const field = document.createElement('textarea');
  const focused = document.activeElement;
  field.value = text;
  field.readOnly = true;
  field.className = 'visually-hidden';
  // Inside an open dialog, which keeps the focus.
  (focused?.closest('dialog') ?? document.body).append(field);
  field.select();
  try {
    return document.execCommand('copy');
  } catch {
    return false;
  } finally {
    field.remove();
    if (focused instanceof HTMLElement) focused.focus();
  }
}
