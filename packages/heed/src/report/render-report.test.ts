/** The page stands on its own, says what it must, and keeps strangers' text from becoming markup. */
import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { exampleInput } from './example-input.ts';
import { renderReport } from './render-report.ts';

describe('renderReport', () => {
  const page = renderReport(exampleInput());
  const { document } = parseHTML(page);

  it('asks nothing of the network', () => {
    const addresses = [...document.querySelectorAll('[src], [href]')].map(
      (element) => element.getAttribute('src') ?? element.getAttribute('href') ?? '',
    );
    expect(addresses.length).toBeGreaterThan(0);
    expect(addresses.filter((address) => !address.startsWith('data:'))).toEqual([]);
    expect(page).not.toMatch(/url\(|@import|<script/);
  });

  it('has every section and a chart where one belongs', () => {
    for (const id of [
      'claims',
      'pictures',
      'alignment',
      'comparisons',
      'reward',
      'fidelity',
      'training',
      'feedback',
      'caveats',
    ]) {
      expect(document.querySelector(`section#${id}`), id).not.toBeNull();
    }
    for (const id of ['alignment', 'comparisons', 'reward', 'fidelity', 'training']) {
      expect(document.querySelector(`section#${id} svg`), id).not.toBeNull();
    }
    expect(document.querySelectorAll('section#comparisons svg').length).toBe(4);
  });

  it('names every table head, frame and picture, and no part of a picture', () => {
    expect([...document.querySelectorAll('th')].filter(({ textContent }) => !textContent?.trim())).toEqual([]);
    const named = [...document.querySelectorAll('[aria-label]')];
    expect(named.map((element) => element.getAttribute('role')).filter((role) => role === null)).toEqual([]);
    expect(document.querySelectorAll('table').length).toBe(document.querySelectorAll('.scroll > table').length);
  });

  it('sketches what was done and holds the paper beside it', () => {
    const steps = [...document.querySelectorAll('.sketch b')].map(({ textContent }) => textContent);
    expect(steps).toEqual(['Draw', 'Judge', 'Learn a reward', 'Tune', 'Compare']);
    const rows = [...document.querySelectorAll('#paper tbody tr')].map((row) =>
      [...row.querySelectorAll('td')].map(({ textContent }) => textContent),
    );
    expect(rows).toHaveLength(10);
    expect(rows[2]![1]).toMatch(/^\d+ \/ \d+ \/ \d+ %$/);
    expect(rows[9]).toEqual([expect.stringContaining('Fréchet'), '11.20 to 12.90', '13.97 to 16.76']);
  });

  it('draws no curve of what stayed at 0', () => {
    const input = exampleInput();
    const curves = input.curves!.map((curve) => ({
      ...curve,
      records: curve.records.map((record) => ({ ...record, skipped: 0 })),
    }));
    const captions = (page: string) =>
      [...parseHTML(page).document.querySelectorAll('#training .charts figcaption')].map(
        ({ textContent }) => textContent,
      );
    expect(captions(renderReport({ ...input, curves }))).toEqual(captions(page));
    expect(captions(page)).toContain('Loss');
  });

  it('calls simulated raters simulated wherever raters judge', () => {
    for (const id of ['comparisons', 'feedback', 'caveats']) {
      expect(document.querySelector(`section#${id}`)?.textContent).toContain('simulated');
    }
    expect(document.querySelector('.banner')?.textContent).toContain('simulated raters');
  });

  it('does not call the distances FID', () => {
    expect(document.querySelector('section#fidelity')?.textContent).toContain('not FID');
  });

  it('says so where fidelity was left out', () => {
    const input = exampleInput();
    const evaluation = input.evaluation!;
    const arms = evaluation.arms.map(({ fidelity: _, ...arm }) => arm);
    const settings = { ...evaluation.settings, fidelityImages: 0 };
    const page = renderReport({ ...input, evaluation: { ...evaluation, arms, settings } });
    expect(page).toContain('Fidelity was not measured');
    expect(page).not.toContain('0 images from captions');
  });

  it('shows text as text', () => {
    const input = exampleInput();
    const pairs = input.pairs!.map((pair) => ({ ...pair, prompt: '<img src=x onerror=alert(1)>"\'' }));
    const hostile = renderReport({ ...input, title: '</title><b>', pairs });
    expect(hostile).not.toContain('<img src=x');
    expect(hostile).not.toContain('</title><b>');
  });

  it('draws what there is when parts are missing', () => {
    const bare = renderReport({ title: 'Empty', time: 'now', facts: {} });
    expect(bare).toContain('not measured');
    expect(parseHTML(bare).document.querySelector('section#alignment')).toBeNull();
  });
});
