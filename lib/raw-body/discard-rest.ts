import type { IncomingMessage, Server } from 'node:http';

const MAX_BYTES = 16_777_216;
const MAX_MS = 5_000;

/**
 * Reads what is still to come of a refused body, and keeps none of it. If the connection were closed instead, a sender
 * that still writes would be reset and never see its answer (RFC 9112, 9.6: about every second one that sends 5 MB).
 * A sender that does not come to an end is cut off.
 */
export function discardRest(request: IncomingMessage): void {
  let discarded = 0;
  const cutOff = () => {
    request.destroy();
  };
  const timer = setTimeout(cutOff, MAX_MS).unref();
  request
    .on('data', (chunk: Buffer) => {
      discarded += chunk.length;
      if (discarded > MAX_BYTES) {
        cutOff();
      }
    })
    .on('end', () => {
      endIfClosing(request);
    })
    .on('close', () => {
      clearTimeout(timer);
    });
}

/** `server.close()` ends the connections that are idle at that moment. This one was not, and is answered already. */
function endIfClosing({ socket }: IncomingMessage): void {
  const { server } = socket as typeof socket & { readonly server?: Server };
  if (server?.listening === false) {
    socket.end();
  }
}
