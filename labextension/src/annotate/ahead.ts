/** Draws an op before the kernel has answered, with the kernel's own rules where they are known here. */

import { combine } from './booleans';
import { flood } from './flood';
import {
  QUANTUM,
  boundsOf,
  intersect,
  unite,
  type Rect,
  type Ring
} from './geometry';
import type { Mask } from './mask';
import type { Row } from './answers';
import type { OpBody, Painting } from './ops';
import { boundsOfStroke, fillRings, fillStroke, type Dab } from './rasterise';
import type { Recording } from './recording';
import {
  group,
  merge,
  move,
  replace,
  setAttribute,
  toRect,
  toWindow
} from './relabel';
import { ellipseRing } from './shape';

/**
 * Whether the outcome is known. It is not for what only the kernel can do (`false`), and not surely for what depends
 * on labels that lie under others; the checksum finds out. `cover` are the pixels of an op that only names them.
 */
export function drawAhead(
  into: Recording,
  body: OpBody,
  cover: Mask | null = null
): boolean {
  switch (body.op) {
    case 'superpixels':
      return paint(into, body, cover);
    case 'stroke':
    case 'polygon':
    case 'fill': {
      const mask = coverOf(into, body);
      into.vain = mask ? null : 'nothing';
      return paint(into, body, mask);
    }
    case 'box':
    case 'ellipse':
    case 'point':
      return drawShape(into, body);
    case 'delete':
      return replace(into, body.ids, 0);
    case 'merge':
      return merge(into, body.ids);
    case 'group':
      return group(into, body.ids);
    case 'move':
      return move(into, body.ids, body.dx, body.dy);
    case 'class':
    case 'attribute':
      return describe(into, body);
    default:
      return false;
  }
}

/** Says something else of labels; no pixel changes. */
function describe(
  into: Recording,
  body: Extract<OpBody, { op: 'class' | 'attribute' }>
): boolean {
  body.ids.forEach(id => {
    if (body.op === 'class') {
      into.change(id, { label_class: body.label_class });
    } else {
      setAttribute(into, id, body.name, body.value);
    }
  });
  return true;
}

type Cover = Extract<OpBody, { op: 'stroke' | 'polygon' | 'fill' }>;

function coverOf({ raster }: Recording, body: Cover): Mask | null {
  if (body.op === 'fill') {
    const value = raster.at(body.x, body.y);
    return flood(raster.bounds, body.x, body.y, i => raster.ids[i] === value);
  }
  if (body.op === 'stroke') {
    const dabs = dabsOf(body);
    const box = boundsOfStroke(dabs);
    const seen = box && intersect(box, raster.bounds);
    return seen && fillStroke(dabs, seen);
  }
  return maskOfRings(
    body.rings.map(ring => ring.map(value => value / QUANTUM)),
    raster.bounds
  );
}

function dabsOf(body: Extract<OpBody, { op: 'stroke' }>): Dab[] {
  const dabs: Dab[] = [];
  for (let i = 0; i + 1 < body.points.length; i += 2) {
    const radius = body.radii?.[i / 2] ?? body.radius;
    dabs.push([body.points[i] ?? 0, body.points[i + 1] ?? 0, radius]);
  }
  return dabs;
}

function maskOfRings(rings: readonly Ring[], bounds: Rect): Mask | null {
  const box = boundsOf(rings);
  const seen = box && intersect(box, bounds);
  return seen && fillRings(rings, seen);
}

function paint(into: Recording, how: Painting, mask: Mask | null): boolean {
  if (!mask) {
    return false;
  }
  const makes = how.mode === 'new' || how.mode === 'split';
  into.touch(mask);
  // A number is only used up when something has changed.
  const fresh = makes ? into.next : 0;
  into.vain = combine(into.raster, mask, how, fresh);
  if (into.vain) {
    return false;
  }
  const bounds = into.finish().rect;
  if (makes) {
    const label_class =
      how.mode === 'split'
        ? (into.row(how.target)?.label_class ?? null)
        : how.label_class;
    add(into, { label_class, kind: 'polygon', bounds });
  } else if (how.mode === 'add') {
    const row = into.row(how.target);
    const old = row?.bounds && toRect(row.bounds);
    into.change(how.target, { bounds: toWindow(unite(old ?? null, bounds)) });
  }
  return true;
}

function drawShape(
  into: Recording,
  body: Extract<OpBody, { op: 'box' | 'ellipse' | 'point' }>
): boolean {
  const { label_class } = body;
  if (body.op === 'point') {
    const position = { x: body.x / QUANTUM, y: body.y / QUANTUM };
    const shape = { position };
    add(into, { label_class, kind: 'point', bounds: null, shape });
    return true;
  }
  const rings = [body.op === 'box' ? boxRing(body) : ringOfEllipse(body)];
  const mask = maskOfRings(rings, into.raster.bounds);
  if (!mask) {
    return false;
  }
  const how = { mode: 'new', target: 0, label_class, protect: false } as const;
  return paint(into, how, mask);
}

function boxRing(body: Extract<OpBody, { op: 'box' }>): Ring {
  const [l, r] = [body.x0 / QUANTUM, body.x1 / QUANTUM];
  const [t, b] = [body.y0 / QUANTUM, body.y1 / QUANTUM];
  return [l, t, r, t, r, b, l, b];
}

function ringOfEllipse(body: Extract<OpBody, { op: 'ellipse' }>): Ring {
  return ellipseRing({
    centre: { x: body.x / QUANTUM, y: body.y / QUANTUM },
    radius1: body.radius1 / QUANTUM,
    radius2: body.radius2 / QUANTUM,
    orientation_radians: body.angle
  });
}

function add(
  into: Recording,
  made: Pick<Row, 'label_class' | 'kind'> & {
    bounds: Rect | null;
    shape?: Row['shape'];
  }
): void {
  const z = into.top();
  const id = into.fresh();
  into.setRow(id, {
    id,
    object_id: '',
    z,
    label_class: made.label_class,
    source: 'manual',
    proposal: false,
    kind: made.kind,
    bounds: toWindow(made.bounds),
    attributes: {},
    shape: made.shape ?? null
  });
}
