import type { SignedDelivery } from '../../testing/deliveries/signed-delivery.js';
import { signedDelivery } from '../../testing/deliveries/signed-delivery.presets.js';

/** The deliveries that may come again: however many are sent, no more of them are kept. */
const REMEMBERED = 256;

/** Makes deliveries one after the other, so many of 100 of them repetitions of an earlier one. */
export class DeliverySource {
  private readonly remembered: SignedDelivery[] = [];
  private made = 0;
  private repeated = 0;

  constructor(
    private readonly create: () => SignedDelivery,
    private readonly duplicatesPercent: number,
  ) {}

  next(): SignedDelivery {
    this.made++;
    const isDue = this.repeated < Math.floor((this.made * this.duplicatesPercent) / 100);
    const earlier = isDue ? this.remembered[Math.floor(Math.random() * this.remembered.length)] : undefined;
    if (earlier) {
      this.repeated++;
      return signedDelivery.duplicateOf(earlier);
    }
    const delivery = this.create();
    if (this.duplicatesPercent > 0) {
      this.remembered[(this.made - this.repeated - 1) % REMEMBERED] = delivery;
    }
    return delivery;
  }
}
