import { ActionIcon, Button, Tooltip } from "@mantine/core";
import {
  IconChevronDown,
  IconChevronUp,
  IconDownload,
  IconLink,
  IconPencil,
  IconPlayerPlay,
  IconRefresh,
  IconTerminal2,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./Event.module.css";
import type { EventAction } from "./useEventActions";

const ICONS: Partial<Record<EventAction["id"], ReactNode>> = {
  retry: <IconRefresh size={14} />,
  replay: <IconPlayerPlay size={14} />,
  edit: <IconPencil size={14} />,
  curl: <IconTerminal2 size={16} />,
  export: <IconDownload size={16} />,
  link: <IconLink size={16} />,
  previous: <IconChevronUp size={16} />,
  next: <IconChevronDown size={16} />,
};

const hint = ({ label, hotkey, disabled }: EventAction): string =>
  disabled ?? (hotkey ? `${label} (${hotkey})` : label);

/** Looks disabled and says so. The attribute `disabled` would hide the reason from the pointer and the keyboard. */
const unavailable = ({ disabled }: EventAction) =>
  disabled ? { "data-disabled": true, "aria-disabled": true } : {};

/** What changes something has its name on it; what only copies has a picture. */
export function EventToolbar({ actions, busy }: { actions: EventAction[]; busy: string | undefined }) {
  return (
    <div className={classes.actions} role="toolbar" aria-label="Event actions">
      {actions
        .filter(({ id }) => id === "retry" || id === "replay" || id === "edit")
        .map((action) => (
          <Tooltip key={action.id} label={hint(action)} multiline maw={280}>
            <Button
              variant={action.id === "retry" ? "filled" : "default"}
              size="compact-sm"
              leftSection={ICONS[action.id]}
              {...unavailable(action)}
              loading={busy === action.id}
              onClick={() => !action.disabled && action.run()}
            >
              {action.label}
            </Button>
          </Tooltip>
        ))}
      {actions
        .filter(({ id }) => id === "curl" || id === "export" || id === "link")
        .map((action) => (
          <ActionButton key={action.id} action={action} />
        ))}
    </div>
  );
}

/** An action as a picture. */
export function ActionButton({ action }: { action: EventAction }) {
  return (
    <Tooltip label={hint(action)}>
      <ActionIcon
        aria-label={action.label}
        {...unavailable(action)}
        onClick={() => !action.disabled && action.run()}
      >
        {ICONS[action.id]}
      </ActionIcon>
    </Tooltip>
  );
}
