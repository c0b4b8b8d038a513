/** A table of any length: only the rows in view are in the page. Rows are reached by arrows, j and k. */
/* biome-ignore-all lint/a11y/useSemanticElements: real table elements cannot be virtualised; the roles say the same */
import { VisuallyHidden } from "@mantine/core";
import { IconChevronDown, IconChevronUp } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import {
  type CSSProperties,
  type KeyboardEvent,
  type ReactNode,
  type Ref,
  useEffect,
  useId,
  useImperativeHandle,
  useRef,
} from "react";
import { indexAfterKey } from "./listKeys";
import classes from "./VirtualTable.module.css";

export interface TableColumn<Item> {
  key: string;
  header: string;
  /** A CSS grid track: `minmax(120px, 1fr)`. */
  width: string;
  /** Numbers stand at the end. */
  end?: boolean;
  /** The heading is for screen readers only. */
  hideHeader?: boolean;
  /** Whether and how the table is sorted by it; absent where it cannot be. */
  sort?: { direction: "ascending" | "descending" | undefined; toggle: () => void };
  cell: (item: Item) => ReactNode;
}

/** What can be done with the table from outside. */
export interface TableHandle {
  /** Moves the selection as the key would, and takes the focus. */
  press: (key: string) => void;
  scrollToTop: () => void;
}

interface VirtualTableProps<Item> {
  label: string;
  columns: TableColumn<Item>[];
  items: readonly Item[];
  /** In pixels; with `detail`, the height of a row without one. */
  rowHeight: number;
  keyOf: (item: Item) => string;
  selected: string | undefined;
  onSelect: (item: Item) => void;
  /** A row was clicked, or Enter was pressed on it. */
  onOpen?: (item: Item) => void;
  /** What stands under a row that is open; undefined under others. */
  detail?: (item: Item) => ReactNode;
  /** The last rows come into view: more can be loaded. */
  onNearEnd?: () => void;
  /** Whether the first row is in view. */
  onAtTop?: (atTop: boolean) => void;
  /** How many rows there are, where more exist than are loaded: -1 when nobody knows. */
  rowCount?: number;
  /** Stands after the last row. */
  foot?: ReactNode;
  ref?: Ref<TableHandle>;
}

const NEAR_END = 30;

export function VirtualTable<Item>(props: VirtualTableProps<Item>) {
  const { label, columns, items, rowHeight, keyOf, selected, onSelect, onOpen, detail } = props;
  const { onNearEnd, onAtTop, rowCount, foot, ref } = props;
  const box = useRef<HTMLDivElement>(null);
  const id = useId();
  const virtual = useVirtualizer({
    count: items.length,
    getScrollElement: () => box.current,
    // A row's line below it belongs to it.
    estimateSize: () => rowHeight + 1,
    getItemKey: (index) => {
      const item = items[index];
      return item === undefined ? index : keyOf(item);
    },
    overscan: 10,
  });
  const shown = virtual.getVirtualItems();
  const current = selected === undefined ? -1 : items.findIndex((item) => keyOf(item) === selected);

  const nearEnd = items.length > 0 && (shown.at(-1)?.index ?? -1) >= items.length - NEAR_END;
  useEffect(() => {
    if (nearEnd && items.length > 0) onNearEnd?.();
  }, [nearEnd, items.length, onNearEnd]);

  const move = (key: string): boolean => {
    const page = Math.max(1, Math.floor((box.current?.clientHeight ?? 0) / rowHeight) - 2);
    const next = indexAfterKey(key, current, items.length, page);
    const item = next === undefined ? undefined : items[next];
    if (next === undefined || item === undefined) return false;
    virtual.scrollToIndex(next);
    onSelect(item);
    return true;
  };
  useImperativeHandle(ref, () => ({
    press(key) {
      box.current?.focus({ preventScroll: true });
      move(key);
    },
    scrollToTop: () => box.current?.scrollTo({ top: 0 }),
  }));

  const onKeyDown = (event: KeyboardEvent) => {
    // Buttons and menus within the rows have keys of their own.
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    const item = items[current];
    if (event.key === "Enter" && item !== undefined && onOpen) onOpen(item);
    else if (!move(event.key)) return;
    event.preventDefault();
    // The page's own shortcuts are not to move it once more.
    event.stopPropagation();
  };

  return (
    <div
      ref={box}
      className={classes.box}
      style={{ "--columns": columns.map((column) => column.width).join(" ") } as CSSProperties}
      role="grid"
      aria-label={label}
      aria-rowcount={rowCount === undefined ? items.length + 1 : rowCount}
      aria-activedescendant={shown.some((row) => row.index === current) ? `${id}-${current}` : undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
      {...(onAtTop ? { onScroll: (event) => onAtTop(event.currentTarget.scrollTop < rowHeight) } : {})}
    >
      {/* biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus, rows are its active descendants */}
      <div role="row" className={classes.head} aria-rowindex={1}>
        {columns.map((column) => (
          <Heading key={column.key} column={column} />
        ))}
      </div>
      <div className={classes.rows} role="presentation" style={{ height: virtual.getTotalSize() }}>
        {shown.map((row) => {
          const item = items[row.index];
          if (item === undefined) return null;
          const under = detail?.(item);
          return (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the grid itself takes the keys
            // biome-ignore lint/a11y/useFocusableInteractive: as above
            <div
              key={row.key}
              id={`${id}-${row.index}`}
              role="row"
              aria-rowindex={row.index + 2}
              aria-selected={row.index === current}
              data-index={row.index}
              data-selected={row.index === current || undefined}
              data-open={onOpen ? true : undefined}
              className={classes.row}
              {...(detail ? { ref: virtual.measureElement } : {})}
              style={{ transform: `translateY(${row.start}px)` }}
              onClick={(event) => {
                // Menus and dialogs of a row stand elsewhere in the page, and are no click on the row.
                if (!event.currentTarget.contains(event.target as Node)) return;
                // Who marks text to copy it does not want the row to open.
                if (getSelection()?.toString()) return;
                onSelect(item);
                onOpen?.(item);
              }}
            >
              <div className={classes.cells} role="presentation" style={{ height: rowHeight }}>
                {columns.map((column) => (
                  // biome-ignore lint/a11y/useFocusableInteractive: as above
                  <div
                    key={column.key}
                    role="gridcell"
                    className={classes.cell}
                    data-end={column.end || undefined}
                  >
                    {column.cell(item)}
                  </div>
                ))}
              </div>
              {under && (
                // biome-ignore lint/a11y/useFocusableInteractive: as above
                <div role="gridcell" aria-colspan={columns.length} className={classes.detail}>
                  {under}
                </div>
              )}
            </div>
          );
        })}
      </div>
      {foot}
    </div>
  );
}

function Heading<Item>({ column: { header, end, hideHeader, sort } }: { column: TableColumn<Item> }) {
  const Arrow = sort?.direction === "ascending" ? IconChevronUp : IconChevronDown;
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: only what sorts is a button
    <div
      role="columnheader"
      className={classes.heading}
      data-end={end || undefined}
      aria-sort={sort ? (sort.direction ?? "none") : undefined}
    >
      {sort ? (
        <button type="button" className={classes.sort} onClick={sort.toggle}>
          {header}
          {sort.direction && <Arrow size={14} aria-hidden />}
        </button>
      ) : hideHeader ? (
        <VisuallyHidden>{header}</VisuallyHidden>
      ) : (
        header
      )}
    </div>
  );
}
