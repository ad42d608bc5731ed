import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { Database, openDatabase } from './database.js';

@Module({ providers: [{ provide: Database, useFactory: openDatabase }], exports: [Database] })
export class DatabaseModule implements OnApplicationShutdown {
  constructor(private readonly database: Database) {}

  async onApplicationShutdown(): Promise<void> {
    await this.database.close();
  }
}
