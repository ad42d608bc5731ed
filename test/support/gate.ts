/** Holds whoever waits until a test opens it. */
export class Gate {
  private open!: () => void;
  private readonly opened = new Promise<void>((resolve) => {
    this.open = resolve;
  });
  private arrived!: () => void;
  /** Resolves once somebody has come to the gate. */
  readonly reached = new Promise<void>((resolve) => {
    this.arrived = resolve;
  });

  pass(): Promise<void> {
    this.arrived();
    return this.opened;
  }

  release(): void {
    this.open();
  }
}
