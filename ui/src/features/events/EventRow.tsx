// biome-ignore-all lint/a11y/useSemanticElements: a table of the browser's lays all of its rows out
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid has the focus and names its active row
import { IconPinFilled } from "@tabler/icons-react";
import { memo } from "react";
import type { Event } from "../../api/schema";
import { eventTone, statusWord } from "../../shared/eventStatus";
import { formatBytes, formatCount } from "../../shared/format/numbers";
import { formatClock, formatDay, formatSeconds, isSameDay } from "../../shared/format/times";
import { Status } from "../../shared/ui/Status";
import type { Column } from "./columns";
import classes from "./EventList.module.css";
import { ROW_HEIGHT } from "./rowWindow";

interface RowProps {
  event: Event;
  index: number;
  columns: readonly Column[];
  jobName: string;
  /** The present day's milliseconds: times of other days are told with their day. */
  today: number;
  isCursor: boolean;
  isOpen: boolean;
  isSelected: boolean;
  isNew: boolean;
}

/** The element's id, for `aria-activedescendant`. */
export const rowId = (eventId: string): string => `event-row-${eventId}`;

/** One event. It has no handlers of its own: the list hears what happens to any of its rows. */
export const EventRow = memo(function EventRow(props: RowProps) {
  const { event, index, columns, isCursor, isOpen, isSelected, isNew } = props;
  return (
    <div
      role="row"
      id={rowId(event.id)}
      className={classes.row}
      style={{ top: index * ROW_HEIGHT }}
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      data-index={index}
      data-cursor={isCursor || undefined}
      data-open={isOpen || undefined}
      data-new={isNew || undefined}
    >
      <div role="gridcell" className={classes.box} data-column="box">
        <span className={classes.check} aria-hidden />
        <span className={classes.hidden}>{isSelected ? "selected" : ""}</span>
      </div>
      {columns.map((column) => (
        <div
          role="gridcell"
          key={column.id}
          className={classes.cell}
          data-column={column.id}
          data-numeric={column.numeric}
        >
          <Cell column={column.id} {...props} />
        </div>
      ))}
    </div>
  );
});

function Cell({ column, event, jobName, today }: RowProps & { column: string }) {
  switch (column) {
    case "time":
      return isSameDay(event.receivedAt, today) ? (
        formatClock(event.receivedAt)
      ) : (
        <>
          <span className={classes.day}>{formatDay(event.receivedAt, today)}</span>{" "}
          {formatSeconds(event.receivedAt)}
        </>
      );
    case "type":
      return (
        <>
          {event.type || <span className={classes.faint}>unreadable</span>}
          {event.duplicates > 0 && (
            <span className={classes.faint}> ×{formatCount(event.duplicates + 1)}</span>
          )}
          {event.pinned && <IconPinFilled size={12} className={classes.pin} aria-label="kept" />}
        </>
      );
    case "object":
      return event.objectId ?? <span className={classes.faint}>{event.objectType ?? "–"}</span>;
    case "job":
      return jobName;
    case "status":
      return <Status tone={eventTone(event)}>{statusWord(event)}</Status>;
    case "attempts":
      return event.attempts === 0 ? <span className={classes.faint}>–</span> : formatCount(event.attempts);
    case "size":
      return formatBytes(event.sizeBytes);
    default:
      return null;
  }
}

/** A line in the place of a row that is being read. */
export function SkeletonRow({ index, columns }: { index: number; columns: readonly Column[] }) {
  return (
    <div
      role="row"
      className={classes.row}
      style={{ top: index * ROW_HEIGHT }}
      aria-rowindex={index + 2}
      data-skeleton
    >
      <div role="gridcell" className={classes.box} />
      {columns.map((column) => (
        <div role="gridcell" key={column.id} className={classes.cell} data-column={column.id}>
          <span className={classes.bone} style={{ width: `${45 + ((index * 29 + column.from) % 45)}%` }} />
        </div>
      ))}
    </div>
  );
}
