/** What the kernel tells of an image once, and how a person has chosen to see it. Keys are those of the messages. */

/** One level of the image's pyramid; `scale` is image pixels per pixel of the level. Level 0 is the finest. */
export interface Level {
  readonly width: number;
  readonly height: number;
  readonly scale: number;
}

/** One channel: the values it holds, and the limits that suit it (percentiles). */
export interface Channel {
  readonly name: string;
  readonly range: readonly [number, number];
  readonly auto: readonly [number, number];
}

export interface LabelClass {
  readonly name: string;
  readonly colour: string;
}

/** A picture of class numbers over the image: the annotation, or the prediction of a model. */
export interface Overlay {
  readonly id: string;
  readonly title: string;
  readonly classes: readonly LabelClass[];
}

export interface Scene {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly tile_size: number;
  readonly pixel_size_um: number;
  readonly dtype: string;
  /** The channels are red, green and blue light and share one contrast. */
  readonly rgb: boolean;
  readonly levels: readonly Level[];
  readonly channels: readonly Channel[];
  readonly overlays: readonly Overlay[];
}

/** How one channel is drawn; values at `low` are black, those at `high` have the full `colour` (#rrggbb). */
export interface ChannelLook {
  readonly visible: boolean;
  readonly colour: string;
  readonly low: number;
  readonly high: number;
}

/** How the image is drawn: channels are added up; `gamma` bends the middle tones. */
export interface Look {
  readonly channels: readonly ChannelLook[];
  readonly gamma: number;
}

export interface OverlayLook {
  readonly visible: boolean;
  readonly opacity: number;
  readonly outline: boolean;
}

export type OverlayLooks = Readonly<Record<string, OverlayLook>>;

/** The centre of the view and its width, in image pixels; null shows the whole image. */
export type Place = readonly [x: number, y: number, width: number] | null;

const HIDDEN: OverlayLook = { visible: false, opacity: 0.5, outline: false };

export function overlayLook(looks: OverlayLooks, id: string): OverlayLook {
  return looks[id] ?? HIDDEN;
}

export function withChannel(
  look: Look,
  index: number,
  change: Partial<ChannelLook>
): Look {
  const channels = look.channels.map((channel, i) =>
    i === index ? { ...channel, ...change } : channel
  );
  return { ...look, channels };
}

export function withOverlay(
  looks: OverlayLooks,
  id: string,
  change: Partial<OverlayLook>
): OverlayLooks {
  return { ...looks, [id]: { ...overlayLook(looks, id), ...change } };
}
