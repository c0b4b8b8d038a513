/** The DOM of the tests lays nothing out: lists of which only the rows in view exist would have none. */
import { afterAll, beforeAll } from "vitest";

/** Gives the window and every element this size, in pixels, for the tests of the file; virtual rows have `rowHeight`. */
export function everythingMeasures(width: number, height: number, rowHeight = 31): void {
  const sizes: Record<string, (element: HTMLElement) => number> = {
    offsetWidth: () => width,
    clientWidth: () => width,
    offsetHeight: (element) => (element.dataset.index === undefined ? height : rowHeight),
    clientHeight: () => height,
    // Whatever scrolls has room to scroll.
    scrollHeight: () => 1_000_000,
  };
  beforeAll(() => {
    const { happyDOM } = window as unknown as { happyDOM?: { setViewport(size: object): void } };
    happyDOM?.setViewport({ width, height });
    for (const [name, measure] of Object.entries(sizes)) {
      Object.defineProperty(HTMLElement.prototype, name, {
        configurable: true,
        get(this: HTMLElement) {
          return measure(this);
        },
      });
    }
  });
  afterAll(() => {
    for (const name of Object.keys(sizes)) Reflect.deleteProperty(HTMLElement.prototype, name);
  });
}
