import type { WidgetModel } from '@jupyter-widgets/base';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { subshellOf } from '../src/subshell';

function modelOf(comm: object | undefined, supportsSubshells = true) {
  return {
    comm: comm && { jsServicesComm: comm },
    widget_manager: { kernel: { supportsSubshells } }
  } as unknown as WidgetModel;
}

async function isDone(ready: Promise<void>): Promise<boolean> {
  let done = false;
  void ready.then(() => {
    done = true;
  });
  await vi.advanceTimersByTimeAsync(1);
  return done;
}

describe('subshellOf', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('waits until the subshell is there', async () => {
    let start: () => void = () => undefined;
    const subshellStarted = new Promise<void>(resolve => {
      start = resolve;
    });
    const ready = subshellOf(modelOf({ subshellId: null, subshellStarted }));
    expect(await isDone(ready)).toBe(false);
    start();
    expect(await isDone(ready)).toBe(true);
  });

  const never = new Promise<void>(() => undefined);
  it.each([
    ['it is there', { subshellId: 'a', subshellStarted: never }, true],
    ['the kernel has none', { subshellStarted: never }, false],
    ['JupyterLab knows none', {}, true],
    ['there is no kernel', undefined, true]
  ])('does not wait when %s', async (_, comm, supported) => {
    expect(await isDone(subshellOf(modelOf(comm, supported)))).toBe(true);
  });

  it('does not wait for ever, and not for one that has failed', async () => {
    const ready = subshellOf(modelOf({ subshellStarted: never }));
    await vi.advanceTimersByTimeAsync(5000);
    expect(await isDone(ready)).toBe(true);
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    const subshellStarted = Promise.reject(new Error('refused'));
    expect(await isDone(subshellOf(modelOf({ subshellStarted })))).toBe(true);
    expect(warn).toHaveBeenCalledOnce();
  });
});
