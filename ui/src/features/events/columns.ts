/** The list's columns, and which of them there is room for. */
import { hasDayPeriods } from "../../shared/format/times";

export interface Column {
  id: string;
  label: string;
  /** A track of the grid. */
  track: string;
  /** Shown only where the list is at least so wide, in pixels. */
  from: number;
  /** Cannot be hidden. */
  always?: boolean;
  numeric?: boolean;
}

export const COLUMNS: readonly Column[] = [
  { id: "time", label: "Time", track: hasDayPeriods ? "142px" : "118px", from: 0, always: true },
  { id: "type", label: "Type", track: "minmax(120px, 1.3fr)", from: 0, always: true },
  { id: "object", label: "Object", track: "minmax(100px, 1fr)", from: 560 },
  { id: "job", label: "Job", track: "minmax(90px, 0.9fr)", from: 680 },
  { id: "status", label: "Status", track: "108px", from: 0 },
  { id: "attempts", label: "Attempts", track: "72px", from: 780, numeric: true },
  { id: "size", label: "Size", track: "72px", from: 860, numeric: true },
];

/** The columns that are shown: not hidden by choice, and with room. */
export const visibleColumns = (width: number, hidden: readonly string[]): Column[] =>
  COLUMNS.filter((column) => width >= column.from && (column.always || !hidden.includes(column.id)));

/** The grid's tracks, the box for selecting in front. */
export const tracksOf = (columns: readonly Column[]): string =>
  ["32px", ...columns.map((column) => column.track)].join(" ");
