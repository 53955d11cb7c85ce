// Which answers may be decided at once: none that could see what another of them writes.
import { expect, it } from 'vitest';
import type { Answer } from './answer.ts';
import { separateAnswers } from './decide-answer.ts';

const answer = (id: string, query: string, rater: string): Answer => ({ id, query, rater, labels: ['good'] });

it('keeps the order, and parts retries and second answers to one query', () => {
  const list = [
    answer('1', 'q', 'ada'),
    answer('2', 'q', 'ben'),
    answer('1', 'q', 'ada'),
    answer('3', 'r', 'ada'),
    answer('4', 'r', 'ada'),
    answer('5', 's', 'ada'),
    answer('5', 't', 'ben'),
  ];
  const parts = separateAnswers(list);
  expect(parts.map((part) => part.map(({ id, rater }) => `${id} ${rater}`))).toEqual([
    ['1 ada', '2 ben'],
    ['1 ada', '3 ada'],
    ['4 ada', '5 ada'],
    ['5 ben'],
  ]);
  expect(parts.flat()).toEqual(list);
  expect(separateAnswers([])).toEqual([]);
});

it('does not take two names for one', () => {
  const apart = [answer('1', 'a b', 'c'), answer('2', 'a', 'b c')];
  expect(separateAnswers(apart)).toEqual([apart]);
});
