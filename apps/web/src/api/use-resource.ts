import { useCallback, useEffect, useReducer, useState } from 'react';
import { problemOfError } from '../problem.ts';
import type { Problem } from '../problem.ts';

/** Something asked of the server. While it is asked again, what is known stays. */
export type Resource<T> =
  | { readonly status: 'loading' }
  | { readonly status: 'failed'; readonly problem: Problem }
  | { readonly status: 'ready'; readonly value: T };

interface ResourceOptions<T> {
  readonly load: (signal: AbortSignal) => Promise<T>;
  /** ms until it is asked again, given what is known; `null`: not before `reload`. */
  readonly againInMs: (resource: Resource<T>) => number | null;
}

/** Asks the server now, again when `againInMs` says so, and on `reload`. Both functions must keep their identity. */
export function useResource<T>({ load, againInMs }: ResourceOptions<T>): [Resource<T>, () => void] {
  const [resource, setResource] = useState<Resource<T>>({ status: 'loading' });
  const [asking, ask] = useReducer(newController, null, newController);

  useEffect(() => {
    const { signal } = asking;
    outcome(load, signal).then(
      (known) => (signal.aborted ? undefined : setResource(known)),
      () => undefined,
    );
    return () => asking.abort();
  }, [load, asking]);

  useEffect(() => {
    const waitMs = againInMs(resource);
    if (waitMs === null) return undefined;
    const timer = window.setTimeout(ask, waitMs);
    return () => window.clearTimeout(timer);
  }, [resource, againInMs]);

  return [resource, useCallback(() => ask(), [])];
}

async function outcome<T>(load: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<Resource<T>> {
  try {
    return { status: 'ready', value: await load(signal) };
  } catch (error) {
    return { status: 'failed', problem: problemOfError(error) };
  }
}

function newController(): AbortController {
  return new AbortController();
}
