/** Observable Plot without a browser: a chart becomes an inline SVG string that takes its colours from the page. */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import type { Markup } from '../html.ts';
import { raw } from '../html.ts';

/** Draws a plot; `label` is what a screen reader says in its place. */
export function draw(label: string, options: Plot.PlotOptions): Markup {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const figure = Plot.plot({
    document,
    width: 720,
    style: { background: 'none', color: 'inherit', fontSize: '12px', overflow: 'visible' },
    ...options,
    figure: false,
  } as Plot.PlotOptions);
  figure.setAttribute('role', 'img');
  figure.setAttribute('aria-label', label);
  return raw(figure.outerHTML);
}
