import { equal } from 'node:assert/strict';
import { expectClaim, type StoreCases } from '../store-case.js';
import { OPTIONS } from '../store-steps.js';

const ODD_KEYS = [
  '__proto__',
  'constructor',
  'ключ',
  '🔑',
  ' a',
  'a ',
  'A',
  'a:b',
  'a:b:c',
  '%',
  "'; --",
  'x'.repeat(1_000),
];

/** Which keys there are, and how many may ask at once. */
export const KEY_CASES: StoreCases = {
  'takes any text as a key or a handler, and never mixes keys up': async (subject) => {
    for (const key of ODD_KEYS) {
      const { token } = await subject.acquire(key);
      await subject.store.handlerDone(key, token, `${key}.handler`);
      await subject.store.release(key, token);
    }
    for (const key of ODD_KEYS) {
      expectClaim(await subject.acquire(key), 2, [`${key}.handler`]);
    }
  },

  'lets exactly one of many that ask at once have the key': async (subject) => {
    const begin = async () => subject.store.begin('a', OPTIONS);
    const answers = await Promise.all(Array.from({ length: 200 }, begin));
    equal(answers.filter(({ status }) => status === 'acquired').length, 1);
    equal(answers.filter(({ status }) => status === 'in_progress').length, 199);
  },
};
