import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { ChannelPanel } from '../../src/viewer/channelpanel';
import { OverlayPanel } from '../../src/viewer/overlaypanel';
import { Readout, type AskForValue } from '../../src/viewer/readout';
import { ScaleBar } from '../../src/viewer/scalebar';
import { withChannel } from '../../src/viewer/scene';
import { LOOK, NASTY, SCENE } from './scene';

function input(node: HTMLElement, label: string): HTMLInputElement {
  const found = node.querySelector<HTMLInputElement>(
    `input[aria-label=${JSON.stringify(label)}]`
  );
  if (!found) {
    throw new Error(`no input is called ${label}`);
  }
  return found;
}

function put(field: HTMLInputElement, value: string): void {
  field.value = value;
  field.dispatchEvent(new Event('input'));
}

function toggle(box: HTMLInputElement | null): void {
  if (box) {
    box.checked = !box.checked;
    box.dispatchEvent(new Event('change'));
  }
}

describe('ChannelPanel', () => {
  it('changes a limit of one channel only', () => {
    const change = vi.fn();
    const { node } = new ChannelPanel(SCENE, LOOK, change);
    put(input(node, 'upper limit of GFP'), '300');
    expect(change).toHaveBeenLastCalledWith({
      gamma: 1,
      channels: [LOOK.channels[0], { ...LOOK.channels[1], high: 300 }]
    });
  });

  it('changes the limits of a colour picture together', () => {
    const change = vi.fn();
    const scene = { ...SCENE, rgb: true };
    const { node } = new ChannelPanel(scene, LOOK, change);
    put(input(node, 'lower limit of all colours'), '50');
    expect(change).toHaveBeenLastCalledWith({
      gamma: 1,
      channels: LOOK.channels.map(channel => ({ ...channel, low: 50 }))
    });
  });

  it('hides and colours channels, and bends the middle tones', () => {
    const change = vi.fn();
    const { node } = new ChannelPanel(SCENE, LOOK, change);
    toggle(node.querySelector('input[type=checkbox]'));
    put(input(node, 'Colour of GFP'), '#0000ff');
    put(input(node, 'Gamma'), '0.5');
    expect(change).toHaveBeenLastCalledWith({
      gamma: 0.5,
      channels: [
        { ...LOOK.channels[0], visible: false },
        { ...LOOK.channels[1], colour: '#0000ff' }
      ]
    });
  });

  it('goes back to limits that suit', () => {
    const change = vi.fn();
    const { node } = new ChannelPanel(SCENE, LOOK, change);
    put(input(node, 'upper limit of GFP'), '20');
    const [auto, full] = node.querySelectorAll('button');
    auto?.click();
    expect(change).toHaveBeenLastCalledWith(LOOK);
    expect(input(node, 'upper limit of GFP').value).toBe('400');
    full?.click();
    expect(input(node, 'upper limit of GFP').value).toBe('500');
  });

  it('stretches the three colours of a colour picture alike', () => {
    const change = vi.fn();
    const panel = new ChannelPanel({ ...SCENE, rgb: true }, LOOK, change);
    panel.node.querySelector('button')?.click();
    expect(change).toHaveBeenLastCalledWith({
      gamma: 1,
      channels: LOOK.channels.map(channel => ({
        ...channel,
        low: 10,
        high: 3000
      }))
    });
  });

  it('shows a look that was chosen in Python', () => {
    const panel = new ChannelPanel(SCENE, LOOK, vi.fn());
    panel.show({ ...LOOK, gamma: 2 });
    expect(input(panel.node, 'Gamma').value).toBe('2');
  });

  it('keeps the slider that is being moved when its value comes back', () => {
    const panel = new ChannelPanel(SCENE, LOOK, vi.fn());
    const slider = input(panel.node, 'upper limit of GFP');
    put(slider, '300');
    panel.show(withChannel(LOOK, 1, { high: 300 }));
    expect(input(panel.node, 'upper limit of GFP')).toBe(slider);
  });

  it('shows names as text', () => {
    const { node } = new ChannelPanel(SCENE, LOOK, vi.fn());
    expect(node.querySelector('img')).toBeNull();
    expect(node.textContent).toContain(NASTY);
  });
});

describe('OverlayPanel', () => {
  const looks = {
    annotation: { visible: true, opacity: 0.5, outline: false }
  };

  it('changes what lies over the image', () => {
    const change = vi.fn();
    const { node } = new OverlayPanel(SCENE, looks, change);
    put(input(node, `Opacity of ${NASTY}`), '0.2');
    node
      .querySelectorAll<HTMLInputElement>('input[type=checkbox]')
      .forEach(toggle);
    expect(change).toHaveBeenLastCalledWith({
      annotation: { visible: false, opacity: 0.2, outline: true }
    });
  });

  it('names classes as text beside their colours', () => {
    const { node } = new OverlayPanel(SCENE, looks, vi.fn());
    expect(node.querySelector('img')).toBeNull();
    expect(node.querySelector('.axons-Legend')?.textContent).toBe(NASTY);
    expect(
      node.querySelector<HTMLElement>('.axons-Swatch')?.style.backgroundColor
    ).toBe('rgb(230, 159, 0)');
  });

  it('is not there when nothing lies over the image', () => {
    const { node } = new OverlayPanel({ ...SCENE, overlays: [] }, {}, vi.fn());
    expect(node.hidden).toBe(true);
  });
});

describe('Readout', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('asks once the pointer rests, and not per move', () => {
    const ask = vi.fn<AskForValue>();
    const readout = new Readout(SCENE, ask);
    for (let x = 0; x < 50; x++) {
      readout.point([x, 3]);
      vi.advanceTimersByTime(20);
    }
    expect(ask).not.toHaveBeenCalled();
    expect(readout.node.textContent).toContain('x 49, y 3 px');
    vi.advanceTimersByTime(200);
    expect(ask.mock.calls.map(([x, y]) => [x, y])).toEqual([[49, 3]]);
    ask.mock.calls[0]?.[2]({
      op: 'value',
      id: 1,
      values: [7, 9],
      labels: { annotation: 'axon' }
    });
    expect(readout.node.textContent).toContain('GFP 9');
    expect(readout.node.textContent).toContain('axon');
    expect(readout.node.querySelector('img')).toBeNull();
  });

  it('does not show the value of a place that the pointer has left', () => {
    const ask = vi.fn<AskForValue>();
    const readout = new Readout(SCENE, ask);
    readout.point([1, 1]);
    vi.advanceTimersByTime(200);
    readout.point(null);
    ask.mock.calls[0]?.[2]({ op: 'value', id: 1, values: [7, 9], labels: {} });
    expect(readout.node.textContent).toBe(
      '1300 × 700 px  ·  130 µm × 70 µm  ·  uint16'
    );
  });
});

describe('ScaleBar', () => {
  it('names its length for a screen reader', () => {
    const bar = new ScaleBar(0.1);
    bar.show(0.5);
    expect(bar.node.getAttribute('aria-label')).toBe('Scale bar: 20 µm');
    expect(bar.zoom.textContent).toBe('50 %');
    bar.show(0);
    expect(bar.node.hidden).toBe(true);
  });
});
