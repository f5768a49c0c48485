import { describe, expect, it } from 'vitest';

import known from '../../../tests/data/run/messages.json';
import { fromKernel, type News, type ToKernel } from '../../src/run/messages';
import { Pictures } from '../../src/run/pictures';
import { RunRecord } from '../../src/run/record';

const [first, failed] = known.from_kernel as unknown as [News, News];

function recordOf(...news: News[]): RunRecord {
  const record = new RunRecord();
  for (const one of news) {
    record.take(one);
  }
  return record;
}

describe('messages of the live view', () => {
  it('are understood when they come from the kernel', () => {
    for (const message of known.from_kernel) {
      expect(fromKernel(message)).toEqual(message);
    }
  });

  it.each([null, 3, {}, { op: 'boo' }])('are refused when %j', message => {
    expect(fromKernel(message)).toBeNull();
  });

  it('are those that the kernel knows', () => {
    const record = new RunRecord();
    const sent: ToKernel[] = [{ op: 'news', known: record.known }];
    record.take(first);
    sent.push({ op: 'news', known: record.known });
    const pictures = new Pictures((id, kind, tile) =>
      sent.push({ op: 'picture', id, kind, tile })
    );
    void pictures.get('image', 0);
    void pictures.get('reference', 0);
    void pictures.get(2, 0);
    expect(sent).toEqual(known.to_kernel.slice(0, sent.length));
  });
});

describe('what is known of a run', () => {
  it('grows by what is new', () => {
    const record = recordOf(first);
    expect(record.epochs.map(({ epoch }) => epoch)).toEqual([1, 2]);
    expect(record.take(failed).size).toBe(0);
    const third = { ...first.metrics.lines[1], epoch: 3 } as never;
    const more = { writing: 'a1', start: 2, lines: [third] };
    expect(record.take({ ...failed, metrics: more })).toEqual(
      new Set(['metrics'])
    );
    expect(record.epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
  });

  it('takes an answer that came twice once', () => {
    const record = recordOf(first, first);
    expect(record.epochs).toHaveLength(2);
    expect(record.notes).toHaveLength(1);
  });

  it('starts again when a file was written anew, as after a resume', () => {
    const record = recordOf(first);
    const anew = {
      writing: 'a2',
      start: 0,
      lines: first.metrics.lines.slice(0, 1)
    };
    expect(record.take({ ...first, metrics: anew }).has('metrics')).toBe(true);
    expect(record.epochs).toHaveLength(1);
  });

  it('marks the first of the best epochs by mean Dice', () => {
    expect(new RunRecord().best).toBe(-1);
    expect(recordOf(first).best).toBe(1);
  });

  it('counts the steps of the epoch that goes on', () => {
    expect(recordOf(first).progress(4)).toBeCloseTo(0.5 + 0.25 / 4);
    const before = {
      ...first,
      metrics: { writing: 'n', start: 0, lines: [] },
      resources: {
        ...first.resources,
        lines: [{ time: 1, cpu: 0, memory_mb: 0, epoch: 1, step: 2, steps: 4 }]
      }
    };
    expect(recordOf(before).progress(10)).toBeCloseTo(0.05);
    expect(recordOf({ ...first, state: 'finished' }).progress(4)).toBe(1);
  });
});

describe('pictures', () => {
  it('are asked for once, and again when they were not there', async () => {
    const asked: unknown[] = [];
    const pictures = new Pictures((...wish) => asked.push(wish));
    URL.createObjectURL = () => 'blob:picture';
    const one = pictures.get(1, 0);
    expect(pictures.get(1, 0)).toBe(one);
    expect(asked).toEqual([[1, 1, 0]]);
    pictures.receive(1, new DataView(new ArrayBuffer(4)));
    expect(await one).toBe('blob:picture');
    const two = pictures.get(2, 0);
    pictures.fail(2, 'not there');
    await expect(two).rejects.toThrow('not there');
    void pictures.get(2, 0).catch(() => 0);
    expect(asked).toHaveLength(3);
    pictures.forgetWaiting();
  });
});
