import { Injectable, ValidationPipe } from '@nestjs/common';
import { EventData, OnScalekitEvent } from 'nestjs-scalekit-webhooks';
import { DirectoryUserDto } from 'nestjs-scalekit-webhooks/dto';
import { scalekitEvent, ScalekitWebhookTestingModule } from 'nestjs-scalekit-webhooks/testing';

@Injectable()
class Provisioning {
  readonly users: unknown[] = [];

  @OnScalekitEvent('organization.directory.user_created')
  add(@EventData(new ValidationPipe({ transform: true })) user: DirectoryUserDto) {
    this.users.push(user);
  }
}

/** The other consumer has no class-validator at all. */
it('validates with the oldest class-validator that is supported', async () => {
  const provisioning = new Provisioning();
  const handlers = await ScalekitWebhookTestingModule.create({
    providers: [{ provide: Provisioning, useValue: provisioning }],
  });
  const event = scalekitEvent('organization.directory.user_created');
  await handlers.emit(event);
  expect(provisioning.users).toEqual([expect.any(DirectoryUserDto)]);

  const wrong = { ...event, data: { ...event.data, email: 'nobody' } };
  await expect(handlers.emit(wrong)).rejects.toMatchObject({
    code: 'unrecoverable_event',
    message: expect.stringContaining('email'),
  });
});
