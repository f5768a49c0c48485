import { beforeAll, describe, expect, it, vi } from 'vitest';

import known from '../../../tests/data/run/messages.json';
import { Chart } from '../../src/run/chart';
import { Examples } from '../../src/run/examples';
import { Head } from '../../src/run/head';
import { Machine } from '../../src/run/sparkline';
import type { News } from '../../src/run/messages';
import { RunRecord } from '../../src/run/record';

const [news, failed] = known.from_kernel as unknown as [News, News];
const NASTY = '<img src=x onerror=alert(1)>';
const scene = {
  name: NASTY,
  training_set: 's',
  started: '',
  every_s: 1,
  classes: [],
  facts: { epochs: 4, max_minutes: 2 }
};

beforeAll(() => {
  globalThis.ResizeObserver = class {
    observe = () => undefined;
    unobserve = () => undefined;
    disconnect = () => undefined;
  };
});

function buttonsOf(node: HTMLElement): Map<string, HTMLButtonElement> {
  const all = [...node.querySelectorAll('button')];
  return new Map(all.map(one => [one.textContent, one]));
}

describe('the head', () => {
  const head = (...told: Partial<News>[]) => {
    const acts: unknown[] = [];
    const made = new Head(scene, (...act) => acts.push(act));
    const record = new RunRecord();
    for (const more of told) {
      record.take({ ...news, ...more });
      made.show(record);
    }
    return { node: made.node, acts, text: made.node.textContent };
  };

  it('says how far the run is, and what the training has said', () => {
    const { text, node } = head({});
    expect(text).toContain('training');
    expect(text).toContain('epoch 2 of 4  ·  56 %  ·  about 20 s left');
    expect(text).toContain('batch lowered to 4');
    expect(node.querySelector('img')).toBeNull();
  });

  it('gives the longest time before the first epoch has ended', () => {
    const nothing = { writing: 'n', start: 0, lines: [] };
    const { text } = head({
      metrics: nothing,
      resources: nothing,
      left_s: null
    });
    expect(text).toContain('first epoch of 4  ·  0 %  ·  at most 2 min');
  });

  it('asks, and takes back', () => {
    const { node, acts } = head({});
    for (const name of ['Pause', 'Stop after this epoch', 'Stop']) {
      buttonsOf(node).get(name)?.click();
    }
    const paused = head({ asked: 'pause', state: 'paused' });
    buttonsOf(paused.node).get('Resume')?.click();
    const after = head({ asked: 'stop_after_epoch' });
    const button = buttonsOf(after.node).get('Stop after this epoch');
    expect(button?.getAttribute('aria-pressed')).toBe('true');
    button?.click();
    expect([...acts, ...paused.acts, ...after.acts]).toEqual([
      ['ask', 'pause'],
      ['ask', 'stop_after_epoch'],
      ['ask', 'stop'],
      ['withdraw', 'pause'],
      ['withdraw', 'stop_after_epoch']
    ]);
    expect(paused.text).not.toContain('left');
    const stopping = buttonsOf(head({ asked: 'stop' }).node);
    expect(stopping.get('Stopping …')?.disabled).toBe(true);
  });

  it('says that a run may have died', () => {
    const { node } = head({ advice: 'Nothing has been heard of it.' });
    const alert = node.querySelector<HTMLElement>('[role=alert]');
    expect(alert?.textContent).toBe('Nothing has been heard of it.');
    const stopped = head({ state: 'stopped', advice: 'It can go on.' });
    const none = stopped.node.querySelector<HTMLElement>('[role=alert]');
    expect(none?.hidden).toBe(true);
    expect(stopped.text).toContain('It can go on.');
  });

  it('says plainly that a run died, and what to do', () => {
    const { node } = head({}, failed);
    const alert = node.querySelector<HTMLElement>('[role=alert]');
    expect(alert?.hidden).toBe(false);
    expect(alert?.textContent).toBe(
      'Its process ended without a word. project.run("r").resume() goes on from its last checkpoint.'
    );
    expect(node.querySelector<HTMLElement>('[role=toolbar]')?.hidden).toBe(
      true
    );
  });
});

describe('a chart', () => {
  const made = () => {
    const points: (number | null)[] = [];
    const chart = new Chart({
      title: 'loss',
      text: value => value.toFixed(1),
      onPoint: at => {
        points.push(at);
        chart.point(at);
      }
    });
    chart.show({
      epochs: [1, 2, 3],
      series: [
        { name: 'training', colour: 'red', values: [3, 2, 1] },
        { name: NASTY, colour: 'blue', dashed: true, values: [3, NaN, 2] }
      ],
      best: 1
    });
    const plot = chart.node.querySelector<HTMLElement>('[role=img]');
    return { chart, points, plot };
  };

  it('draws lines, the best epoch, and says its values', () => {
    const { chart, plot } = made();
    expect(chart.node.querySelectorAll('path')).toHaveLength(2);
    expect(chart.node.textContent).toContain('★ best: epoch 2');
    expect(chart.node.textContent).toContain('training 1.0');
    expect(plot?.getAttribute('aria-label')).toContain('Now epoch 3: training');
    expect(chart.node.querySelector('img')).toBeNull();
  });

  it('is read with the keys', () => {
    const { chart, points, plot } = made();
    const press = (key: string) =>
      plot?.dispatchEvent(new KeyboardEvent('keydown', { key }));
    press('ArrowLeft');
    press('x');
    press('Home');
    plot?.dispatchEvent(new Event('blur'));
    expect(points).toEqual([1, 0, null]);
    expect(chart.node.querySelector('output')?.textContent).toContain(
      'epoch 1: training 3.0'
    );
  });

  it('has a scale of logarithms', () => {
    const { chart } = made();
    document.body.append(chart.node); // only there a box can be ticked
    const before = chart.node.querySelector('path')?.getAttribute('d');
    chart.node.querySelector('input')?.click();
    const after = chart.node.querySelector('path')?.getAttribute('d');
    expect(after).not.toBe(before);
    expect(after).not.toContain('NaN');
  });

  it('stands empty before the first epoch', () => {
    const { chart, plot } = made();
    chart.show({ epochs: [], series: [], best: -1 });
    expect(plot?.getAttribute('aria-label')).toContain('No epoch has ended');
    expect(plot?.innerHTML).not.toContain('NaN');
  });
});

describe('examples', () => {
  const shown = async (...told: (readonly number[])[]) => {
    const wanted: string[] = [];
    const examples = new Examples((kind, tile) => {
      wanted.push(`${kind}/${tile}`);
      return Promise.resolve(`blob:${kind}/${tile}`);
    });
    for (const epochs of told) {
      examples.show({ epochs, tiles: 2 });
      await Promise.resolve();
    }
    const over = examples.node.querySelectorAll<HTMLImageElement>(
      '.axons-Examples-row:last-child .axons-Examples-labels'
    );
    const range = examples.node.querySelector('input');
    return { examples, wanted, over, range };
  };

  it('follow the newest epoch until another one is chosen', async () => {
    const { examples, over, range } = await shown([1], [1, 2]);
    expect([...over].map(({ src }) => src)).toEqual(['blob:2/0', 'blob:2/1']);
    if (range) {
      range.value = '0';
      range.dispatchEvent(new Event('input'));
    }
    examples.show({ epochs: [1, 2, 3], tiles: 2 });
    await Promise.resolve();
    expect(over[0]?.src).toBe('blob:1/0');
    expect(range?.max).toBe('2');
    expect(range?.getAttribute('aria-valuetext')).toBe('epoch 1');
  });

  it('are not there before the first epoch', async () => {
    const { examples, wanted } = await shown([]);
    expect(examples.node.hidden).toBe(true);
    expect(wanted).not.toContain('undefined/0');
  });

  it('play from the first epoch to the last', async () => {
    vi.useFakeTimers();
    const { examples, over } = await shown([1, 2, 3]);
    const button = examples.node.querySelector('button');
    button?.click();
    await Promise.resolve();
    expect(over[0]?.src).toBe('blob:1/0');
    await vi.advanceTimersByTimeAsync(1000);
    expect(over[0]?.src).toBe('blob:3/0');
    expect(button?.textContent).toBe('▶');
    vi.useRealTimers();
  });
});

describe('the use of the machine', () => {
  it('has a row for what was measured only', () => {
    const machine = new Machine();
    machine.show(news.resources.lines);
    expect(machine.node.textContent).toBe(
      'speed12.5 samples/sCPU92 %memory812 MB'
    );
    expect(machine.node.innerHTML).not.toContain('NaN');
  });
});
