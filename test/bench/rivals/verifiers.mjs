// Each verifies one delivery from the bytes as they were received; `undefined` or a promise is as good as `true`.
import { SECRET } from '../harness/event.mjs';

export const RIVALS = {
  'stripe constructEvent': {
    signature: 'stripe',
    async load() {
      const { default: Stripe } = await import('stripe-latest');
      const stripe = new Stripe('sk_test_bench');
      return ({ body, headers }) => stripe.webhooks.constructEvent(body, headers['stripe-signature'], SECRET);
    },
  },
  '@octokit/webhooks-methods': {
    signature: 'github',
    async load() {
      const { verify } = await import('@octokit/webhooks-methods');
      return ({ body, headers }) => verify(SECRET, body.toString(), headers['x-hub-signature-256']);
    },
  },
  standardwebhooks: {
    signature: 'standard',
    async load() {
      const { Webhook } = await import('standardwebhooks');
      const webhook = new Webhook(SECRET);
      return ({ body, headers }) => webhook.verify(body.toString(), headers);
    },
  },
  svix: {
    signature: 'standard',
    async load() {
      const { Webhook } = await import('svix');
      const webhook = new Webhook(SECRET);
      return ({ body, headers }) => webhook.verify(body.toString(), headers);
    },
  },
  '@scalekit-sdk/node': {
    signature: 'standard',
    async load() {
      const { default: sdk, ScalekitClient = sdk.ScalekitClient } = await import('@scalekit-sdk/node');
      const client = new ScalekitClient('https://bench.example.com', 'id', 'secret');
      return ({ body, headers }) => client.verifyWebhookPayload(SECRET, headers, body.toString());
    },
  },
};
