// One client of one server: 50 callers that each wait for their answer, then ask again.
import { serve } from '../harness/child.mjs';
import { CONTESTANTS } from './contestants.mjs';

const CALLERS = 50;

await serve(async (name, url) => {
  const call = await CONTESTANTS[name].open(url, `bench_${process.pid}`);
  let lastKey = 0;
  const rate = async (milliseconds) => {
    const start = performance.now();
    const end = start + milliseconds;
    let calls = 0;
    const caller = async () => {
      while (performance.now() < end) {
        await call(`default:evt_${process.pid}_${++lastKey}`);
        calls++;
      }
    };
    await Promise.all(Array.from({ length: CALLERS }, caller));
    return (1_000 * calls) / (performance.now() - start);
  };
  return { onQuestion: rate };
});
