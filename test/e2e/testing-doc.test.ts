import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, afterEach, describe, expect, it } from 'vitest';

import { RedisServer } from '../support/redis-server.js';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const DOC = new URL('../../docs/testing.md', import.meta.url);

/** What the document leaves to its reader. */
const MY_STORE = `
import { MemoryIdempotencyStore } from 'nestjs-scalekit-webhooks';

export class MyStore {
  constructor({ now }: { now: () => number }) {
    const store = new MemoryIdempotencyStore();
    return new Proxy(store, {
      get: (_, name: 'begin') => (...call: Parameters<typeof store.begin>) => {
        const real = performance.now;
        performance.now = now;
        try {
          return store[name](...call);
        } finally {
          performance.now = real;
        }
      },
    });
  }
}
`;

const blocks = [...readFileSync(DOC, 'utf8').matchAll(/^```ts\n\/\/ (\S+)\n([^]*?)^```$/gm)].map(
  ([, file = '', code = '']) => ({ file, code }),
);
// Within the package, so that its name means the package as it is built.
const folder = mkdtempSync(join(HERE, '.testing-doc-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
for (const { file, code } of [...blocks, { file: 'my-store.ts', code: MY_STORE }]) {
  writeFileSync(join(folder, file), code);
}

const redis = await RedisServer.start();
process.env.REDIS_PORT = String(redis.port);
afterAll(() => redis.stop());

// Jest's globals, which the examples use.
const GLOBALS = { afterEach, describe, expect, it };
Object.assign(globalThis, GLOBALS);
afterAll(() => {
  Object.keys(GLOBALS).forEach((name) => Reflect.deleteProperty(globalThis, name));
});

describe('docs/testing.md', () => {
  it('has the examples that are run here, and no other code', () => {
    expect(blocks.map(({ file }) => file)).toEqual([
      'app.module.ts',
      'user-sync.spec.ts',
      'events.spec.ts',
      'deliveries.spec.ts',
      'app.spec.ts',
      'queue.spec.ts',
      'my-store.spec.ts',
    ]);
    expect(readFileSync(DOC, 'utf8').match(/^```\w/gm)).toHaveLength(blocks.length);
  });
});

for (const { file } of blocks.filter((block) => block.file.endsWith('.spec.ts'))) {
  await import(pathToFileURL(join(folder, file)).href);
}
