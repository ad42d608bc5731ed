import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import { Injectable, UnauthorizedException } from '@nestjs/common';
import { decorate } from '../../../harness/decorate.mjs';
import { SECRET } from '../../../harness/event.mjs';

const TOLERANCE_SECONDS = 300;

export class SignatureGuard {
  key = createSecretKey(Buffer.from(SECRET.slice('whsec_'.length), 'base64'));

  canActivate(context) {
    const { headers, rawBody } = context.switchToHttp().getRequest();
    if (!rawBody || !this.isGenuine(headers, rawBody)) {
      throw new UnauthorizedException('Invalid signature');
    }
    return true;
  }

  isGenuine(headers, rawBody) {
    const id = headers['webhook-id'];
    const timestamp = headers['webhook-timestamp'];
    const signatures = headers['webhook-signature'];
    if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signatures !== 'string') {
      return false;
    }
    if (
      !/^\d{1,15}$/.test(timestamp) ||
      Math.abs(Date.now() / 1_000 - Number(timestamp)) > TOLERANCE_SECONDS
    ) {
      return false;
    }
    const mac = createHmac('sha256', this.key).update(`${id}.${timestamp}.`).update(rawBody).digest();
    return signatures.split(' ').some((part) => {
      const signature = part.startsWith('v1,') ? Buffer.from(part.slice(3), 'base64') : undefined;
      return signature?.length === mac.length && timingSafeEqual(mac, signature);
    });
  }
}
decorate([Injectable()], SignatureGuard);
