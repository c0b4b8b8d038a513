/** What the keys, the mouse and the palette do in the list. */
import { useNavigate } from "@tanstack/react-router";
import { type RefObject, useEffect, useRef } from "react";
import type { Event } from "../../api/schema";
import { eventLink } from "../../shared/eventLink";
import { copy } from "../../shared/state/copy";
import { toastError } from "../../shared/state/toasts";
import { replayable, retryable } from "./again";
import type { BulkTask } from "./BulkDialog";
import type { EventListProps, ListHandle } from "./EventList";
import type { KeyCommand } from "./keyboard";
import { type Chain, indexOfEvent, loadedRows, rowsBetween } from "./pages";
import { clearSelection, type Selected, select, selection, toggleSelected } from "./selection";
import type { Cursor } from "./useCursor";

/** The pane follows the active row when it rests: holding j must not open every event on the way. */
const FOLLOW_MS = 120;

interface Room {
  cursor: Cursor;
  chain: Chain;
  list: RefObject<ListHandle | null>;
  pane: RefObject<HTMLElement | null>;
  searchField: RefObject<HTMLInputElement | null>;
  openId: string | undefined;
  setOpen: (event: Pick<Event, "jobId" | "id"> | undefined) => void;
  setTask: (task: BulkTask) => void;
  showHelp: () => void;
  pause: () => void;
  waiting: number;
  showWaiting: () => void;
}

export function useCommands(room: Room) {
  const { cursor, chain, list, pane, searchField, openId, setOpen, setTask } = room;
  const navigate = useNavigate();
  /** Where a range begins: the row that was selected last. */
  const anchor = useRef<string>(undefined);
  const following = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(following.current), []);

  const follow = (event: Event | undefined) => {
    clearTimeout(following.current);
    if (event && openId !== undefined) following.current = setTimeout(() => setOpen(event), FOLLOW_MS);
  };

  const selectTo = (event: Event) => {
    const from = anchor.current === undefined ? -1 : indexOfEvent(chain, anchor.current);
    const to = indexOfEvent(chain, event.id);
    select(from < 0 || to < 0 ? [event] : rowsBetween(chain, from, to));
    if (from < 0) anchor.current = event.id;
  };

  const extend = (by: number) => {
    const from = cursor.event;
    if (from) select([from]);
    if (from && anchor.current === undefined) anchor.current = from.id;
    const to = cursor.move(by);
    if (to) select([to]);
    follow(to);
  };

  const apply = (kind: "replay" | "retry", event: Event | undefined) => {
    const chosen: Selected[] = selection().size > 0 ? [...selection().values()] : event ? [event] : [];
    if (chosen.length === 0) return false;
    const events = kind === "replay" ? replayable(chosen) : retryable(chosen);
    if (events.length > 0) setTask({ kind, events });
    else if (kind === "replay") {
      toastError(
        "Nothing to replay",
        new Error("Rejected requests are never applied, and pending events will be applied anyway."),
      );
    } else {
      toastError(
        "Nothing to retry",
        new Error("Only failed events are retried. Replay applies any event again."),
      );
    }
    return true;
  };

  const runAt = (command: KeyCommand, event: Event | undefined): boolean => {
    switch (command) {
      case "down":
      case "up":
        // Screen readers are told of the active row where the focus is.
        if (document.activeElement === document.body) list.current?.focus();
        follow(cursor.move(command === "down" ? 1 : -1));
        return true;
      case "extendDown":
      case "extendUp":
        extend(command === "extendDown" ? 1 : -1);
        return true;
      case "top":
        if (room.waiting > 0) room.showWaiting();
        follow(cursor.moveTo(0));
        return true;
      case "bottom":
        follow(cursor.moveTo(chain.total - 1));
        return true;
      case "open":
        if (!event) {
          if (room.waiting === 0) return false;
          room.showWaiting();
        } else if (event.id === openId) pane.current?.focus();
        else setOpen(event);
        return true;
      case "openFull":
        if (!event) return false;
        void navigate({
          to: "/events/$jobId/$eventId",
          params: { jobId: event.jobId, eventId: event.id },
        });
        return true;
      case "toggle":
        if (!event) return false;
        toggleSelected(event);
        anchor.current = event.id;
        return true;
      case "range":
        if (!event) return false;
        selectTo(event);
        return true;
      case "selectAll":
        select(loadedRows(chain));
        return true;
      case "escape":
        if (selection().size > 0) clearSelection();
        else if (openId !== undefined) {
          clearTimeout(following.current);
          setOpen(undefined);
          list.current?.focus();
        } else return false;
        return true;
      case "replay":
      case "retry":
        return apply(command, event);
      case "copyId":
        if (!event?.providerEventId) return false;
        void copy(event.providerEventId, "event id");
        return true;
      case "copyLink":
        if (!event) return false;
        void copy(eventLink(event.jobId, event.id), "link");
        return true;
      case "pause":
        room.pause();
        return true;
      case "search":
        searchField.current?.focus();
        searchField.current?.select();
        return true;
      case "help":
        room.showHelp();
        return true;
    }
  };

  const click: EventListProps["onRowClick"] = (event, { box, range, toggle }) => {
    cursor.set(event);
    if (range) selectTo(event);
    else if (box || toggle) {
      toggleSelected(event);
      anchor.current = event.id;
    } else {
      clearTimeout(following.current);
      setOpen(event);
    }
  };

  return {
    runAt,
    run: (command: KeyCommand) => runAt(command, cursor.event),
    click,
  };
}
