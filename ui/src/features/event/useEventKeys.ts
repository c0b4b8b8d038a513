import { type RefObject, useEffect } from "react";
import { isDialogOpen } from "../../shared/ui/dialogs";
import type { EventAction } from "./useEventActions";

/** Whether a key belongs to what has the focus: a field that is written in. */
function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest("input, textarea, select")) return true;
  const editor = target.closest<HTMLElement>("[contenteditable=true]");
  return editor !== null && editor.getAttribute("aria-readonly") !== "true";
}

/**
 * Binds the actions' keys: within `scope` while the focus is in it, or on the whole page when `scope` is not given. A dialog
 * that is open has its keys for itself.
 */
export function useEventKeys(actions: EventAction[], scope?: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (isTyping(event.target) || isDialogOpen()) return;
      if (scope && !scope.current?.contains(event.target as Node)) return;
      const action = actions.find(({ hotkey, disabled }) => hotkey === event.key && !disabled);
      if (!action) return;
      event.preventDefault();
      event.stopPropagation();
      action.run();
    };
    document.addEventListener("keydown", press, { capture: true });
    return () => document.removeEventListener("keydown", press, { capture: true });
  }, [actions, scope]);
}
