import { describe, expect, it } from 'vitest';

import known from '../../../tests/data/annotate/messages.json';
import { parseAnswer, type Predicting } from '../../src/annotate/answers';
import { Asking } from '../../src/annotate/asking';
import type { OpBody } from '../../src/annotate/ops';
import { Asked, farText } from '../../src/annotate/parts/asked';
import { greeted, type Kernel } from './kernel';

const golden = known.answers.filter(
  ({ answer }) => answer === 'predicting'
) as unknown as Predicting[];

function told(change: Partial<Predicting>): Predicting {
  const [first] = golden;
  if (!first) {
    throw new Error('There are no golden messages.');
  }
  return { ...first, session: null, request: null, ...change };
}

class Desk {
  readonly committed: OpBody[] = [];
  readonly said: string[] = [];
  readonly asking: Asking;
  changes = 0;

  constructor(readonly kernel: Kernel) {
    const bench = {
      annotator: kernel.annotator,
      commit: (body: OpBody) => this.committed.push(body),
      say: (text: string) => this.said.push(text)
    };
    this.asking = new Asking(bench, () => {
      this.changes++;
    });
  }

  async hear(change: Partial<Predicting>) {
    await this.kernel.answer(told(change));
  }

  /** The kernel answers the last request. */
  async answer(change: Partial<Predicting>) {
    const { session } = this.kernel.queue;
    const request = this.kernel.sent.at(-1)?.request ?? 0;
    await this.hear({ session, request, ...change });
  }
}

async function desk(): Promise<Desk> {
  return new Desk(await greeted());
}

describe('a model that is asked', () => {
  it('proposes at once when it has seen the image', async () => {
    const { asking, kernel, committed, ...rest } = await desk();
    expect(rest.said).toEqual([]);
    asking.ask('first');
    expect(kernel.take('predict')).toMatchObject([{ model: 'first' }]);
    expect(committed).toEqual([]);
    await new Desk(kernel).hear({ model: 'other', state: 'done' });
    expect(committed).toEqual([]);
    await kernel.answer(
      told({ state: 'done', session: kernel.queue.session, request: 2 })
    );
    expect(committed).toEqual([{ op: 'propose', model: 'first' }]);
    expect(asking.now).toBeNull();
  });

  it('looks at the image first, and tells how far it is', async () => {
    const asker = await desk();
    asker.asking.ask('first');
    await asker.answer({ state: 'running' });
    expect(asker.asking.now?.total).toBe(0);
    await asker.hear({ state: 'running', tiles: 12, total: 48 });
    expect(asker.asking.now?.tiles).toBe(12);
    expect(asker.committed).toEqual([]);
    await asker.hear({ state: 'done', tiles: 48, total: 48 });
    expect(asker.asking.now).toBeNull();
    expect(asker.committed).toEqual([{ op: 'propose', model: 'first' }]);
    await asker.hear({ state: 'done' });
    expect(asker.committed).toHaveLength(1);
    expect(asker.said.at(-1)).toMatch(/has seen the image/);
  });

  it('can be stopped', async () => {
    const asker = await desk();
    asker.asking.ask('first');
    await asker.answer({ state: 'running' });
    asker.asking.stop();
    expect(asker.kernel.take('stop_predicting')).toHaveLength(1);
    await asker.answer({ state: 'stopping', tiles: 3, total: 48 });
    expect(asker.asking.now?.state).toBe('stopping');
    await asker.hear({ state: 'stopped', tiles: 3, total: 48 });
    expect(asker.asking.now).toBeNull();
    expect(asker.said).toEqual([
      'first was stopped. Asked again, it goes on where it was.'
    ]);
    await asker.hear({ state: 'done' });
    expect(asker.committed).toEqual([]);
  });

  it('says what went wrong', async () => {
    const asker = await desk();
    asker.asking.ask('first');
    await asker.answer({ state: 'running' });
    await asker.hear({ state: 'failed', error: 'The disk is full.' });
    expect(asker.said).toEqual(['first: The disk is full.']);
    asker.asking.ask('gone');
    await asker.kernel.answer({
      answer: 'refused',
      session: asker.kernel.queue.session,
      seq: null,
      request: asker.kernel.sent.at(-1)?.request ?? 0,
      expected: null,
      consumed: false,
      error: 'There is no model.'
    });
    expect(asker.said.at(-1)).toBe('There is no model.');
    expect(asker.committed).toEqual([]);
  });

  it('is known to a page that is loaded again, and ends with its kernel', async () => {
    const asker = await desk();
    void asker.kernel.annotator.greet();
    const predicting = told({ state: 'running', tiles: 5, total: 9 });
    await asker.kernel.state({ predicting });
    expect(asker.asking.now?.tiles).toBe(5);
    void asker.kernel.annotator.greet();
    await asker.kernel.state({ predicting: null });
    expect(asker.asking.now).toBeNull();
    expect(asker.said).toEqual([
      'first was stopped. Asked again, it goes on where it was.'
    ]);
  });
});

describe('how far a model is', () => {
  it('is shown in the same nodes, with the share', () => {
    let stops = 0;
    const part = new Asked(() => {
      stops++;
    });
    part.show(null);
    expect(part.node.hidden).toBe(true);
    part.show(told({}));
    const bar = part.node.querySelector('progress');
    const stop = part.node.querySelector('button');
    expect(part.node.hidden).toBe(false);
    expect(bar?.hasAttribute('value')).toBe(false);
    part.show(told({ tiles: 12, total: 48 }));
    expect([bar?.value, bar?.max]).toEqual([12, 48]);
    expect(part.node.textContent).toContain('12 of 48 tiles, 25 %');
    stop?.click();
    expect(stops).toBe(1);
    part.show(told({ state: 'stopping', tiles: 12, total: 48 }));
    expect(stop?.disabled).toBe(true);
    part.show(told({ tiles: 12, total: 48 }));
    expect(stop?.disabled).toBe(false);
    part.show(told({ tiles: 48, total: 48 }));
    expect(stop?.disabled).toBe(true); // nothing is left to stop
    expect(part.node.querySelector('button')).toBe(stop);
  });

  it('is said in words for every message', () => {
    expect(golden.map(message => parseAnswer(message))).toEqual(golden);
    expect(golden.slice(0, 3).map(farText)).toEqual([
      'beginning',
      '12 of 48 tiles, 25 %',
      'stopping after this tile'
    ]);
    expect(farText(told({ tiles: 48, total: 48 }))).toBe(
      '48 of 48 tiles, 100 %, putting it together'
    );
  });

  it('shows the name of a model as text', () => {
    const part = new Asked(() => undefined);
    part.show(told({ model: '<img src=x>' }));
    expect(part.node.querySelector('img')).toBeNull();
  });
});
