/** Arrays in the buffers of a message. */

import type { Answer, Block } from './answers';

export type Numbers = Uint8Array | Uint16Array | Uint32Array | Float32Array;

/** Where answers have arrays. */
const BLOCKS = ['ids', 'pixels', 'patch', 'segments', 'costs'] as const;

export async function unpackAll(
  answer: Answer,
  buffers: readonly DataView[]
): Promise<Map<string, Numbers>> {
  const arrays = new Map<string, Numbers>();
  for (const name of BLOCKS) {
    const block = (answer as unknown as Record<string, unknown>)[name];
    if (block) {
      arrays.set(name, await unpack(block as Block, buffers));
    }
  }
  return arrays;
}

async function unpack(
  block: Block,
  buffers: readonly DataView[]
): Promise<Numbers> {
  const packed = buffers[block.buffer];
  if (!packed) {
    throw new RangeError(`The message has no buffer ${block.buffer}.`);
  }
  const bytes = await inflate(packed);
  const size = block.shape.reduce((a, b) => a * b, 1);
  const numbers = view(block.dtype, bytes);
  if (numbers.length !== size) {
    throw new RangeError(
      `An array of ${size} numbers came with ${numbers.length}.`
    );
  }
  return numbers;
}

/** Undoes zlib. */
async function inflate(packed: DataView): Promise<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = packed;
  const bytes = new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
  const stream = new DecompressionStream('deflate');
  const writer = stream.writable.getWriter();
  const written = writer.write(bytes).then(() => writer.close());
  const [inflated] = await Promise.all([
    new Response(stream.readable).arrayBuffer(),
    written
  ]);
  return inflated;
}

function view(dtype: Block['dtype'], bytes: ArrayBuffer): Numbers {
  switch (dtype) {
    case 'uint8':
      return new Uint8Array(bytes);
    case 'uint16':
      return new Uint16Array(bytes);
    case 'uint32':
      return new Uint32Array(bytes);
    case 'float32':
      return new Float32Array(bytes);
  }
}
