import { expect, it } from 'vitest';
import { exampleInput } from '../report/example-input.ts';
import { describeEvaluation } from './describe-evaluation.ts';

it('calls an arm the same in every table', () => {
  const { evaluation } = exampleInput();
  const arms = evaluation!.arms.map((arm) => (arm.name === 'tuned' ? { ...arm, label: 'second-try' } : arm));
  const text = describeEvaluation({ ...evaluation!, arms }, { people: 0, comparisons: [], strengths: [] }).join('\n');
  expect(text).toContain('second-try minus base');
  expect(text).toContain('second-try against base');
  expect(text).not.toContain('tuned');
});
