/** Keys of the picture: while the space bar is held, the pointer moves the picture; the others are commands. */

import { commandOfKey, type Command } from './keys';

export interface Keyboard {
  readonly touched: () => void;
  readonly hold: (panning: boolean) => void;
  readonly run: (command: Command) => void;
}

export function connectKeys(
  canvas: HTMLCanvasElement,
  keyboard: Keyboard
): void {
  const hold = (panning: boolean) => {
    keyboard.hold(panning);
    canvas.classList.toggle('axons-mod-panning', panning);
  };
  canvas.addEventListener('keydown', event => {
    keyboard.touched();
    const command = commandOfKey(event);
    if (event.key === ' ') {
      hold(true);
    } else if (command) {
      keyboard.run(command);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  });
  canvas.addEventListener('keyup', event => {
    if (event.key === ' ') {
      hold(false);
    }
  });
  canvas.addEventListener('blur', () => {
    hold(false);
  });
}
