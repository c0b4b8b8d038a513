/** The list with the open event at its right: a line between them that can be dragged or moved with arrow keys. */
import {
  type KeyboardEvent,
  type PointerEvent,
  type ReactNode,
  type Ref,
  useEffect,
  useRef,
  useState,
} from "react";
import { setPreference, usePreference } from "../../shared/state/preferences";
import classes from "./PaneSplit.module.css";

const LEAST_PANE = 340;
/** Time, type and status. */
const LEAST_LIST = 392;
const STEP = 24;

/** The pane's width that is possible in a room: both sides keep their least width, the list first. */
export function paneWidth(wanted: number, room: number): number {
  return Math.round(Math.max(LEAST_PANE, Math.min(wanted, room - LEAST_LIST)));
}

interface PaneSplitProps {
  listRef: Ref<HTMLDivElement>;
  paneRef: Ref<HTMLDivElement>;
  list: ReactNode;
  /** Null when no event is open. */
  pane: ReactNode | null;
}

export function PaneSplit({ listRef, paneRef, list, pane }: PaneSplitProps) {
  const room = useRef<HTMLDivElement>(null);
  const [roomWidth, setRoomWidth] = useState(1000);
  const kept = usePreference("eventPaneWidth");
  const [dragged, setDragged] = useState<number>();
  useEffect(() => {
    const element = room.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setRoomWidth(element.clientWidth || 1000));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const width = paneWidth(dragged ?? kept, roomWidth);
  const overlaps = roomWidth < LEAST_PANE + LEAST_LIST;
  const most = Math.max(LEAST_PANE, roomWidth - LEAST_LIST);

  const drag = (event: PointerEvent<HTMLDivElement>) => {
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
    const right = room.current?.getBoundingClientRect().right ?? 0;
    setDragged(right - event.clientX);
  };
  const drop = () => {
    if (dragged === undefined) return;
    setPreference("eventPaneWidth", width);
    setDragged(undefined);
  };
  const move = (event: KeyboardEvent) => {
    const next = {
      ArrowLeft: width + STEP,
      ArrowRight: width - STEP,
      Home: most,
      End: LEAST_PANE,
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    setPreference("eventPaneWidth", paneWidth(next, roomWidth));
  };

  return (
    <div ref={room} className={classes.room} data-dragging={dragged !== undefined || undefined}>
      <div ref={listRef} tabIndex={-1} className={classes.list}>
        {list}
      </div>
      {pane && (
        <>
          {/* biome-ignore lint/a11y/useSemanticElements: a line that can be moved is no <hr> */}
          <div
            role="separator"
            tabIndex={0}
            className={classes.line}
            aria-label="Width of the event"
            aria-orientation="vertical"
            aria-valuenow={width}
            aria-valuemin={LEAST_PANE}
            aria-valuemax={most}
            hidden={overlaps}
            onPointerDown={(event) => {
              event.preventDefault();
              event.currentTarget.setPointerCapture(event.pointerId);
            }}
            onPointerMove={drag}
            onPointerUp={drop}
            onPointerCancel={drop}
            onKeyDown={move}
          />
          <div
            ref={paneRef}
            tabIndex={-1}
            className={classes.pane}
            data-event-pane
            data-over={overlaps || undefined}
            style={overlaps ? undefined : { width }}
          >
            {pane}
          </div>
        </>
      )}
    </div>
  );
}
