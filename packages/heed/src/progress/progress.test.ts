// What a terminal, a log file and a machine get to see of a long command.
import { describe, expect, it } from 'vitest';
import { formatBar, formatDuration, formatNumber, formatRate } from './format.ts';
import { createProgress, type ProgressOptions } from './progress.ts';

function watch(options: Partial<ProgressOptions> & { isTTY?: boolean }) {
  const { isTTY = false, ...rest } = options;
  let now = 0;
  let text = '';
  const progress = createProgress({
    total: 10,
    label: 'tune',
    unit: 'step',
    stream: { write: (part) => (text += part), isTTY, columns: 80 },
    nowMs: () => now,
    ...rest,
  });
  return { ...progress, advance: (ms: number) => (now += ms), text: () => text };
}

describe('progress', () => {
  it('is a bar on a terminal, drawn over itself at most ten times a second', () => {
    const bar = watch({ isTTY: true });
    for (let step = 1; step <= 10; step++) {
      bar.advance(50);
      bar.update(step, { loss: 0.5 / step });
    }
    bar.done();
    const frames = bar.text().split('\r\x1b[2K').slice(1);
    expect(frames).toHaveLength(6);
    expect(frames.at(-1)).toMatch(/^tune: 100% \|█+\| 10\/10 \[00:01<00:00 \d+\.\d step\/s\] loss=0\.05000\n$/);
    expect(frames.every((frame) => frame.trimEnd().length < 80)).toBe(true);
  });

  it('is plain lines elsewhere, one in five seconds', () => {
    const lines = watch({});
    for (let step = 1; step <= 10; step++) {
      lines.advance(1000);
      lines.update(step);
    }
    lines.done();
    expect(lines.text()).toBe(
      'tune:  10% 1/10 [00:01<00:09 1.0 step/s]\ntune:  60% 6/10 [00:06<00:04 1.0 step/s]\ntune: 100% 10/10 [00:10<00:00 1.0 step/s]\n',
    );
  });

  it('does not repeat its last line', () => {
    const lines = watch({});
    lines.advance(6000);
    lines.update(10);
    lines.done();
    expect(lines.text()).toBe('tune: 100% 10/10 [00:06<00:00 1.7 step/s]\n');
  });

  it('does not count what a resumed run found done as its own speed', () => {
    const resumed = watch({ total: 1000 });
    resumed.update(900);
    resumed.advance(10_000);
    resumed.update(910);
    expect(resumed.text().split('\n')[1]).toBe('tune:  91% 910/1000 [00:10<01:30 1.0 step/s]');
  });

  it('is JSON lines for machines, on a terminal too', () => {
    const machine = watch({ json: true, isTTY: true });
    machine.advance(2000);
    machine.update(4, { loss: 0.25 });
    expect(JSON.parse(machine.text())).toEqual({
      progress: 'tune',
      done: 4,
      total: 10,
      elapsedSeconds: 2,
      perSecond: 2,
      leftSeconds: 3,
      memoryBytes: expect.any(Number),
      peakMemoryBytes: expect.any(Number),
      loss: 0.25,
    });
  });

  it('ends once, and says nothing after', () => {
    const once = watch({ total: 0 });
    once.done();
    once.done();
    once.update(3);
    expect(once.text()).toBe('tune: 100% 0/0 [00:00<? ? step/s]\n');
  });
});

describe('formats', () => {
  it('of durations, rates and numbers', () => {
    expect([0, 65, 3725, 36_000].map(formatDuration)).toEqual(['00:00', '01:05', '1:02:05', '10:00:00']);
    expect([formatRate(2.5, 'image'), formatRate(0.25, ''), formatRate(undefined, 'step')]).toEqual([
      '2.5 image/s',
      '4.0 s/it',
      '? step/s',
    ]);
    expect([3, 0.123456, 0.00002, 12_345.678, Number.NaN].map(formatNumber)).toEqual([
      '3',
      '0.1235',
      '2.00e-5',
      '1.23e+4',
      'NaN',
    ]);
  });

  it('of a bar that gives way in a narrow terminal', () => {
    const narrow = formatBar({ head: 'tune:  50%', share: 0.5, figures: '5/10 [00:01<00:01 5.0 step/s]', columns: 40 });
    expect(narrow).toBe('tune:  50% 5/10 [00:01<00:01 5.0 step/s]'.slice(0, 39));
  });
});
