// Says what this process took from its beginning, or what the kind measured itself.
import { serve } from '../harness/child.mjs';
import { KINDS, sinceStart } from './kinds.mjs';

await serve(async (kind) => ({ hello: (await KINDS[kind].run()) ?? sinceStart() }));
