import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { SCALEKIT_EVENT_TYPES } from '../../../lib/index.js';

const root = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

it('docs/events.md is what the catalogue makes of it', () => {
  const { status, stderr } = spawnSync(process.execPath, [root('tools/generate-events-doc.mjs'), '--check'], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
});

it('docs/events.md lists every known type', () => {
  const page = readFileSync(root('docs/events.md'), 'utf8');
  const listed = Array.from(page.matchAll(/^\| `([\w.]+)` \|.*\|.*\|$/gm), ([, type]) => type);
  expect(listed).toEqual(expect.arrayContaining([...SCALEKIT_EVENT_TYPES]));
});
