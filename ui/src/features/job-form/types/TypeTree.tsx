/**
 * The known types as a tree with boxes. One stop for the Tab key; arrows move, Space presses the box, Enter opens a group.
 *
 * Groups are closed at first, so that hundreds of types are a few dozen rows; a row is plain elements only.
 */
import { IconCheck, IconChevronRight, IconMinus } from "@tabler/icons-react";
import { type KeyboardEvent, type MouseEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import { formatCount } from "../../../shared/format/numbers";
import {
  type BoxState,
  chosenBy,
  groupState,
  isGroupLocked,
  isLocked,
  type TypeGroup,
  toggleGroup,
  toggleType,
} from "./groups";
import classes from "./TypeTree.module.css";

interface TypeTreeProps {
  /** What is to be shown: all groups, or what a search left of them. */
  shown: TypeGroup[];
  /** The whole groups, by key: pressing a box means all of a group, also while a search shows a part. */
  groups: Map<string, TypeGroup>;
  patterns: string[];
  onChange: (patterns: string[]) => void;
  /** Every group is open, as while searching. */
  allOpen: boolean;
}

type Row =
  | { kind: "group"; group: TypeGroup; open: boolean }
  | { kind: "type"; group: TypeGroup; type: string; level: 1 | 2 };

const STATES = { all: "true", some: "mixed", none: "false" } as const;

export function TypeTree({ shown, groups, patterns, onChange, allOpen }: TypeTreeProps) {
  const id = useId();
  const tree = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const [active, setActive] = useState(0);
  const rows = useMemo(() => rowsOf(shown, (key) => allOpen || open.has(key)), [shown, open, allOpen]);
  const at = Math.min(active, rows.length - 1);

  useEffect(() => {
    if (document.activeElement === tree.current) {
      document.getElementById(`${id}-${at}`)?.scrollIntoView({ block: "nearest" });
    }
  }, [id, at]);

  const setGroupOpen = (key: string, value: boolean) => {
    const next = new Set(open);
    if (value) next.add(key);
    else next.delete(key);
    setOpen(next);
  };
  const press = (row: Row) => {
    const whole = groups.get(row.group.key) ?? row.group;
    onChange(row.kind === "group" ? toggleGroup(patterns, whole) : toggleType(patterns, whole, row.type));
  };
  const enter = (row: Row) => {
    if (row.kind === "group" && !allOpen) setGroupOpen(row.group.key, !row.open);
    else press(row);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const row = rows[at];
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    const move = (to: number) => setActive(Math.max(0, Math.min(rows.length - 1, to)));
    switch (event.key) {
      case "ArrowDown":
        move(at + 1);
        break;
      case "ArrowUp":
        move(at - 1);
        break;
      case "Home":
        move(0);
        break;
      case "End":
        move(rows.length - 1);
        break;
      case "PageDown":
        move(at + 10);
        break;
      case "PageUp":
        move(at - 10);
        break;
      case "ArrowRight":
        if (row.kind !== "group") return;
        if (row.open) move(at + 1);
        else setGroupOpen(row.group.key, true);
        break;
      case "ArrowLeft":
        if (row.kind === "group" && row.open && !allOpen) setGroupOpen(row.group.key, false);
        else if (row.kind === "type" && row.level === 2) {
          move(rows.findIndex((each) => each.kind === "group" && each.group.key === row.group.key));
        } else return;
        break;
      case " ":
        press(row);
        break;
      case "Enter":
        enter(row);
        break;
      default:
        return;
    }
    event.preventDefault();
  };

  const onClick = (event: MouseEvent) => {
    const target = event.target as Element;
    const place = Number(target.closest("[data-row]")?.getAttribute("data-row") ?? -1);
    const row = rows[place];
    if (!row) return;
    setActive(place);
    if (target.closest("[data-box]") || row.kind === "type") press(row);
    else enter(row);
  };

  return (
    <div
      ref={tree}
      role="tree"
      aria-label="Known event types"
      aria-multiselectable
      aria-activedescendant={rows.length > 0 ? `${id}-${at}` : undefined}
      tabIndex={0}
      className={classes.tree}
      onKeyDown={onKeyDown}
      onClick={onClick}
    >
      {rows.map((row, index) => (
        <TreeRow
          key={row.kind === "group" ? `group ${row.group.key}` : row.type}
          id={`${id}-${index}`}
          index={index}
          row={row}
          active={index === at}
          patterns={patterns}
          whole={groups.get(row.group.key) ?? row.group}
        />
      ))}
    </div>
  );
}

function rowsOf(shown: TypeGroup[], isOpen: (key: string) => boolean): Row[] {
  return shown.flatMap((group): Row[] => {
    if (group.wildcard === null) {
      return group.types.map((type) => ({ kind: "type", group, type, level: 1 }));
    }
    const open = isOpen(group.key);
    const types = open ? group.types.map((type): Row => ({ kind: "type", group, type, level: 2 })) : [];
    return [{ kind: "group", group, open }, ...types];
  });
}

interface TreeRowProps {
  id: string;
  index: number;
  row: Row;
  active: boolean;
  patterns: string[];
  whole: TypeGroup;
}

function TreeRow({ id, index, row, active, patterns, whole }: TreeRowProps) {
  const isGroup = row.kind === "group";
  const by = isGroup ? null : chosenBy(patterns, row.type);
  const state: BoxState = isGroup ? groupState(patterns, whole.types) : by === null ? "none" : "all";
  const locked = isGroup ? isGroupLocked(patterns, whole) : isLocked(patterns, whole, row.type);
  const level = isGroup ? 1 : row.level;
  const chosen = isGroup ? whole.types.filter((type) => chosenBy(patterns, type) !== null).length : 0;
  const note = isGroup
    ? `${formatCount(chosen)} of ${formatCount(whole.types.length)}`
    : by !== null && by !== row.type
      ? `by ${by}`
      : "";
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the tree has the focus and names its active row
    <div
      id={id}
      role="treeitem"
      aria-level={level}
      aria-checked={STATES[state]}
      aria-disabled={locked}
      aria-expanded={isGroup ? row.open : undefined}
      data-row={index}
      data-level={level}
      data-active={active || undefined}
      className={classes.row}
    >
      <span className={classes.chevron} data-open={(isGroup && row.open) || undefined}>
        {isGroup && <IconChevronRight size={14} aria-hidden />}
      </span>
      <span className={classes.box} data-box data-state={state}>
        {state === "all" && <IconCheck size={12} stroke={3} aria-hidden />}
        {state === "some" && <IconMinus size={12} stroke={3} aria-hidden />}
      </span>
      <span>{isGroup ? whole.wildcard : row.type}</span>
      <span className={classes.note}>{note}</span>
    </div>
  );
}
