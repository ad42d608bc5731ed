/**
 * Bytes that come in pieces, in one piece of memory. Kept apart they would cost some 400 times their size when a
 * hostile sender makes each of them one byte.
 */
export class GrowingBuffer {
  private memory: Buffer = Buffer.alloc(0);
  length = 0;

  get bytes(): Buffer {
    return this.memory.subarray(0, this.length);
  }

  append(chunk: Buffer): void {
    const length = this.length + chunk.length;
    if (this.length === 0) {
      this.memory = chunk; // Most bodies are no more than this.
    } else {
      if (length > this.memory.length) {
        const memory = Buffer.alloc(length * 2);
        this.memory.copy(memory, 0, 0, this.length);
        this.memory = memory;
      }
      chunk.copy(this.memory, this.length);
    }
    this.length = length;
  }
}
