import { receivingModule } from '../harness/receiver.mjs';
import { startNest } from '../harness/nest-app.mjs';
import { grown } from './grown.mjs';

export function start(handle, kind, count) {
  const { patterns, options } = grown(kind, Number(count));
  return startNest(receivingModule(patterns, handle, options), 'express');
}
