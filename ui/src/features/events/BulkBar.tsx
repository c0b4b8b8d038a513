/** What can be done with the selected events. */
import { Button, Text } from "@mantine/core";
import { formatCount } from "../../shared/format/numbers";
import { copy } from "../../shared/state/copy";
import { replayable, retryable } from "./again";
import classes from "./BulkBar.module.css";
import type { BulkTask } from "./BulkDialog";
import type { Selection } from "./selection";

interface BulkBarProps {
  selection: Selection;
  onTask: (task: BulkTask) => void;
  /** Selects everything that the filter shows. */
  onSelectAll: () => void;
  onClear: () => void;
}

export function BulkBar({ selection, onTask, onSelectAll, onClear }: BulkBarProps) {
  const events = [...selection.values()];
  const failed = retryable(events);
  const again = replayable(events);
  return (
    <div className={classes.bar} role="toolbar" aria-label="Selected events">
      <Text fw={600} role="status">
        {formatCount(events.length)} selected
      </Text>
      <Button
        size="compact-sm"
        fz="xs"
        variant="default"
        disabled={failed.length === 0}
        onClick={() => onTask({ kind: "retry", events: failed })}
      >
        Retry failed ({formatCount(failed.length)})
      </Button>
      <Button
        size="compact-sm"
        fz="xs"
        variant="default"
        disabled={again.length === 0}
        onClick={() => onTask({ kind: "replay", events: again })}
      >
        Replay {formatCount(again.length)}
      </Button>
      <Button
        size="compact-sm"
        fz="xs"
        variant="default"
        onClick={() => {
          // A request that could not be read has no id of the provider's; ours is better than an empty line.
          const ids = events.map((event) => event.providerEventId || event.id);
          void copy(ids.join("\n"), ids.length === 1 ? "event id" : `${formatCount(ids.length)} event ids`);
        }}
      >
        Copy ids
      </Button>
      <Button size="compact-sm" fz="xs" variant="default" onClick={() => onTask({ kind: "export", events })}>
        Export
      </Button>
      <div className={classes.spring} />
      <Button size="compact-sm" fz="xs" variant="subtle" onClick={onSelectAll}>
        Select all that match
      </Button>
      <Button size="compact-sm" fz="xs" variant="subtle" onClick={onClear}>
        Clear
      </Button>
    </div>
  );
}
