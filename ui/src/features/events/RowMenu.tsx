/** The menu of a row: everything that the keys do, for the mouse, and filters by what was pointed at. */
import { Kbd, Menu } from "@mantine/core";
import type { ReactElement } from "react";
import type { Event } from "../../api/schema";
import { copy } from "../../shared/state/copy";
import classes from "./EventList.module.css";
import type { SearchPatch } from "./filters/FilterBar";
import type { KeyCommand } from "./keyboard";

interface RowMenuProps {
  /** The event that was pointed at; the menu stays closed without one. */
  event: Event | undefined;
  selectedCount: number;
  onFilter: (patch: SearchPatch) => void;
  /** The same as the key would do at this row. */
  onCommand: (command: KeyCommand) => void;
  children: ReactElement;
}

export function RowMenu({ event, selectedCount, onFilter, onCommand, children }: RowMenuProps) {
  const item = (command: KeyCommand, label: string, key: string, disabled = false) => (
    <Menu.Item
      onClick={() => onCommand(command)}
      rightSection={<Kbd size="xs">{key}</Kbd>}
      disabled={disabled}
    >
      {label}
    </Menu.Item>
  );
  const many = selectedCount > 1 ? ` ${selectedCount} selected` : "";
  return (
    <Menu width={260} withinPortal={false} withInitialFocusPlaceholder={false}>
      <Menu.ContextMenu>
        <div className={classes.room}>{children}</div>
      </Menu.ContextMenu>
      {event && (
        <Menu.Dropdown>
          {item("open", "Open", "Enter")}
          {item("openFull", "Open full page", "o")}
          {item("toggle", "Select", "x")}
          <Menu.Divider />
          {item("replay", `Replay${many}`, "r", !many && event.status === "rejected")}
          {item("retry", `Retry${many}`, "t", !many && event.status !== "failed")}
          <Menu.Divider />
          {item("copyId", "Copy the provider's event id", "c", !event.providerEventId)}
          {item("copyLink", "Copy link", "C")}
          {event.objectId && (
            <Menu.Item onClick={() => void copy(event.objectId ?? "", "object's id")}>
              Copy the object's id
            </Menu.Item>
          )}
          {event.error && (
            <Menu.Item onClick={() => void copy(event.error ?? "", "error")}>Copy the error</Menu.Item>
          )}
          <Menu.Divider />
          {event.objectId && (
            <Menu.Item onClick={() => onFilter({ object: event.objectId ?? undefined })}>
              Show only this object
            </Menu.Item>
          )}
          {event.type && (
            <Menu.Item onClick={() => onFilter({ type: [event.type] })}>Show only {event.type}</Menu.Item>
          )}
          <Menu.Item onClick={() => onFilter({ job: event.jobId })}>Show only this job</Menu.Item>
        </Menu.Dropdown>
      )}
    </Menu>
  );
}
