import 'reflect-metadata';
import { ValidationPipe } from '@nestjs/common';
import { validate } from 'class-validator';
import { plainToInstance } from 'class-transformer';
import { describe, expect, it } from 'vitest';
import { DirectoryDto, DirectoryGroupDto, DirectoryUserDto } from '../../../lib/dto/index.js';
import { documentsAreHere, referenceEvents } from '../../support/documented-events.js';

const USER = { id: 'diruser_1', organization_id: 'org_1' };
const GROUP = { id: 'dirgroup_1', organization_id: 'org_1' };
const DIRECTORY = { id: 'dir_1', organization_id: 'org_1' };

const FULL_USER = {
  ...USER,
  active: false,
  email: 'ada@corp',
  name: '',
  groups: [{ id: 'dirgroup_1', name: 'Crew' }, {}],
  roles: [{ role_name: 'admin', since: 1 }],
  custom_attributes: { level: 3 },
  raw_attributes: {},
  address: { formatted: 'x', street: ['a'] },
};
const USER_OF_TOMORROW = { ...FULL_USER, a_new_field: null };

describe('the directory DTOs', () => {
  it.each([
    ['a user with ids only', DirectoryUserDto, USER],
    ['a user with everything', DirectoryUserDto, FULL_USER],
    ['a user with a field that is new', DirectoryUserDto, USER_OF_TOMORROW],
    ['a group with ids only', DirectoryGroupDto, GROUP],
    ['a group without an external id', DirectoryGroupDto, { ...GROUP, external_id: null }],
    ['a directory with ids only', DirectoryDto, DIRECTORY],
    ['a directory of a new provider', DirectoryDto, { ...DIRECTORY, provider: 'ACME', enabled: true }],
    [
      'a directory changed a nanosecond ago',
      DirectoryDto,
      { ...DIRECTORY, updated_at: '2025-01-15T08:55:22.792993454Z' },
    ],
  ])('accept %s', async (_name, Dto, data) => {
    expect(await faults(Dto, data)).toEqual([]);
  });

  it.each<[string, new () => object, object, string]>([
    ['no id', DirectoryUserDto, { organization_id: 'org_1' }, 'id must be an id that starts with diruser_'],
    [
      'the id of a group',
      DirectoryUserDto,
      { ...USER, id: 'dirgroup_1' },
      'id must be an id that starts with diruser_',
    ],
    ['a number as id', DirectoryGroupDto, { ...GROUP, id: 7 }, 'id must be an id that starts with dirgroup_'],
    [
      'a list of ids',
      DirectoryGroupDto,
      { ...GROUP, id: ['dirgroup_1'] },
      'id must be an id that starts with dirgroup_',
    ],
    [
      'a null for an id',
      DirectoryDto,
      { ...DIRECTORY, organization_id: null },
      'organization_id must be an id that starts with org_',
    ],
    ['"true" for true', DirectoryUserDto, { ...USER, active: 'true' }, 'active must be a boolean value'],
    ['null for active', DirectoryUserDto, { ...USER, active: null }, 'active must be a boolean value'],
    ['no e-mail address', DirectoryUserDto, { ...USER, email: 'ada' }, 'email must be an email'],
    ['null for a text', DirectoryUserDto, { ...USER, department: null }, 'department must be a string'],
    ['a number for a text', DirectoryUserDto, { ...USER, employee_id: 7 }, 'employee_id must be a string'],
    ['groups that are none', DirectoryUserDto, { ...USER, groups: { 0: {} } }, 'groups must be an array'],
    ['a group that is none', DirectoryUserDto, { ...USER, groups: [{}, 'x'] }, 'groups[1] must be an object'],
    [
      'a group with a number for a name',
      DirectoryUserDto,
      { ...USER, groups: [{ name: 7 }] },
      'groups[0].name must be a string',
    ],
    [
      'a role with null for a name',
      DirectoryUserDto,
      { ...USER, roles: [{ role_name: null }] },
      'roles[0].role_name must be a string',
    ],
    ['a text for an address', DirectoryUserDto, { ...USER, address: 'x' }, 'address must be an object'],
    [
      'a number for a postal code',
      DirectoryUserDto,
      { ...USER, address: { postal_code: 7 } },
      'address.postal_code must be a string',
    ],
    [
      'a list for attributes',
      DirectoryUserDto,
      { ...USER, raw_attributes: [] },
      'raw_attributes must be an object',
    ],
    [
      'a number for a nullable text',
      DirectoryGroupDto,
      { ...GROUP, external_id: 7 },
      'external_id must be a string',
    ],
    [
      'another kind of id',
      DirectoryGroupDto,
      { ...GROUP, directory_id: 'org_1' },
      'directory_id must be an id that starts with dir_',
    ],
    ['no date', DirectoryDto, { ...DIRECTORY, updated_at: 'today' }, 'updated_at must be RFC 3339 date'],
  ])('refuse %s and name the field', async (_name, Dto, data, message) => {
    expect(await faults(Dto, data)).toEqual([message]);
  });

  it('keep the types of the catalogue through a transforming, whitelisting pipe', async () => {
    const pipe = new ValidationPipe({ transform: true, whitelist: true });

    const user: unknown = await pipe.transform(USER_OF_TOMORROW, {
      type: 'body',
      metatype: DirectoryUserDto,
    });

    expect(user).toBeInstanceOf(DirectoryUserDto);
    expect({ ...(user as object) }).toEqual(FULL_USER);
  });
});

const DTOS = [
  ['organization.directory.user_', DirectoryUserDto],
  ['organization.directory.group_', DirectoryGroupDto],
  ['organization.directory_', DirectoryDto],
] as const;

describe.skipIf(!documentsAreHere)(
  'the directory DTOs (needs ../shared/reference/scalekit-events.json)',
  () => {
    it('accept every documented directory event, strict about unknown fields', async () => {
      const checked = [];
      for (const { type, data } of documentsAreHere ? referenceEvents() : []) {
        const [, Dto] = DTOS.find(([family]) => type.startsWith(family)) ?? [];
        if (!Dto) continue;
        checked.push(type);
        expect(await faults(Dto, data, { whitelist: true, forbidNonWhitelisted: true }), type).toEqual([]);
      }
      expect(checked).toHaveLength(8);
    });
  },
);

async function faults(Dto: new () => object, data: object, options = {}): Promise<string[]> {
  const errors = await validate(plainToInstance(Dto, data), options);
  return errors.flatMap(({ constraints }) => Object.values(constraints ?? {}));
}
