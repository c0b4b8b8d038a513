import { useMemo } from "react";
import { type Action, useActions } from "../../shared/state/actions";
import type { EventAction } from "./useEventActions";

/** Offers the event's actions in the command palette. */
export function useEventPalette(actions: EventAction[]): void {
  useActions(
    useMemo(
      () =>
        actions
          .filter(({ disabled }) => !disabled)
          .map(
            ({ id, label, hotkey, run }): Action => ({
              id: `event.${id}`,
              label: id === "previous" || id === "next" || id === "link" ? label : `${label} this event`,
              group: "Event",
              ...(hotkey ? { hotkey } : {}),
              run,
            }),
          ),
      [actions],
    ),
  );
}
