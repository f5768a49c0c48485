// Lumino's drag and drop extends DragEvent, which jsdom does not have.
globalThis.DragEvent = class extends MouseEvent {} as typeof DragEvent;
