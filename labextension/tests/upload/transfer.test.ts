import { createHash } from 'node:crypto';

import { describe, expect, it, vi } from 'vitest';

import { Transfer } from '../../src/upload/transfer';

const BYTES = Uint8Array.from({ length: 1000 }, (_, i) => (i * 37) % 256);
const HASH = createHash('sha256').update(BYTES).digest('hex');
const LIMITS = { chunk: 100, in_flight: 4 };

/** jsdom's Blob cannot be read; this is what a transfer uses of one. */
function fileOf(bytes: Uint8Array): Blob {
  return {
    size: bytes.length,
    slice: (from: number, to: number) => ({
      arrayBuffer: () => Promise.resolve(bytes.slice(from, to).buffer)
    })
  } as unknown as Blob;
}

function sending(file = fileOf(BYTES)) {
  const offsets: number[] = [];
  const received: number[] = [];
  const finish = vi.fn();
  const failed = vi.fn();
  let time = 0;
  const transfer = new Transfer(
    file,
    LIMITS,
    {
      chunk: (offset, bytes) => {
        offsets.push(offset);
        received.push(...new Uint8Array(bytes));
      },
      finish,
      failed
    },
    () => time
  );
  const at = (ms: number) => {
    time = ms;
  };
  return { transfer, offsets, received, finish, failed, at };
}

const settled = () => new Promise(resolve => setTimeout(resolve, 5));

async function acknowledgeAll(
  { transfer, offsets, finish }: ReturnType<typeof sending>,
  size = BYTES.length
) {
  while (!finish.mock.calls.length) {
    transfer.acknowledge(Math.min(size, (offsets.at(-1) ?? 0) + LIMITS.chunk));
    await settled();
  }
}

describe('Transfer', () => {
  it('sends a file in pieces and says what the whole should be', async () => {
    const sent = sending();
    void sent.transfer.start(0);
    await acknowledgeAll(sent);
    expect(sent.received).toEqual([...BYTES]);
    expect(sent.finish).toHaveBeenCalledExactlyOnceWith(HASH);
  });

  it('has four pieces in flight and no more', async () => {
    const { transfer, offsets } = sending();
    void transfer.start(0);
    await settled();
    expect(offsets).toEqual([0, 100, 200, 300]);
    transfer.acknowledge(200);
    await settled();
    expect(offsets).toEqual([0, 100, 200, 300, 400, 500]);
  });

  it('goes on where the kernel is, with the right hash', async () => {
    const sent = sending();
    void sent.transfer.start(400);
    await acknowledgeAll(sent);
    expect(sent.offsets[0]).toBe(400);
    expect(sent.received).toEqual([...BYTES.slice(400)]);
    expect(sent.finish).toHaveBeenCalledWith(HASH);
  });

  it('sends again what was lost with the connection', async () => {
    const sent = sending();
    void sent.transfer.start(0);
    await settled();
    void sent.transfer.start(100);
    await acknowledgeAll(sent);
    expect(sent.offsets).toEqual([
      0, 100, 200, 300, 100, 200, 300, 400, 500, 600, 700, 800, 900
    ]);
    expect(sent.finish).toHaveBeenCalledExactlyOnceWith(HASH);
  });

  it('only finishes a file that has come whole', async () => {
    const sent = sending();
    void sent.transfer.start(1000);
    await settled();
    expect(sent.offsets).toEqual([]);
    expect(sent.finish).toHaveBeenCalledWith(HASH);
  });

  it('stops at once', async () => {
    const { transfer, offsets, finish } = sending();
    void transfer.start(0);
    await settled();
    transfer.stop();
    transfer.acknowledge(1000);
    await settled();
    expect(offsets).toHaveLength(4);
    expect(finish).not.toHaveBeenCalled();
  });

  it('tells of a file that cannot be read any more', async () => {
    const gone = {
      size: 10,
      slice: () => ({
        arrayBuffer: () => Promise.reject(new Error('NotReadableError'))
      })
    } as unknown as Blob;
    const { transfer, failed } = sending(gone);
    await transfer.start(0);
    expect(failed).toHaveBeenCalledWith('Error: NotReadableError');
  });

  it('measures how long nothing was heard', () => {
    const { transfer, at } = sending();
    at(500);
    expect(transfer.silence).toBe(500);
    transfer.acknowledge(0);
    expect(transfer.silence).toBe(0);
  });
});
