// Counts the promises and other async resources of one delivery over HTTP, the client's own included:
//   node test/bench/http/async-resources.mjs [express|fastify] [bare|by-hand|ours] [type]
// With a type, such as PROMISE, it also prints where these are made.
import { createHook } from 'node:async_hooks';
import { Agent, request } from 'node:http';
import { eventBody, SIGN, USUAL_HEADERS } from '../harness/event.mjs';

const DELIVERIES = 100;
const [platform = 'express', server = 'ours', traced] = process.argv.slice(2);
const { start } = await import(`./servers/nest-${server}.mjs`);
const port = await start(() => undefined, platform);
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
let lastIndex = 0;

function deliver() {
  const { id, body } = eventBody(++lastIndex, 700);
  const headers = { ...USUAL_HEADERS, ...SIGN.standard(body, id), 'content-length': Buffer.byteLength(body) };
  const options = { port, host: '127.0.0.1', method: 'POST', path: '/webhooks/scalekit', agent, headers };
  return new Promise((resolve, reject) => {
    const sent = request(options, (answer) => answer.resume().on('end', resolve));
    sent.on('error', reject).end(body);
  });
}

async function deliverMany() {
  for (let i = 0; i < DELIVERIES; i++) {
    await deliver();
  }
}

const counts = new Map();
const places = new Map();
const count = (map, key) => map.set(key, (map.get(key) ?? 0) + 1);
const hook = createHook({
  init(_id, type) {
    count(counts, type);
    if (type === traced) {
      count(places, new Error().stack.split('\n').slice(3, 7).join('\n'));
    }
  },
});

await deliverMany();
hook.enable();
await deliverMany();
hook.disable();
for (const [name, times] of [...counts, ...[...places].sort(([, a], [, b]) => b - a)]) {
  console.log(String(times / DELIVERIES).padStart(6), name);
}
process.exit();
