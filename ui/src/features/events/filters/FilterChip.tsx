/** A filter in the toolbar: its name, what it is set to, and × to take it away. */
import { Popover, UnstyledButton } from "@mantine/core";
import { IconChevronDown, IconX } from "@tabler/icons-react";
import { type ReactNode, useRef, useState } from "react";
import classes from "./Filters.module.css";

interface FilterChipProps {
  /** "Status". */
  name: string;
  /** What it is set to; undefined when it is not set. */
  value: string | undefined;
  onRemove: () => void;
  /** What opens when it is pressed. */
  children: (close: () => void) => ReactNode;
  width?: number;
}

export function FilterChip({ name, value, onRemove, children, width = 260 }: FilterChipProps) {
  const [opened, setOpened] = useState(false);
  const main = useRef<HTMLButtonElement>(null);
  return (
    <Popover opened={opened} onChange={setOpened} width={width} position="bottom-start" trapFocus returnFocus>
      <span className={classes.chip} data-set={value !== undefined || undefined}>
        <Popover.Target>
          <UnstyledButton ref={main} className={classes.main} onClick={() => setOpened(!opened)}>
            {value === undefined ? (
              name
            ) : (
              <>
                <span className={classes.name}>{name}: </span>
                <span className={classes.value} title={value}>
                  {value}
                </span>
              </>
            )}
            <IconChevronDown size={12} aria-hidden />
          </UnstyledButton>
        </Popover.Target>
        {value !== undefined && (
          <UnstyledButton
            className={classes.remove}
            aria-label={`Remove the filter ${name.toLowerCase()}: ${value}`}
            onClick={() => {
              onRemove();
              // This button goes with the filter.
              main.current?.focus();
            }}
          >
            <IconX size={12} />
          </UnstyledButton>
        )}
      </span>
      <Popover.Dropdown p={8} aria-label={`Filter by ${name.toLowerCase()}`}>
        {children(() => setOpened(false))}
      </Popover.Dropdown>
    </Popover>
  );
}

/** A filter that is only shown when it is set: it is chosen at a row. */
export function SetChip({ name, value, onRemove }: { name: string; value: string; onRemove: () => void }) {
  return (
    <span className={classes.chip} data-set>
      <span className={classes.main}>
        <span className={classes.name}>{name}: </span>
        <span className={classes.value} data-id title={value}>
          {value}
        </span>
      </span>
      <UnstyledButton
        className={classes.remove}
        aria-label={`Remove the filter ${name.toLowerCase()}: ${value}`}
        onClick={onRemove}
      >
        <IconX size={12} />
      </UnstyledButton>
    </span>
  );
}
