// biome-ignore-all lint/a11y/useSemanticElements: a table of the browser's lays all of its rows out
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid has the focus and names its active row
/**
 * The list: a grid whose rows are drawn only where they can be seen. It holds the focus; the active row is named, not
 * focused, so that live updates never take the focus away.
 */
import { UnstyledButton } from "@mantine/core";
import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import {
  type CSSProperties,
  type MouseEvent,
  type ReactNode,
  type Ref,
  useCallback,
  useImperativeHandle,
  useLayoutEffect,
  useMemo,
  useRef,
} from "react";
import type { Event } from "../../api/schema";
import { formatCount } from "../../shared/format/numbers";
import { useNow } from "../../shared/state/now";
import { tracksOf, visibleColumns } from "./columns";
import classes from "./EventList.module.css";
import { EventRow, rowId, SkeletonRow } from "./EventRow";
import type { FeedState } from "./feed";
import { type Chain, indexOfEvent, rowAt } from "./pages";
import { ROW_HEIGHT, useRowWindow } from "./rowWindow";
import type { Selection } from "./selection";
import { cellTitle } from "./titles";

/** Grey rows at the end while more is read. */
const SKELETONS = 12;
const HEADER = ROW_HEIGHT;

export interface ListHandle {
  /** Scrolls as little as needed for a row to be seen. */
  reveal: (index: number) => void;
  toTop: () => void;
  focus: () => void;
  /** The first and last row that can be seen. */
  view: () => { first: number; last: number };
}

export interface EventListProps {
  ref: Ref<ListHandle>;
  state: FeedState;
  outdated: boolean;
  limit: number;
  /** Which list it is: another one begins at its top. */
  listKey: string;
  /** The row at the top when the list appears. */
  initialRow: number;
  hiddenColumns: readonly string[];
  cursorId: string | undefined;
  openId: string | undefined;
  selection: Selection;
  jobName: (jobId: string) => string;
  /** Rows on the screen changed; `atTop` when the first one can be seen whole. */
  onView: (first: number, last: number, atTop: boolean) => void;
  onRowClick: (event: Event, how: { box: boolean; range: boolean; toggle: boolean }) => void;
  onContext: (event: Event) => void;
  onSort: () => void;
  /** What lies over the list: the pill with new events. */
  children?: ReactNode;
}

export function EventList(props: EventListProps) {
  const { state, outdated, limit, hiddenColumns, cursorId, openId, selection, jobName, onView } = props;
  const { chain, arrived } = state;
  const scroller = useRef<HTMLDivElement>(null);
  const isLoading = chain.next === undefined;
  const more = isLoading || (chain.next !== null && chain.total < limit);
  const count = chain.total + (more ? SKELETONS : 0);
  const { window, width, view } = useRowWindow(scroller, count, HEADER, onView);
  useSteadyRows(scroller, chain, view);
  const begun = useRef({ key: props.listKey, row: props.initialRow });
  useLayoutEffect(() => {
    if (scroller.current) scroller.current.scrollTop = begun.current.row * ROW_HEIGHT;
  }, []);
  useLayoutEffect(() => {
    if (begun.current.key !== props.listKey) scroller.current?.scrollTo({ top: 0 });
    begun.current.key = props.listKey;
  }, [props.listKey]);

  const columns = useMemo(() => visibleColumns(width, hiddenColumns), [width, hiddenColumns]);
  const today = startOfDay(useNow());

  useImperativeHandle(props.ref, () => ({
    reveal(index) {
      const element = scroller.current;
      if (!element) return;
      const top = index * ROW_HEIGHT;
      const height = element.clientHeight - HEADER;
      if (top < element.scrollTop) element.scrollTop = top;
      else if (top + ROW_HEIGHT > element.scrollTop + height) element.scrollTop = top + ROW_HEIGHT - height;
    },
    toTop: () => scroller.current?.scrollTo({ top: 0 }),
    focus: () => scroller.current?.focus({ preventScroll: true }),
    view,
  }));

  const eventOf = (target: EventTarget): { event: Event; column: string | undefined } | undefined => {
    const element = target as Element;
    const index = element.closest<HTMLElement>("[data-index]")?.dataset.index;
    const event = index === undefined ? undefined : rowAt(chain, Number(index));
    const column = element.closest<HTMLElement>("[data-column]")?.dataset.column;
    return event && { event, column };
  };

  const click = (mouse: MouseEvent) => {
    const hit = eventOf(mouse.target);
    // Who marks text to copy it does not want a pane to open.
    if (!hit || (getSelection()?.toString() && !mouse.shiftKey)) return;
    if (mouse.shiftKey) getSelection()?.removeAllRanges();
    props.onRowClick(hit.event, {
      box: hit.column === "box",
      range: mouse.shiftKey,
      toggle: mouse.metaKey || mouse.ctrlKey,
    });
  };

  // One handler gives a cell its tooltip when it is pointed at: thousands of ready-made ones would cost every scroll.
  const pointAt = (mouse: MouseEvent) => {
    const cell = (mouse.target as Element).closest<HTMLElement>("[data-column]");
    const hit = cell && eventOf(cell);
    if (cell && hit) cell.title = cellTitle(hit.event, hit.column, jobName);
  };

  const rows: ReactNode[] = [];
  for (let index = window.start; index < window.end; index += 1) {
    const event = index < chain.total ? rowAt(chain, index) : undefined;
    rows.push(
      event ? (
        <EventRow
          key={event.id}
          event={event}
          index={index}
          columns={columns}
          jobName={jobName(event.jobId)}
          today={today}
          isCursor={event.id === cursorId}
          isOpen={event.id === openId}
          isSelected={selection.has(event.id)}
          isNew={arrived.has(event.id)}
        />
      ) : (
        <SkeletonRow key={`skeleton-${index}`} index={index} columns={columns} />
      ),
    );
  }

  const cursorIndex = cursorId === undefined ? -1 : indexOfEvent(chain, cursorId);
  const isCursorDrawn = cursorIndex >= window.start && cursorIndex < window.end;
  return (
    <div className={classes.room}>
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the page hears the keys */}
      {/* biome-ignore lint/a11y/useKeyWithMouseEvents: what a tooltip says stands in the pane, too */}
      <div
        ref={scroller}
        className={classes.scroller}
        style={{ "--tracks": tracksOf(columns) } as CSSProperties}
        role="grid"
        tabIndex={0}
        aria-label="Events"
        aria-multiselectable
        aria-readonly
        aria-busy={isLoading || outdated}
        aria-rowcount={more ? -1 : chain.total + 1}
        aria-colcount={columns.length + 1}
        aria-activedescendant={isCursorDrawn && cursorId ? rowId(cursorId) : undefined}
        data-event-list
        data-outdated={outdated || undefined}
        data-selecting={selection.size > 0 || undefined}
        onClick={click}
        onMouseOver={pointAt}
        onContextMenu={(mouse) => {
          // The menu key asks for the menu of the active row: the list itself has the focus.
          const byKey = mouse.button !== 2 && isCursorDrawn;
          const event = eventOf(mouse.target)?.event ?? (byKey ? rowAt(chain, cursorIndex) : undefined);
          if (event) props.onContext(event);
          // Beside the rows the browser's own menu is of more use.
          else mouse.stopPropagation();
        }}
      >
        <div role="row" aria-rowindex={1} className={classes.header}>
          <div role="columnheader">
            <span className={classes.hidden}>Selected</span>
          </div>
          {columns.map((column) =>
            column.id === "time" ? (
              <div
                role="columnheader"
                key={column.id}
                className={classes.head}
                aria-sort={chain.order === "asc" ? "ascending" : "descending"}
              >
                <UnstyledButton
                  className={classes.sort}
                  onClick={props.onSort}
                  title={chain.order === "asc" ? "Show newest first" : "Show oldest first"}
                >
                  Time
                  {chain.order === "asc" ? <IconArrowUp size={12} /> : <IconArrowDown size={12} />}
                </UnstyledButton>
              </div>
            ) : (
              <div role="columnheader" key={column.id} className={classes.head} data-numeric={column.numeric}>
                {column.label}
              </div>
            ),
          )}
        </div>
        <div role="rowgroup" className={classes.rows} style={{ height: count * ROW_HEIGHT }}>
          {rows}
        </div>
        {!more && (
          <div role="presentation" className={classes.end}>
            {endWords(chain, limit)}
          </div>
        )}
      </div>
      {props.children}
    </div>
  );
}

/** What stands below the last row. */
export function endWords(chain: Chain, limit: number): string {
  if (chain.total >= limit && chain.next !== null) {
    return `The list ends here, after ${formatCount(chain.total)} events. Narrow the filter to see others.`;
  }
  return chain.total === 1 ? "One event" : `All ${formatCount(chain.total)} events`;
}

/** Keeps the first row on the screen where it is when rows come or go above it. */
function useSteadyRows(
  scroller: { current: HTMLDivElement | null },
  chain: Chain,
  view: () => { first: number; last: number },
): void {
  const before = useRef<Chain>(undefined);
  const seen = useRef<{ ids: { id: string; index: number }[] }>({ ids: [] });
  const remember = useCallback(
    (of: Chain) => {
      const { first, last } = view();
      const ids: { id: string; index: number }[] = [];
      for (let index = first; index <= last; index += 1) {
        const row = rowAt(of, index);
        if (row) ids.push({ id: row.id, index });
      }
      seen.current = { ids };
    },
    [view],
  );
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const onScroll = () => remember(chain);
    element.addEventListener("scroll", onScroll, { passive: true });
    return () => element.removeEventListener("scroll", onScroll);
  }, [scroller, remember, chain]);
  useLayoutEffect(() => {
    const element = scroller.current;
    const isSameList = before.current?.order === chain.order;
    if (element && isSameList && before.current !== chain && element.scrollTop >= ROW_HEIGHT / 2) {
      for (const { id, index } of seen.current.ids) {
        const now = indexOfEvent(chain, id);
        if (now < 0) continue;
        if (now !== index) element.scrollTop += (now - index) * ROW_HEIGHT;
        break;
      }
    }
    before.current = chain;
    remember(chain);
  }, [scroller, chain, remember]);
}

const startOfDay = (now: number): number => new Date(now).setHours(0, 0, 0, 0);
