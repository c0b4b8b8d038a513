/** A list of any length of which one line is selected: only the lines in view are in the page. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type ReactNode, type Ref, useEffect, useId, useRef } from "react";
import { indexAfterKey } from "./listKeys";
import classes from "./VirtualListbox.module.css";

interface VirtualListboxProps<Item> {
  /** What the list holds, for screen readers: "Collections". */
  label: string;
  /** The lines; not empty (an empty list says so in words instead). */
  items: readonly Item[];
  /** A line's height in pixels. */
  rowHeight: number;
  keyOf: (item: Item) => string;
  /** Key of the selected line. */
  selected: string | undefined;
  /** A line was clicked, or reached by arrows, j and k. */
  onSelect: (item: Item) => void;
  /** Enter was pressed on the selected line. */
  onOpen?: ((item: Item) => void) | undefined;
  /** The last lines come into view: more can be loaded. */
  onNearEnd?: (() => void) | undefined;
  render: (item: Item) => ReactNode;
  /** To give it the focus from elsewhere. */
  ref?: Ref<HTMLDivElement>;
}

/** How many lines before the end more are asked for. */
const NEAR_END = 20;

export function VirtualListbox<Item>({
  label,
  items,
  rowHeight,
  keyOf,
  selected,
  onSelect,
  onOpen,
  onNearEnd,
  render,
  ref,
}: VirtualListboxProps<Item>) {
  const box = useRef<HTMLDivElement>(null);
  const id = useId();
  const virtual = useVirtualizer({
    count: items.length,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  });
  const shown = virtual.getVirtualItems();
  const indexOf = (key: string | undefined) =>
    key === undefined ? -1 : items.findIndex((item) => keyOf(item) === key);
  const current = indexOf(selected);
  // Keys go on from the line that was selected last.
  const lastSelected = useRef(selected);
  useEffect(() => {
    if (selected !== undefined) lastSelected.current = selected;
  }, [selected]);

  const lastShown = shown.at(-1)?.index ?? -1;
  const nearEnd = lastShown >= items.length - NEAR_END;
  useEffect(() => {
    if (nearEnd && items.length > 0) onNearEnd?.();
  }, [nearEnd, items.length, onNearEnd]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter") {
      const item = items[current];
      if (item === undefined || !onOpen) return;
      event.preventDefault();
      onOpen(item);
      return;
    }
    const page = Math.max(1, Math.floor((box.current?.clientHeight ?? 0) / rowHeight) - 1);
    const from = current >= 0 ? current : indexOf(lastSelected.current);
    const next = indexAfterKey(event.key, from, items.length, page);
    const item = next === undefined ? undefined : items[next];
    if (next === undefined || item === undefined) return;
    event.preventDefault();
    virtual.scrollToIndex(next);
    onSelect(item);
  };

  return (
    <div
      ref={(element) => {
        box.current = element;
        if (typeof ref === "function") ref(element);
        else if (ref) ref.current = element;
      }}
      className={classes.box}
      role="listbox"
      aria-label={label}
      tabIndex={0}
      aria-activedescendant={shown.some((row) => row.index === current) ? `${id}-${current}` : undefined}
      onKeyDown={onKeyDown}
    >
      <div className={classes.rows} style={{ height: virtual.getTotalSize() }}>
        {shown.map((row) => {
          const item = items[row.index];
          if (item === undefined) return null;
          return (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the list itself takes the keys
            // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus, the line is its active descendant
            <div
              key={keyOf(item)}
              id={`${id}-${row.index}`}
              role="option"
              aria-selected={row.index === current}
              aria-posinset={row.index + 1}
              aria-setsize={items.length}
              className={classes.row}
              style={{ height: row.size, transform: `translateY(${row.start}px)` }}
              onClick={() => onSelect(item)}
            >
              {render(item)}
            </div>
          );
        })}
      </div>
    </div>
  );
}
