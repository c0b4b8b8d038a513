import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useRef } from "react";
import classes from "./Settings.module.css";

interface VirtualRowsProps<Item> {
  label: string;
  items: readonly Item[];
  keyOf: (item: Item) => string;
  /** In pixels. */
  rowHeight: number;
  /** More than this scrolls, in pixels. */
  maxHeight: number;
  render: (item: Item) => ReactNode;
}

/** A list in a box of its own; only what is in view is in the page. */
export function VirtualRows<Item>(props: VirtualRowsProps<Item>) {
  const { label, items, keyOf, rowHeight, maxHeight, render } = props;
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: items.length,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    overscan: 8,
  });
  const height = Math.min(maxHeight, items.length * rowHeight + 2);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reached by keyboard
    <section ref={box} className={classes.list} style={{ height }} aria-label={label} tabIndex={0}>
      <ul className={classes.items} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((row) => {
          const item = items[row.index];
          if (item === undefined) return null;
          return (
            <li
              key={keyOf(item)}
              className={classes.item}
              style={{ height: row.size, transform: `translateY(${row.start}px)` }}
              aria-posinset={row.index + 1}
              aria-setsize={items.length}
            >
              {render(item)}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
