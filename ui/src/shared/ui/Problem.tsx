import { Text } from "@mantine/core";
import classes from "./Problem.module.css";
import { Status } from "./Status";

/** What went wrong and what to do, where it happened. */
export function Problem({
  title,
  message,
  hint,
}: {
  title: string;
  message: string;
  hint?: string | undefined;
}) {
  return (
    <div className={classes.problem} role="alert">
      <Status tone="bad">{title}</Status>
      <Text size="sm">{message}</Text>
      {hint && (
        <Text size="sm" c="dimmed">
          {hint}
        </Text>
      )}
    </div>
  );
}
