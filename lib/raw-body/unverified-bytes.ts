/** A body that is being received or waits for its verification. */
export interface UnverifiedBody {
  /** The memory that this body holds, in bytes. Only `UnverifiedBytes` writes it. */
  reserved: number;
  /** Gives this body up: the sender gets 503. */
  giveUp(): void;
}

/**
 * Bounds the memory of all bodies of one endpoint that are not verified yet: anybody can send those. When a body needs
 * more than is left, the upload that has been arriving the longest is given up. Genuine deliveries arrive within
 * milliseconds, so senders that stall on purpose lose their place first.
 */
export class UnverifiedBytes {
  /** The bytes held now. */
  total = 0;
  /** In the order in which they began. Bodies that arrive in one piece never enter. */
  private readonly arriving = new Set<UnverifiedBody>();

  constructor(readonly max: number) {}

  /** Counts `bytes` more for a body. False if there is no room, even with every other upload given up. */
  reserve(body: UnverifiedBody, bytes: number): boolean {
    for (const upload of this.arriving) {
      if (this.total + bytes <= this.max) {
        break;
      }
      if (upload !== body) {
        upload.giveUp();
      }
    }
    if (this.total + bytes > this.max) {
      return false;
    }
    this.total += bytes;
    body.reserved += bytes;
    return true;
  }

  /** The body is not complete yet: it may be given up for others. */
  addArriving(body: UnverifiedBody): void {
    this.arriving.add(body);
  }

  /** The body is complete: it is about to be verified, and no longer given up. */
  removeArriving(body: UnverifiedBody): void {
    this.arriving.delete(body);
  }

  /** The body is verified, refused, or gone with its sender. A second call does nothing. */
  release(body: UnverifiedBody): void {
    this.arriving.delete(body);
    this.total -= body.reserved;
    body.reserved = 0;
  }
}
