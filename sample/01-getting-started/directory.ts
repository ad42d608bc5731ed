import { Injectable } from '@nestjs/common';

export interface Person {
  readonly id: string;
  readonly organization: string;
  readonly name: string;
  readonly active: boolean;
}

/** Stands for your database. */
@Injectable()
export class Directory {
  private readonly people = new Map<string, Person>();

  save(person: Person): void {
    this.people.set(person.id, person);
  }

  remove(id: string): void {
    this.people.delete(id);
  }

  list(): Person[] {
    return [...this.people.values()];
  }
}
