import { Controller, Get } from '@nestjs/common';
import { Directory, type Person } from './directory.js';

@Controller('directory')
export class DirectoryController {
  constructor(private readonly directory: Directory) {}

  @Get()
  list(): Person[] {
    return this.directory.list();
  }
}
