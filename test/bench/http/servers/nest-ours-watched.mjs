import { subscribe } from 'node:diagnostics_channel';
import { DELIVERY_CHANNEL, HANDLER_CHANNEL } from 'nestjs-scalekit-webhooks';
import { start as startOurs } from './nest-ours.mjs';

/** The module with somebody who listens to what becomes of each delivery. */
export function start(handle, platform) {
  let told = 0;
  const listen = () => {
    told++;
  };
  subscribe(DELIVERY_CHANNEL, listen);
  subscribe(HANDLER_CHANNEL, listen);
  return startOurs(handle, platform);
}
