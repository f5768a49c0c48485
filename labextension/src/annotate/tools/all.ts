/** The tools; the first one is chosen at the beginning. */

import { Brush } from './brush';
import { Click } from './clicks';
import { Ellipse } from './ellipse';
import { Knife, Lasso } from './lasso';
import { LiveWire } from './livewire';
import { Picker } from './pick';
import { Polygon } from './polygon';
import { Rubber } from './rubber';
import { Superpixels } from './superpixels';
import type { Bench, Tool } from './tool';

export function makeTools(bench: Bench): [Tool, ...Tool[]] {
  return [
    new Brush('brush', bench),
    new Picker(bench),
    new Lasso(bench),
    new Brush('eraser', bench),
    new Polygon(bench),
    new LiveWire(bench),
    new Rubber('box', bench),
    new Ellipse(bench),
    new Click('point', bench),
    new Click('fill', bench),
    new Click('wand', bench),
    new Superpixels(bench),
    new Rubber('grabcut', bench),
    new Rubber('threshold', bench),
    new Knife(bench)
  ];
}
