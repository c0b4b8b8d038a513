/** The list's keys: which key asks for what, and when it is not meant for the list at all. */
import { useEffect, useRef } from "react";

export type KeyCommand =
  | "down"
  | "up"
  | "extendDown"
  | "extendUp"
  | "top"
  | "bottom"
  | "open"
  | "openFull"
  | "toggle"
  | "range"
  | "selectAll"
  | "escape"
  | "replay"
  | "retry"
  | "copyId"
  | "copyLink"
  | "pause"
  | "search"
  | "help";

const PLAIN: Record<string, KeyCommand> = {
  j: "down",
  k: "up",
  J: "extendDown",
  K: "extendUp",
  g: "top",
  G: "bottom",
  o: "openFull",
  x: "toggle",
  X: "range",
  r: "replay",
  t: "retry",
  c: "copyId",
  C: "copyLink",
  p: "pause",
  "/": "search",
  "?": "help",
  Escape: "escape",
};

/** Keys that buttons, links and scrolling regions have a use for themselves. */
const IN_LIST: Record<string, KeyCommand> = {
  ArrowDown: "down",
  ArrowUp: "up",
  Home: "top",
  End: "bottom",
  Enter: "open",
  " ": "toggle",
};

const IN_LIST_SHIFTED: Record<string, KeyCommand> = {
  ArrowDown: "extendDown",
  ArrowUp: "extendUp",
  " ": "range",
};

/** What is left of the keys while the pane has the focus: the pane has keys of its own. */
const IN_PANE = new Set<KeyCommand>(["down", "up", "escape", "search", "help", "pause"]);

/** For the dialog that lists them. */
export const KEY_HELP: readonly { keys: readonly string[]; does: string }[] = [
  { keys: ["j", "k"], does: "Next and previous event" },
  { keys: ["g", "G"], does: "Top of the list, and end of what is loaded" },
  { keys: ["Enter"], does: "Open the event beside the list; again: go into it" },
  { keys: ["o"], does: "Open the event on a page of its own" },
  { keys: ["Esc"], does: "Clear the selection, then close the event" },
  { keys: ["/"], does: "Search" },
  { keys: ["x", "Space"], does: "Select the event" },
  { keys: ["X", "Shift Space"], does: "Select from the last selected one to here" },
  { keys: ["mod A"], does: "Select all events that are loaded" },
  { keys: ["r"], does: "Replay the event or the selection" },
  { keys: ["t"], does: "Retry the failed event or the selection" },
  { keys: ["c"], does: "Copy the provider's event id" },
  { keys: ["C"], does: "Copy the link to the event" },
  { keys: ["p"], does: "Pause and resume the live list" },
  { keys: ["?"], does: "Show these keys" },
];

/** What a key asks for; `focus` is where the focus is. */
export function keyCommand(
  event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">,
  focus: "list" | "control" | "pane" | "elsewhere",
): KeyCommand | undefined {
  if (event.altKey) return undefined;
  const inList = focus === "list" || focus === "elsewhere";
  if (event.ctrlKey || event.metaKey) {
    return event.key.toLowerCase() === "a" && inList && !event.shiftKey ? "selectAll" : undefined;
  }
  const own = inList ? (event.shiftKey ? IN_LIST_SHIFTED : IN_LIST)[event.key] : undefined;
  const command = own ?? PLAIN[event.key];
  return command && focus === "pane" && !IN_PANE.has(command) ? undefined : command;
}

/** Where a key press went; undefined when it is none of the list's business: somebody types, or a dialog is open. */
export function focusOf(target: EventTarget | null): Parameters<typeof keyCommand>[1] | undefined {
  if (!(target instanceof Element) || !target.isConnected)
    return target === document ? "elsewhere" : undefined;
  const typing = target.closest(
    "input, textarea, select, [contenteditable]:not([contenteditable=false]), .cm-editor",
  );
  if (typing || target.closest(OVERLAYS)) return undefined;
  if (target.closest("[data-event-pane]")) return "pane";
  if (target.closest("button, a[href], [role=button], [role=separator], [role=tab], summary"))
    return "control";
  return target.closest("[data-event-list]") ? "list" : "elsewhere";
}

const OVERLAYS = "[role=dialog], [role=alertdialog], [role=menu], [role=listbox]";

/** Calls `run` for the keys that are meant for the list. It tells whether it did something. */
export function useEventKeys(run: (command: KeyCommand) => boolean): void {
  const latest = useRef(run);
  useEffect(() => {
    latest.current = run;
  });
  useEffect(() => {
    let overlaid = false;
    // Overlays close on Escape before the page hears of it; whether one was open is seen on the way down.
    const before = () => {
      overlaid = document.querySelector(OVERLAYS) !== null;
    };
    const pressed = (event: KeyboardEvent) => {
      if (overlaid || event.defaultPrevented || event.isComposing) return;
      const focus = focusOf(event.target);
      const command = focus && keyCommand(event, focus);
      if (command && latest.current(command)) event.preventDefault();
    };
    window.addEventListener("keydown", before, { capture: true });
    window.addEventListener("keydown", pressed);
    return () => {
      window.removeEventListener("keydown", before, { capture: true });
      window.removeEventListener("keydown", pressed);
    };
  }, []);
}
