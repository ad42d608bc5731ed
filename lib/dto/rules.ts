import { applyDecorators } from '@nestjs/common';
import {
  IsBoolean,
  IsEmail,
  IsObject,
  IsRFC3339,
  IsString,
  Matches,
  ValidateBy,
  ValidateIf,
} from 'class-validator';
import type { ValidationArguments } from 'class-validator';

/** `IsOptional()` would let null pass, which the schemas allow almost nowhere and the types not either. */
const IfPresent = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);

const IfNotNull = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined && value !== null);

/** An id of Scalekit's: a string with that prefix. */
export function Id(prefix: string): PropertyDecorator {
  return Matches(new RegExp(`^${prefix}_`), {
    message: `$property must be an id that starts with ${prefix}_`,
  });
}

export function OptionalId(prefix: string): PropertyDecorator {
  return applyDecorators(IfPresent(), Id(prefix));
}

export function OptionalText(): PropertyDecorator {
  return applyDecorators(IfPresent(), IsString());
}

export function OptionalTextOrNull(): PropertyDecorator {
  return applyDecorators(IfNotNull(), IsString());
}

export function OptionalDateTime(): PropertyDecorator {
  return applyDecorators(IfPresent(), IsRFC3339());
}

/** Company directories also hold addresses at a bare host. */
export function OptionalEmail(): PropertyDecorator {
  return applyDecorators(IfPresent(), IsEmail({ require_tld: false }));
}

export function OptionalBoolean(): PropertyDecorator {
  return applyDecorators(IfPresent(), IsBoolean());
}

export function OptionalObject(): PropertyDecorator {
  return applyDecorators(IfPresent(), IsObject());
}

/** An object in which those fields are strings, where they are there at all. */
export function OptionalTexts(...fields: string[]): PropertyDecorator {
  return optional('areTexts', ({ value, property }) => faultIn(value, property, fields));
}

/** A list of such objects. `@ValidateNested()` would need class-transformer, which this package does without. */
export function OptionalTextsEach(...fields: string[]): PropertyDecorator {
  return optional('areTextsEach', ({ value, property }) => {
    if (!Array.isArray(value)) return `${property} must be an array`;
    const faults = value.map((item, index) => faultIn(item, `${property}[${index}]`, fields));
    return faults.find((fault) => fault !== undefined);
  });
}

function faultIn(value: unknown, path: string, fields: readonly string[]): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return `${path} must be an object`;
  const wrong = Object.entries(value).find(
    ([field, text]) => fields.includes(field) && text !== undefined && typeof text !== 'string',
  );
  return wrong && `${path}.${wrong[0]} must be a string`;
}

function optional(
  name: string,
  faultOf: (args: ValidationArguments) => string | undefined,
): PropertyDecorator {
  const validator = {
    validate: (_: unknown, args?: ValidationArguments) => args !== undefined && faultOf(args) === undefined,
    defaultMessage: (args?: ValidationArguments) => (args && faultOf(args)) ?? '$property is invalid',
  };
  return applyDecorators(IfPresent(), ValidateBy({ name, validator }));
}
