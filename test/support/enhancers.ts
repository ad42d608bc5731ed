import {
  applyDecorators,
  type ArgumentMetadata,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  type PipeTransform,
  Scope,
  type Type,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import { finalize, type Observable } from 'rxjs';

/** Where enhancers write down that they ran, to which they get by injection. */
@Injectable()
export class Journal {
  readonly lines: string[] = [];
}

export interface Enhancers {
  readonly Guard: Type<CanActivate>;
  readonly Interceptor: Type<NestInterceptor>;
  readonly Pipe: Type<PipeTransform>;
  readonly Filter: Type<ExceptionFilter>;
}

/** One enhancer class of each kind, all with a dependency. */
export function makeEnhancers(scope: Scope = Scope.DEFAULT): Enhancers {
  @Injectable({ scope })
  class Guard implements CanActivate {
    constructor(private readonly journal: Journal) {}

    canActivate(context: ExecutionContext): boolean {
      this.journal.lines.push(`guard of ${describeContext(context)}`);
      return true;
    }
  }

  @Injectable({ scope })
  class Interceptor implements NestInterceptor {
    constructor(private readonly journal: Journal) {}

    intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
      this.journal.lines.push(`before ${describeContext(context)}`);
      return next.handle().pipe(finalize(() => this.journal.lines.push('after')));
    }
  }

  @Injectable({ scope })
  class Pipe implements PipeTransform {
    constructor(private readonly journal: Journal) {}

    transform(value: unknown, { type }: ArgumentMetadata): unknown {
      this.journal.lines.push(`pipe of a ${type}`);
      return value;
    }
  }

  @Injectable({ scope })
  class Filter implements ExceptionFilter {
    constructor(private readonly journal: Journal) {}

    catch(error: Error, host: ArgumentsHost): string {
      this.journal.lines.push(`filter of ${error.message} in ${host.getType()}`);
      return 'dealt with';
    }
  }

  return { Guard, Interceptor, Pipe, Filter };
}

function describeContext(context: ExecutionContext): string {
  return `${context.getType()} ${context.getClass().name}.${context.getHandler().name}`;
}

export function useAll({ Guard, Interceptor, Pipe, Filter }: Enhancers): ClassDecorator & MethodDecorator {
  return applyDecorators(UseGuards(Guard), UseInterceptors(Interceptor), UsePipes(Pipe), UseFilters(Filter));
}

export function useInstancesOfAll(enhancers: Enhancers, journal: Journal): ClassDecorator & MethodDecorator {
  const { Guard, Interceptor, Pipe, Filter } = enhancers;
  return applyDecorators(
    UseGuards(new Guard(journal)),
    UseInterceptors(new Interceptor(journal)),
    UsePipes(new Pipe(journal)),
    UseFilters(new Filter(journal)),
  );
}
