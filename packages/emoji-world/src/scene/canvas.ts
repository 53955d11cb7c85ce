// A small RGB canvas with anti-aliased shapes: what backgrounds are painted with. It knows no scenes and no emoji.

/** Red, green and blue, 0..255. */
export type Rgb = readonly [number, number, number];

/** The pixels row by row, with three values of 0..255 per pixel; positions are in pixels from the upper left corner. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array; // [height, width, 3]
}

/** A point on the canvas, in pixels. */
export type Point = readonly [x: number, y: number];

/** A black canvas. */
export function createCanvas(width: number, height: number): Canvas {
  return { width, height, data: new Float32Array(width * height * 3) };
}

/** Mixes two colours linearly: `amount` 0 gives `a`, and `amount` 1 gives `b`. */
export function mix(a: Rgb, b: Rgb, amount: number): Rgb {
  return [a[0] + (b[0] - a[0]) * amount, a[1] + (b[1] - a[1]) * amount, a[2] + (b[2] - a[2]) * amount];
}

/** The Rec. 709 luma of a colour; the channels and the luma range from 0 to 255. */
export function luma(red: number, green: number, blue: number): number {
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Lays `colour` over one pixel with an opacity of 0..1. */
export function blend(canvas: Canvas, x: number, y: number, colour: Rgb, opacity: number): void {
  const at = (y * canvas.width + x) * 3;
  const { data } = canvas;
  data[at] = data[at]! + (colour[0] - data[at]!) * opacity;
  data[at + 1] = data[at + 1]! + (colour[1] - data[at + 1]!) * opacity;
  data[at + 2] = data[at + 2]! + (colour[2] - data[at + 2]!) * opacity;
}

/** Fills rows `fromY` to `toY` with a vertical gradient between two colours. */
export function fillGradient(canvas: Canvas, top: Rgb, bottom: Rgb, fromY = 0, toY = canvas.height): void {
  for (let y = Math.max(0, Math.floor(fromY)); y < Math.min(canvas.height, toY); y++) {
    const colour = mix(top, bottom, Math.max(0, (y + 0.5 - fromY) / (toY - fromY)));
    for (let x = 0; x < canvas.width; x++) blend(canvas, x, y, colour, 1);
  }
}

/** Fills everything below the line y = surface(x), with a gradient that ends at the canvas' lower edge. */
export function fillBelow(canvas: Canvas, surface: (x: number) => number, top: Rgb, bottom: Rgb = top): void {
  for (let x = 0; x < canvas.width; x++) {
    const start = surface(x + 0.5);
    for (let y = Math.max(0, Math.floor(start)); y < canvas.height; y++) {
      const depth = Math.max(0, (y + 0.5 - start) / Math.max(1, canvas.height - start));
      blend(canvas, x, y, mix(top, bottom, depth), Math.min(1, y + 1 - start));
    }
  }
}

/** Fills an ellipse; `softness` is the width of its edge in pixels: 1 is crisp, more is a glow. */
export function fillEllipse(
  canvas: Canvas,
  [cx, cy]: Point,
  [rx, ry]: Point,
  colour: Rgb,
  { opacity = 1, softness = 1 }: { opacity?: number; softness?: number } = {},
): void {
  const edge = softness / 2;
  const scale = Math.min(rx, ry);
  for (let y = Math.max(0, Math.floor(cy - ry - edge)); y < Math.min(canvas.height, cy + ry + edge); y++) {
    for (let x = Math.max(0, Math.floor(cx - rx - edge)); x < Math.min(canvas.width, cx + rx + edge); x++) {
      const distance = (Math.hypot((x + 0.5 - cx) / rx, (y + 0.5 - cy) / ry) - 1) * scale;
      const coverage = Math.min(1, Math.max(0, 0.5 - distance / softness));
      if (coverage > 0) blend(canvas, x, y, colour, coverage * opacity);
    }
  }
}

/** Fills a rectangle; the edges are anti-aliased by the exact area that the rectangle covers of each pixel. */
export function fillRectangle(
  canvas: Canvas,
  [left, top]: Point,
  [right, bottom]: Point,
  colour: Rgb,
  opacity = 1,
): void {
  for (let y = Math.max(0, Math.floor(top)); y < Math.min(canvas.height, bottom); y++) {
    const rows = Math.min(bottom, y + 1) - Math.max(top, y);
    for (let x = Math.max(0, Math.floor(left)); x < Math.min(canvas.width, right); x++) {
      const columns = Math.min(right, x + 1) - Math.max(left, x);
      blend(canvas, x, y, colour, rows * columns * opacity);
    }
  }
}

/**
 * Fills a simple polygon by the even-odd rule, with four scan lines per pixel row and exact horizontal coverage on each
 * scan line.
 */
export function fillPolygon(canvas: Canvas, points: readonly Point[], colour: Rgb, opacity = 1): void {
  const lines = 4;
  const ys = points.map(([, y]) => y);
  const coverage = new Float32Array(canvas.width);
  for (let y = Math.max(0, Math.floor(Math.min(...ys))); y < Math.min(canvas.height, Math.max(...ys)); y++) {
    coverage.fill(0);
    for (let line = 0; line < lines; line++) {
      const crossings = crossingsAt(points, y + (line + 0.5) / lines);
      for (let i = 0; i + 1 < crossings.length; i += 2) addSpan(coverage, crossings[i]!, crossings[i + 1]!, 1 / lines);
    }
    for (let x = 0; x < canvas.width; x++) if (coverage[x]! > 0) blend(canvas, x, y, colour, coverage[x]! * opacity);
  }
}

/** Draws a straight line with round ends, `width` pixels thick. */
export function strokeLine(canvas: Canvas, from: Point, to: Point, width: number, colour: Rgb, opacity = 1): void {
  const [ax, ay] = from;
  const [dx, dy] = [to[0] - ax, to[1] - ay];
  const lengthSquared = Math.max(1e-9, dx * dx + dy * dy);
  // A line thinner than a pixel is drawn a pixel thick and paler.
  const radius = Math.max(1, width) / 2;
  const strength = Math.min(1, width) * opacity;
  const reach = radius + 1;
  const [left, right] = [Math.min(ax, to[0]) - reach, Math.max(ax, to[0]) + reach];
  const [top, bottom] = [Math.min(ay, to[1]) - reach, Math.max(ay, to[1]) + reach];
  for (let y = Math.max(0, Math.floor(top)); y < Math.min(canvas.height, bottom); y++) {
    for (let x = Math.max(0, Math.floor(left)); x < Math.min(canvas.width, right); x++) {
      const [px, py] = [x + 0.5 - ax, y + 0.5 - ay];
      const along = Math.min(1, Math.max(0, (px * dx + py * dy) / lengthSquared));
      const coverage = Math.min(1, radius + 0.5 - Math.hypot(px - along * dx, py - along * dy));
      if (coverage > 0) blend(canvas, x, y, colour, coverage * strength);
    }
  }
}

/** Where the scan line at height y crosses the polygon's edges, from left to right. */
function crossingsAt(points: readonly Point[], y: number): number[] {
  const crossings: number[] = [];
  for (let i = 0; i < points.length; i++) {
    const [x0, y0] = points[i]!;
    const [x1, y1] = points[(i + 1) % points.length]!;
    if (y0 <= y !== y1 <= y) crossings.push(x0 + ((y - y0) / (y1 - y0)) * (x1 - x0));
  }
  return crossings.sort((a, b) => a - b);
}

/** Adds a horizontal span to `row`: each pixel gains `weight` times the part of its width that the span covers. */
function addSpan(row: Float32Array, left: number, right: number, weight: number): void {
  for (let x = Math.max(0, Math.floor(left)); x < Math.min(row.length, right); x++) {
    row[x] = row[x]! + (Math.min(right, x + 1) - Math.max(left, x)) * weight;
  }
}
