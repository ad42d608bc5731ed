import { Agent, request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { eventBody, SIGN, USUAL_HEADERS } from '../harness/event.mjs';

const EVERY_MS = 20;
let lastIndex = 0;

/** Sends new events to a port, so many a second, whatever the answers take. Resolves to how long each took. */
export async function sendSteadily(port, perSecond, ms) {
  const agent = new Agent({ keepAlive: true, maxSockets: 50 });
  const answers = [];
  const begin = performance.now();
  for (let sent = 0; performance.now() - begin < ms; await wait(EVERY_MS)) {
    const due = Math.min(
      ((performance.now() - begin + EVERY_MS) / 1_000) * perSecond,
      (ms / 1_000) * perSecond,
    );
    for (; sent < due; sent++) {
      answers.push(post(port, agent));
    }
  }
  const times = await Promise.all(answers);
  agent.destroy();
  return times.sort((one, other) => one - other);
}

function post(port, agent) {
  const { id, body } = eventBody(++lastIndex, 700);
  const headers = { ...USUAL_HEADERS, 'content-length': body.length, ...SIGN.standard(body, id) };
  const begin = performance.now();
  return new Promise((resolve, reject) => {
    const posted = request(
      { port, host: '127.0.0.1', path: '/webhooks/scalekit', method: 'POST', agent, headers },
      (response) => {
        response.resume().on('end', () => {
          if (response.statusCode === 200) {
            resolve(performance.now() - begin);
          } else {
            reject(new Error(`A delivery was answered ${response.statusCode}.`));
          }
        });
      },
    );
    posted.on('error', reject).end(body);
  });
}

/** Reads what a page is sent, until it is stopped. Resolves to a function that stops it and tells how much it was. */
export async function readPage(port) {
  const closing = new AbortController();
  const response = await fetch(`http://127.0.0.1:${port}/webhooks/inspector/api/entries`, {
    signal: closing.signal,
  });
  let bytes = 0;
  const reading = (async () => {
    for await (const chunk of response.body) {
      bytes += chunk.length;
    }
  })().catch(() => undefined); // It is stopped.
  return async () => {
    closing.abort();
    await reading;
    return bytes;
  };
}
