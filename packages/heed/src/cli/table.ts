/** Text tables for the terminal. */

/** Columns padded to the widest cell; numbers to the right. The first row is the header. */
export function formatTable(rows: readonly (readonly (string | number)[])[]): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, c) => Math.max(...rows.map((row) => String(row[c] ?? '').length)));
  return rows.map((row) =>
    widths
      .map((width, c) => {
        const cell = row[c] ?? '';
        return typeof cell === 'number' ? String(cell).padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
}
