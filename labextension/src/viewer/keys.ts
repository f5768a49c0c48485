/** What a key does in the view. */

export type ViewCommand =
  | { readonly do: 'pan'; readonly x: number; readonly y: number }
  | { readonly do: 'zoom'; readonly factor: number }
  | { readonly do: 'home' | 'actual' | 'fullscreen' | 'panel' };

/** Shares of the view that one press moves it by. */
const STEP = 0.15;
const BIG_STEP = 0.75;
const FACTOR = 1.5;

export interface Key {
  readonly key: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

/** Null for keys that are not the view's, so that the browser and JupyterLab have them. */
export function commandOfKey(event: Key): ViewCommand | null {
  if (event.ctrlKey || event.metaKey || event.altKey) {
    return null;
  }
  const step = event.shiftKey ? BIG_STEP : STEP;
  switch (event.key) {
    case 'ArrowLeft':
      return { do: 'pan', x: -step, y: 0 };
    case 'ArrowRight':
      return { do: 'pan', x: step, y: 0 };
    case 'ArrowUp':
      return { do: 'pan', x: 0, y: -step };
    case 'ArrowDown':
      return { do: 'pan', x: 0, y: step };
    case '+':
    case '=':
      return { do: 'zoom', factor: FACTOR };
    case '-':
    case '_':
      return { do: 'zoom', factor: 1 / FACTOR };
    case '0':
    case 'Home':
      return { do: 'home' };
    case '1':
      return { do: 'actual' };
    case 'f':
      return { do: 'fullscreen' };
    case 'c':
      return { do: 'panel' };
    default:
      return null;
  }
}
