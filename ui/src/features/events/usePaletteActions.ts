/** What the page offers in the command palette. */
import { useEffect, useMemo, useRef } from "react";
import { plural } from "../../shared/format/numbers";
import { type Action, useActions } from "../../shared/state/actions";
import { setPreference, usePreference } from "../../shared/state/preferences";
import { replayable, retryable } from "./again";
import { COLUMNS } from "./columns";
import type { KeyCommand } from "./keyboard";
import { toggled } from "./search";
import { clearSelection, type Selection } from "./selection";

interface Offered {
  paused: boolean;
  selection: Selection;
  filtered: boolean;
  run: (command: KeyCommand) => boolean;
  clear: () => void;
  showFailed: () => void;
  exportSelected: () => void;
  selectMatching: () => void;
}

export function usePaletteActions(offered: Offered): void {
  const { paused, selection, filtered } = offered;
  const hidden = usePreference("hiddenEventColumns");
  const selected = selection.size;
  // The list of actions changes with what it says, not with every row that comes in.
  const latest = useRef(offered);
  useEffect(() => {
    latest.current = offered;
  });
  const [again, failed] = useMemo(() => {
    const events = [...selection.values()];
    return [replayable(events).length, retryable(events).length];
  }, [selection]);
  const actions = useMemo<Action[]>(() => {
    const key = (command: KeyCommand) => () => void latest.current.run(command);
    const action = (id: string, label: string, hotkey: string | undefined, run: () => void): Action => ({
      id: `events.${id}`,
      label,
      group: "Events",
      ...(hotkey ? { hotkey } : {}),
      run,
    });
    return [
      action("search", "Search events", "/", key("search")),
      action("pause", paused ? "Resume the live list" : "Pause the live list", "P", key("pause")),
      action("failed", "Show failed events", undefined, () => latest.current.showFailed()),
      ...(filtered ? [action("clear", "Clear filters", undefined, () => latest.current.clear())] : []),
      ...(again > 0
        ? [action("replay", `Replay ${plural(again, "selected event")}`, "R", key("replay"))]
        : []),
      ...(failed > 0
        ? [action("retry", `Retry ${plural(failed, "selected failed event")}`, "T", key("retry"))]
        : []),
      ...(selected > 0
        ? [
            action("export", `Export ${plural(selected, "selected event")}`, undefined, () =>
              latest.current.exportSelected(),
            ),
            action("deselect", "Clear the selection", undefined, clearSelection),
          ]
        : []),
      action("selectMatching", "Select all events that match", undefined, () =>
        latest.current.selectMatching(),
      ),
      action("keys", "Show the keys of the list", "?", key("help")),
      ...COLUMNS.filter(({ always }) => !always).map(({ id, label }) =>
        action(
          `column.${id}`,
          `${hidden.includes(id) ? "Show" : "Hide"} the column ${label}`,
          undefined,
          () => setPreference("hiddenEventColumns", toggled(hidden, id) ?? []),
        ),
      ),
    ];
  }, [paused, filtered, again, failed, selected, hidden]);
  useActions(actions);
}
