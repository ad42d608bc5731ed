import crypto from 'node:crypto';
import { createServer } from 'node:http';
import express from 'express';
import { SECRET } from '../../harness/event.mjs';
import { listen } from './listen.mjs';

function verifyWebhook(payload, signature, secret) {
  const hmac = crypto.createHmac('sha256', secret);
  const digest = hmac.update(payload).digest('hex');
  return crypto.timingSafeEqual(Buffer.from(signature), Buffer.from(digest));
}

/** What Scalekit's overview of webhooks shows, put together. */
export function start(handle) {
  const app = express();
  const processedEvents = new Set();
  app.use(express.json());
  app.post('/webhooks/scalekit', (req, res) => {
    const signature = req.headers['x-scalekit-signature'];
    const payload = JSON.stringify(req.body);
    if (!verifyWebhook(payload, signature, SECRET)) {
      return res.status(401).send('Invalid signature');
    }
    const event = req.body;
    if (processedEvents.has(event.id)) {
      return res.status(200).send('Already processed');
    }
    processedEvents.add(event.id);
    handle(event);
    res.status(200).send('OK');
  });
  return listen(createServer(app));
}
