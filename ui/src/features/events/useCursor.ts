/** The active row: which one it is, and how it moves. It is known by its event, so that it stays on it when rows come in. */
import { type RefObject, useCallback, useEffect, useRef, useState } from "react";
import type { Event } from "../../api/schema";
import type { ListHandle } from "./EventList";
import { type Chain, indexOfEvent, rowAt } from "./pages";

export interface Cursor {
  id: string | undefined;
  event: Event | undefined;
  set: (event: Event | undefined) => void;
  /** Moves by rows; gives the event that is active then, if it is loaded. */
  move: (by: number) => Event | undefined;
  /** Moves to a row; one that is not loaded yet becomes active when it is. */
  moveTo: (index: number) => Event | undefined;
}

export function useCursor(chain: Chain, list: RefObject<ListHandle | null>, openId?: string): Cursor {
  const [id, setId] = useState(openId);
  const latest = useRef(chain);
  const pending = useRef<number>(undefined);
  latest.current = chain;
  const currentId = useRef(id);
  currentId.current = id;

  // The pane, back and forward lead to other events, too.
  useEffect(() => {
    if (openId !== undefined) setId(openId);
  }, [openId]);

  const set = useCallback((event: Event | undefined) => {
    pending.current = undefined;
    currentId.current = event?.id;
    setId(event?.id);
  }, []);
  const moveTo = useCallback(
    (index: number) => {
      const within = Math.max(0, Math.min(index, latest.current.total - 1));
      const event = rowAt(latest.current, within);
      if (event) set(event);
      else pending.current = within;
      list.current?.reveal(within);
      return event;
    },
    [list, set],
  );
  const move = useCallback(
    (by: number) => {
      const at =
        pending.current ??
        (currentId.current === undefined ? -1 : indexOfEvent(latest.current, currentId.current));
      // Nothing is active, or what was is far away: begin with what can be seen.
      return moveTo(at < 0 ? (list.current?.view().first ?? 0) : at + by);
    },
    [list, moveTo],
  );
  useEffect(() => {
    if (pending.current === undefined) return;
    const event = rowAt(chain, pending.current);
    if (event) set(event);
  }, [chain, set]);

  const index = id === undefined ? -1 : indexOfEvent(chain, id);
  return { id, event: index < 0 ? undefined : rowAt(chain, index), set, move, moveTo };
}
