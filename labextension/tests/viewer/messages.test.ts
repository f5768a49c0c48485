import { describe, expect, it } from 'vitest';

import known from '../../../tests/data/viewer/messages.json';
import { fromKernel, type ToKernel } from '../../src/viewer/messages';
import { TileQueue } from '../../src/viewer/tilequeue';

describe('messages of the viewer', () => {
  it('are understood when they come from the kernel', () => {
    for (const message of known.from_kernel) {
      expect(fromKernel(message)).toEqual(message);
    }
  });

  it('are those that the kernel knows', () => {
    const [{ tiles }] = known.to_kernel as unknown as [
      Extract<ToKernel, { op: 'tiles' }>
    ];
    const sent: ToKernel[] = [];
    let frame = () => undefined as unknown;
    const queue = new TileQueue(
      message => sent.push(message),
      work => {
        frame = work;
      }
    );
    for (const { id, ...request } of tiles) {
      expect(
        queue.ask(
          request,
          () => 0,
          () => 0
        )
      ).toBe(id);
    }
    frame();
    expect(sent).toEqual([known.to_kernel[0]]);
  });

  it.each([null, 3, {}, { op: 'tile' }, { op: 'boo', id: 1 }])(
    'are refused when they are %j',
    message => {
      expect(fromKernel(message)).toBeNull();
    }
  );
});
