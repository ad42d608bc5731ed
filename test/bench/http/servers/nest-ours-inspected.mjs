import { ScalekitWebhookInspectorModule } from 'nestjs-scalekit-webhooks/inspector';
import { start as startOurs } from './nest-ours.mjs';

/** The module with an inspector, which records each delivery. */
export function start(handle, platform) {
  return startOurs(handle, platform, [
    ScalekitWebhookInspectorModule.forRoot({ guards: [{ canActivate: () => true }] }),
  ]);
}
