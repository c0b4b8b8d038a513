/**
 * Which rows of a long list are to be drawn. All rows have one height, so this is a division: no list of measurements that
 * grows with the rows, nothing to rebuild when a page comes in.
 */
import { type RefObject, useCallback, useLayoutEffect, useState } from "react";

export const ROW_HEIGHT = 28;
/** Rows drawn beyond the edges: what a fast wheel passes before the next frame. */
const OVERSCAN = 12;
/** Drawn rows change in steps, so that not every row that is passed draws anew. */
const STEP = 4;

export interface RowWindow {
  /** First row drawn. */
  start: number;
  /** Behind the last row drawn. */
  end: number;
}

/** The first and last row that can be seen; heights are in pixels, without the header. */
export function visibleRows(scrollTop: number, height: number, count: number) {
  const within = (row: number) => Math.max(0, Math.min(count - 1, row));
  return {
    first: within(Math.floor(scrollTop / ROW_HEIGHT)),
    last: within(Math.ceil((scrollTop + height) / ROW_HEIGHT) - 1),
  };
}

/** The rows to draw of a list of `count` rows at a scroll position. */
export function rowWindow(scrollTop: number, height: number, count: number): RowWindow {
  const { first, last } = visibleRows(scrollTop, height, count);
  const step = (row: number) => Math.floor(row / STEP) * STEP;
  return {
    start: Math.max(0, step(first - OVERSCAN)),
    end: Math.min(count, step(last + OVERSCAN) + STEP),
  };
}

/** What a list without a layout (in tests) is taken to have. */
const ASSUMED = { height: 600, width: 1000 };

/** The window of a scrolling element of `count` rows under a header of `header` pixels. */
export function useRowWindow(
  scroller: RefObject<HTMLElement | null>,
  count: number,
  header: number,
  onView: (first: number, last: number, atTop: boolean) => void,
) {
  const [place, setPlace] = useState({ start: 0, end: 0, width: ASSUMED.width });
  const view = useCallback(() => {
    const element = scroller.current;
    const height = (element?.clientHeight || ASSUMED.height) - header;
    return visibleRows(element?.scrollTop ?? 0, height, count);
  }, [scroller, count, header]);
  const read = useCallback(() => {
    const element = scroller.current;
    if (!element) return;
    const { scrollTop } = element;
    const width = element.clientWidth || ASSUMED.width;
    const height = (element.clientHeight || ASSUMED.height) - header;
    const { start, end } = rowWindow(scrollTop, height, count);
    setPlace((before) =>
      before.start === start && before.end === end && before.width === width ? before : { start, end, width },
    );
    const { first, last } = visibleRows(scrollTop, height, count);
    onView(first, last, scrollTop < ROW_HEIGHT / 2);
  }, [scroller, count, header, onView]);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    read();
    element.addEventListener("scroll", read, { passive: true });
    const resized = new ResizeObserver(read);
    resized.observe(element);
    return () => {
      element.removeEventListener("scroll", read);
      resized.disconnect();
    };
  }, [scroller, read]);
  // A list that became shorter is drawn once before its layout is read again.
  const window = { start: Math.min(place.start, count), end: Math.min(place.end, count) };
  return { window, width: place.width, view };
}

/** The tallest element that this browser draws, in rows: some clamp it, and rows beyond could never be reached. */
export function mostRows(): number {
  const probe = document.createElement("div");
  Object.assign(probe.style, { position: "absolute", visibility: "hidden", height: "32000000px" });
  document.body.append(probe);
  const height = probe.getBoundingClientRect().height;
  probe.remove();
  // Where nothing is laid out (tests) nothing is clamped either.
  return Math.floor((height > 0 ? height : 32_000_000) / ROW_HEIGHT) - 20;
}
