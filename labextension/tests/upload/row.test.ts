import { describe, expect, it, vi } from 'vitest';

import known from '../../../tests/data/upload/messages.json';
import { sizeText } from '../../src/upload/format';
import { fromKernel, type FileRow } from '../../src/upload/messages';
import { fileRow } from '../../src/upload/row';

const NASTY = '<img src=x onerror=alert(1)>.png';

function shown(change: Partial<FileRow>, received: number | null = null) {
  const row: FileRow = {
    name: NASTY,
    size: 2_000_000,
    modified: 0,
    state: 'receiving',
    received: 500_000,
    message: '',
    image: '',
    ...change
  };
  const actions = { remove: vi.fn(), answer: vi.fn() };
  const node = fileRow({ row, received, picture: undefined }, actions);
  return { node, ...actions };
}

describe('fileRow', () => {
  it('shows names and messages as text', () => {
    const { node } = shown({ state: 'failed', message: NASTY });
    expect(node.querySelector('img')).toBeNull();
    expect(node.querySelector('.axons-File-name')?.textContent).toBe(NASTY);
    expect(node.querySelector('[role=alert]')?.textContent).toBe(NASTY);
  });

  it('shows how far a transfer is, and cancels it', () => {
    const { node, remove } = shown({}, 1_000_000);
    expect(node.querySelector('progress')?.value).toBe(1_000_000);
    expect(node.textContent).toContain('50 %');
    node.querySelector<HTMLButtonElement>('button')?.click();
    expect(remove).toHaveBeenCalledOnce();
  });

  it('asks for the file again after a reload of the page', () => {
    const { node } = shown({});
    expect(node.textContent).toContain('25 % have come. Choose the same file');
  });

  it('cannot be cancelled while the kernel imports', () => {
    expect(
      shown({ state: 'importing' }).node.querySelector('button')
    ).toBeNull();
  });

  it.each([
    ['0.13', 'nerve', 0.13],
    ['', '', null]
  ])('asks for a pixel size: %s', (typed, name, um) => {
    const { node, answer } = shown({ state: 'asking', message: 'how large?' });
    const [size, title] = node.querySelectorAll('input');
    if (size && title) {
      size.value = typed;
      title.value = name;
    }
    node.querySelector('form')?.dispatchEvent(new Event('submit'));
    expect(answer).toHaveBeenCalledExactlyOnceWith(name, um);
  });

  it('shows the image that a file has become', () => {
    const { node } = shown({ state: 'done', image: 'nerve', message: '4 x 4' });
    expect(node.querySelector('img')?.alt).toBe('nerve');
    expect(node.textContent).toContain('4 x 4');
  });
});

describe('sizeText', () => {
  it.each([
    [999, '999 B'],
    [12_345, '12.3 kB'],
    [3_100_000_000, '3.1 GB']
  ])('%i', (bytes, text) => {
    expect(sizeText(bytes)).toBe(text);
  });
});

describe('messages of the upload', () => {
  it('are understood when they come from the kernel', () => {
    for (const message of known.from_kernel) {
      expect(fromKernel(message)).toEqual(message);
    }
    expect(fromKernel({ op: 'ack' })).toBeNull();
    expect(fromKernel({ op: 'boo', id: 'f1' })).toBeNull();
  });
});
