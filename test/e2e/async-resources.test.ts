import { createHook } from 'node:async_hooks';
import { Agent, request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { signWebhook } from '../../lib/index.js';
import { Recorder } from '../support/recorder.js';
import { anEvent, PLATFORMS, SECRET, WebhookApp } from '../support/webhook-app.js';

const DELIVERIES = 200;

interface Delivery {
  readonly body: string;
  readonly headers: Record<string, string>;
}

function signedDelivery(): Delivery {
  const body = JSON.stringify(anEvent());
  const length = String(Buffer.byteLength(body));
  const headers = { ...signWebhook({ body, secret: SECRET }), 'content-length': length };
  return { body, headers: { 'content-type': 'application/json', ...headers } };
}

/** Sends one delivery after the other. One promise for all of them: what is counted is the server's. */
function sendAll(port: number, agent: Agent, deliveries: readonly Delivery[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const send = (index: number) => {
      const delivery = deliveries[index];
      if (!delivery) {
        resolve();
        return;
      }
      const { body, headers } = delivery;
      const options = { port, host: '127.0.0.1', method: 'POST', path: '/webhooks/scalekit', agent, headers };
      request(options, (answer) =>
        answer.resume().on('end', () => {
          send(index + 1);
        }),
      )
        .on('error', reject)
        .end(body);
    };
    send(0);
  });
}

async function countPerDelivery(port: number): Promise<Record<string, number>> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const counts: Record<string, number> = {};
  const hook = createHook({
    init(_id, type) {
      counts[type] = (counts[type] ?? 0) + 1;
    },
  });
  const [first, ...deliveries] = Array.from({ length: DELIVERIES + 1 }, signedDelivery);
  await sendAll(port, agent, first ? [first] : []);
  hook.enable();
  await sendAll(port, agent, deliveries);
  hook.disable();
  agent.destroy();
  return Object.fromEntries(Object.entries(counts).map(([type, count]) => [type, count / DELIVERIES]));
}

// What costs a delivery most is the number of its async hops. 19 of the promises are Nest's, and one is the handler's.
describe.each(PLATFORMS)('One delivery on $platform', ({ adapter }) => {
  it('takes 27 promises, three timers and one other async resource of this package', async () => {
    // As in production: without the level `debug`, nobody listens to the lifecycle of deliveries.
    const application: object = { logger: ['warn', 'error'] };
    const app = await WebhookApp.start({ adapter: adapter(), providers: [Recorder], application });
    try {
      const counts = await countPerDelivery(app.port);
      expect(app.app.get(Recorder).ids).toHaveLength(DELIVERIES + 1);
      // The test runner's own promises are few beside those of 200 deliveries.
      expect(counts.PROMISE).toBeLessThan(27.5);
      expect(counts.Timeout).toBeLessThan(3.5);
      expect(counts.ScalekitRawBody).toBe(1);
      expect(Object.keys(counts).filter((type) => /abort/i.test(type))).toEqual([]);
    } finally {
      await app.close();
    }
  });
});
