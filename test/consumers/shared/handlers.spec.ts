import { Injectable } from '@nestjs/common';
import { MemoryIdempotencyStore, OnScalekitEvent, type ScalekitEvent } from 'nestjs-scalekit-webhooks';
import {
  describeIdempotencyStore,
  scalekitEvent,
  ScalekitWebhookTestingModule,
} from 'nestjs-scalekit-webhooks/testing';

abstract class Directory {
  abstract add(email: string): void;
}

@Injectable()
class UserSync {
  constructor(private readonly directory: Directory) {}

  @OnScalekitEvent('user.created')
  onUserCreated({ data }: ScalekitEvent<'user.created'>) {
    this.directory.add(data.email);
  }
}

/** The unit test of the README. */
it('adds a new user to the directory', async () => {
  const added: string[] = [];
  const directory = { add: (email: string) => added.push(email) };
  const handlers = await ScalekitWebhookTestingModule.create({
    providers: [UserSync, { provide: Directory, useValue: directory }],
  });
  await handlers.emit(scalekitEvent('user.created', { data: { email: 'ada@example.com' } }));
  expect(added).toEqual(['ada@example.com']);
});

let now = 0;
const { performance } = globalThis;
beforeAll(() => {
  Object.defineProperty(globalThis, 'performance', { value: { now: () => now }, configurable: true });
});
afterAll(() => {
  Object.defineProperty(globalThis, 'performance', { value: performance, configurable: true });
});
describeIdempotencyStore(
  'MemoryIdempotencyStore',
  () => ({
    store: new MemoryIdempotencyStore(),
    advance: (ms) => {
      now += ms;
    },
  }),
  { sequences: 20 },
);
