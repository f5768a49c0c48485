/** Keys of the picture: while the space bar is held, the pointer moves the picture; the others are commands. */

import { commandOfKey, type Command } from './keys';

export interface Keyboard {
  readonly touched: () => void;
  readonly hold: (panning: boolean) => void;
  readonly run: (command: Command) => void;
}

/**
 * A button or box that was clicked with a mouse gives the keys back to the picture, so that Enter and Esc go on with
 * the gesture; Esc does so wherever the keys are. Who goes there with the keyboard stays there.
 */
export function returnKeys(node: HTMLElement, canvas: HTMLCanvasElement): void {
  node.addEventListener('click', event => {
    const { target, detail } = event;
    if (
      detail > 0 &&
      target instanceof Element &&
      target.closest('button, .axons-Check')
    ) {
      canvas.focus({ preventScroll: true });
    }
  });
  node.addEventListener('keydown', event => {
    if (event.key === 'Escape' && event.target !== canvas) {
      canvas.focus({ preventScroll: true });
    }
  });
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
