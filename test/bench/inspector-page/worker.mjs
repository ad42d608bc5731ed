// An application with the inspector, which sends itself signed deliveries over HTTP.
import 'reflect-metadata';
import { Agent, request } from 'node:http';
import { Module } from '@nestjs/common';
import { ScalekitWebhookInspectorModule } from 'nestjs-scalekit-webhooks/inspector';
import { serve } from '../harness/child.mjs';
import { decorate } from '../harness/decorate.mjs';
import { eventBody, SIGN, USUAL_HEADERS } from '../harness/event.mjs';
import { startNest } from '../harness/nest-app.mjs';
import { receivingModule } from '../harness/receiver.mjs';

const agent = new Agent({ keepAlive: true, maxSockets: 16 });
let sent = 0;

function post(port) {
  const { id, body } = eventBody(++sent, 700);
  const headers = { ...USUAL_HEADERS, ...SIGN.standard(body, id), 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    request({ port, agent, method: 'POST', path: '/webhooks/scalekit', headers }, (answer) =>
      answer.resume().on('end', resolve),
    )
      .on('error', reject)
      .end(body);
  });
}

/** Keeps the pace: what a slow moment left out is made up for. */
async function send({ port, rate, seconds }) {
  const [began, before] = [performance.now(), sent];
  const open = new Set();
  while (performance.now() - began < seconds * 1000) {
    const due = ((performance.now() - began) / 1000) * rate;
    while (sent - before < due) {
      const one = post(port).finally(() => open.delete(one));
      open.add(one);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await Promise.all(open);
  globalThis.gc();
  return { sent: sent - before, heapBytes: process.memoryUsage().heapUsed };
}

await serve(async () => {
  class App {}
  const received = receivingModule(['*', 'organization.*'], () => undefined);
  const inspector = ScalekitWebhookInspectorModule.forRoot({ path: 'inspector' });
  decorate([Module({ imports: [received, inspector] })], App);
  return { hello: await startNest(App, 'express'), onQuestion: send };
});
