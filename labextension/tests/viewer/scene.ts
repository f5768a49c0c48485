import type { Look, Scene } from '../../src/viewer/scene';

export const NASTY = '<img src=x onerror=alert(1)>';

export const SCENE: Scene = {
  name: NASTY,
  width: 1300,
  height: 700,
  tile_size: 512,
  pixel_size_um: 0.1,
  dtype: 'uint16',
  rgb: false,
  levels: [
    { width: 1300, height: 700, scale: 1 },
    { width: 650, height: 350, scale: 2 },
    { width: 325, height: 175, scale: 4 }
  ],
  channels: [
    { name: NASTY, range: [0, 4000], auto: [100, 3000] },
    { name: 'GFP', range: [0, 500], auto: [10, 400] }
  ],
  overlays: [
    {
      id: 'annotation',
      title: NASTY,
      classes: [{ name: NASTY, colour: '#e69f00' }]
    }
  ]
};

export const LOOK: Look = {
  channels: [
    { visible: true, colour: '#ff00ff', low: 100, high: 3000 },
    { visible: true, colour: '#00ff00', low: 10, high: 400 }
  ],
  gamma: 1
};
