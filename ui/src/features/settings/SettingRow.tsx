import { Text } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./Settings.module.css";

interface SettingRowProps {
  label: ReactNode;
  description?: ReactNode;
  /** The control or the fact; beside the label, or below it when `stacked`. */
  children?: ReactNode;
  stacked?: boolean;
}

/** One line of a section: what it is on the left, the control or the fact on the right. */
export function SettingRow({ label, description, children, stacked = false }: SettingRowProps) {
  return (
    <div className={classes.row} data-stacked={stacked || undefined}>
      <div className={classes.label}>
        <Text size="sm" component="div">
          {label}
        </Text>
        {description && (
          <Text size="xs" c="dimmed" component="div">
            {description}
          </Text>
        )}
      </div>
      {children && <div className={stacked ? undefined : classes.control}>{children}</div>}
    </div>
  );
}

/** A section's lines in one frame. */
export function SettingRows({ children }: { children: ReactNode }) {
  return <div className={classes.rows}>{children}</div>;
}
