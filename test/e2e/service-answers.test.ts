import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type DeliveryAnswer,
  OnScalekitEvent,
  RetryLaterError,
  signWebhook,
  UnrecoverableEventError,
} from '../../lib/index.js';
import { Gate } from '../support/gate.js';
import { RecordingStore } from '../support/recording-store.js';
import { type Receiver, TRANSPORTS } from '../support/transports.js';
import { anEvent, SECRET, type WebhookAppSetup } from '../support/webhook-app.js';

@Injectable()
class Step {
  readonly ids: string[] = [];
  behaviour: () => unknown = () => undefined;

  @OnScalekitEvent('user.*')
  run(event: { id: string }): unknown {
    this.ids.push(event.id);
    return this.behaviour();
  }
}

/** Tells when the shutdown has begun: its hook runs beside the module's own. */
@Injectable()
class ShutdownStarted implements OnModuleDestroy {
  readonly gate = new Gate();
  onModuleDestroy(): void {
    void this.gate.pass();
  }
}

/** Each row of DESIGN.md's "Answers" is one of these. */
interface Row {
  row: string;
  webhook?: Omit<NonNullable<WebhookAppSetup['webhook']>, 'idempotency'>;
  run: (scene: Scene) => Promise<DeliveryAnswer>;
  answer: { statusCode: number; body: string; headers?: Record<string, string> };
}

class Scene {
  readonly gate = new Gate();
  private started: Promise<unknown>[] = [];

  constructor(
    readonly receiver: Receiver,
    readonly store: RecordingStore,
    readonly step: Step,
  ) {}

  deliver(event: object, headers: Record<string, string> = {}): Promise<DeliveryAnswer> {
    return this.deliverText(JSON.stringify(event), headers);
  }

  deliverText(body: string, headers: Record<string, string> = {}): Promise<DeliveryAnswer> {
    return this.receiver.receive(body, { ...signWebhook({ body, secret: SECRET }), ...headers });
  }

  /** Gives an event to a handler that does not finish before the scene is over. */
  async deliverToBusyHandler(event: object): Promise<void> {
    this.step.behaviour = () => this.gate.pass();
    this.started.push(this.deliver(event));
    await this.gate.reached;
  }

  async close(): Promise<void> {
    const closed = this.receiver.app.close();
    this.started.push(closed);
    await this.receiver.app.get(ShutdownStarted).gate.reached;
    await new Promise(setImmediate); // The hooks of the other modules follow at once.
  }

  async end(): Promise<void> {
    this.gate.release();
    await Promise.all(this.started);
    await this.receiver.app.close();
  }
}

const errorJson = (statusCode: number, message: string, error = message) =>
  JSON.stringify({ statusCode, message, error });
const UNAVAILABLE = errorJson(503, 'Service Unavailable');
const REFUSED = { statusCode: 401, body: errorJson(401, 'Invalid signature', 'Unauthorized') };
const OK = { statusCode: 200, body: 'OK' };
const fails = (error: Error) => (scene: Scene) => {
  scene.step.behaviour = () => Promise.reject(error);
  return scene.deliver(anEvent());
};

const ROWS: readonly Row[] = [
  { row: 'handled', run: (scene) => scene.deliver(anEvent()), answer: OK },
  { row: 'nothing subscribed to it', run: (scene) => scene.deliver(anEvent('other.type')), answer: OK },
  {
    row: 'already done',
    run: async (scene) => {
      const event = anEvent();
      await scene.deliver(event);
      return scene.deliver(event);
    },
    answer: { statusCode: 200, body: 'Already processed' },
  },
  {
    row: 'in progress elsewhere',
    run: async (scene) => {
      const event = anEvent();
      await scene.deliverToBusyHandler(event);
      return scene.deliver(event);
    },
    answer: {
      statusCode: 409,
      body: errorJson(409, 'The event is being processed', 'Conflict'),
      headers: { 'retry-after': expect.stringMatching(/^[1-5]?\d$|^60$/) as string }, // What is left of the lease.
    },
  },
  { row: 'no signature', run: ({ receiver }) => receiver.receive('{}', {}), answer: REFUSED },
  {
    row: 'the signature of another body',
    run: (scene) => scene.deliver(anEvent(), { ...signWebhook({ body: '{}', secret: SECRET }) }),
    answer: REFUSED,
  },
  {
    row: 'a stale signature',
    run: (scene) => {
      const event = anEvent();
      const body = JSON.stringify(event);
      return scene.deliver(event, { ...signWebhook({ body, secret: SECRET, timestamp: 1_700_000_000 }) });
    },
    answer: REFUSED,
  },
  {
    row: 'not JSON',
    run: (scene) => scene.deliverText('hello'),
    answer: { statusCode: 400, body: errorJson(400, 'The body is not valid JSON.', 'Bad Request') },
  },
  {
    row: 'a content-encoding',
    run: (scene) => scene.deliver(anEvent(), { 'content-encoding': 'gzip' }),
    answer: {
      statusCode: 415,
      body: errorJson(415, 'Only an identity content-encoding is accepted.', 'Unsupported Media Type'),
    },
  },
  {
    row: 'a body larger than maxBodyBytes',
    webhook: { maxBodyBytes: 300 },
    run: (scene) => scene.deliver(anEvent('user.created', { padding: 'x'.repeat(300) })),
    answer: {
      statusCode: 413,
      body: errorJson(413, 'The body is larger than 300 bytes (maxBodyBytes).', 'Payload Too Large'),
    },
  },
  {
    row: 'RetryLaterError',
    run: fails(new RetryLaterError(90)),
    answer: {
      statusCode: 503,
      body: errorJson(503, 'The event has to be retried later', 'Service Unavailable'),
      headers: { 'retry-after': '90' },
    },
  },
  { row: 'UnrecoverableEventError', run: fails(new UnrecoverableEventError('no such user')), answer: OK },
  {
    row: 'a handler failed',
    run: fails(new Error('internals')),
    answer: { statusCode: 500, body: errorJson(500, 'Internal Server Error') },
  },
  {
    row: 'handlers slower than answerWithinMs',
    webhook: { answerWithinMs: 20 },
    run: (scene) => {
      scene.step.behaviour = () => scene.gate.pass();
      return scene.deliver(anEvent());
    },
    answer: {
      statusCode: 503,
      body: errorJson(503, 'The event is still being processed', 'Service Unavailable'),
      headers: { 'retry-after': '1' },
    },
  },
  {
    row: 'store unavailable',
    run: (scene) => {
      scene.store.failing.add('begin');
      return scene.deliver(anEvent());
    },
    answer: { statusCode: 503, body: UNAVAILABLE, headers: { 'retry-after': '10' } },
  },
  {
    row: 'shutting down',
    run: async (scene) => {
      await scene.deliverToBusyHandler(anEvent());
      await scene.close();
      return scene.deliver(anEvent());
    },
    answer: { statusCode: 503, body: UNAVAILABLE, headers: { 'retry-after': '5' } },
  },
];

describe.each(TRANSPORTS)('a delivery received $transport', ({ open }) => {
  let scene: Scene;
  afterEach(() => scene.end());

  it.each(ROWS)('is answered $answer.statusCode: $row', async ({ run, answer, webhook }) => {
    const store = new RecordingStore();
    const receiver = await open({
      webhook: { ...webhook, idempotency: { store } },
      providers: [Step, ShutdownStarted],
    });
    scene = new Scene(receiver, store, receiver.app.get(Step));
    expect(await run(scene)).toEqual({ headers: {}, ...answer });
  });
});
